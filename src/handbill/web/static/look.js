// Looks whether the state of this page has changed, and opens it again when it has. Until then
// nothing on the page moves, so that whoever reads it, or has it read aloud, is left in peace.
const state = document.querySelector("[data-look]");

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      compare(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // No network just now; the next look may have it.
    }
  }
  setTimeout(look, 2000);
}

function compare(fresh) {
  const now = fresh.querySelector(".sheet");
  // Not the state alone: a button to go on with may have come.
  if (now && ["state", "look"].some((name) => now.dataset[name] !== state.dataset[name])) location.reload();
  const [old, text] = [document, fresh].map((page) => page.querySelector(".next"));
  if (old && text) old.textContent = text.textContent;
}

setTimeout(look, 500); // who comes back from the acquirer has mostly paid by now
