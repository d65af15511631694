// Opens this page again when it is no longer true. Until then nothing on it moves, so that whoever
// reads it, or has it read aloud, is left in peace. It is told by the server where there is a
// stream of events, and looks every two seconds where there is none, or while it is cut off.
const page = document.querySelector("[data-look]");
let told = false;

function compare(now) {
  // Not the state alone: a button to go on with may have come.
  if (["state", "look"].some((name) => now[name] !== page.dataset[name])) location.reload();
}

function listen(address) {
  const news = new EventSource(address);
  news.addEventListener("state", ({ data }) => {
    told = true;
    compare(JSON.parse(data));
  });
  news.onerror = () => (told = false); // the browser tries again by itself, if it may
}

async function look() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const sheet = fresh.querySelector(".sheet");
    if (sheet) compare(sheet.dataset);
    const [old, text] = [document, fresh].map((one) => one.querySelector(".next"));
    if (old && text) old.textContent = text.textContent;
  } catch {
    // No network just now; the next look may have it.
  }
}

async function goOn() {
  if (!told && !document.hidden) await look();
  setTimeout(goOn, 2000);
}

// The one thing that moves: how long a code still works.
function count(clock) {
  const end = performance.now() + 1000 * clock.dataset.left;
  const tick = setInterval(() => {
    const left = Math.max(0, Math.round((end - performance.now()) / 1000));
    clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (left > 0) return;
    clearInterval(tick);
    look(); // the code is over
  }, 1000);
}

document.querySelectorAll("[data-left]").forEach(count);
if (page.dataset.events) listen(page.dataset.events);
// A stream may have died unheard while the payer was in another app.
document.addEventListener("visibilitychange", () => document.hidden || look());
setTimeout(goOn, 500); // who comes back from the acquirer has mostly paid by now
