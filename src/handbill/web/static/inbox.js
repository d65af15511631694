// Looks for new webhooks every second and puts them on top, without closing what is open.
const list = document.getElementById("received");

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { cache: "no-store" });
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
    } catch {
      // The server is away; the next look may find it again.
    }
  }
  setTimeout(look, 1000);
}

function show(fresh) {
  const arrived = [...fresh.querySelectorAll(".received")].filter((item) => !document.getElementById(item.id));
  if (arrived.length === 0) return;
  list.querySelector(".empty")?.remove();
  list.prepend(...arrived);
  document.title = fresh.title;
}

setTimeout(look, 1000);
