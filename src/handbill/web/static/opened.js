// Tells our server that somebody sees this page, and nothing of them: once, not after a reload, on
// the way back, or in another language.
const form = document.querySelector("[data-opened]");
const AGAIN = "#again";

function tell() {
  const [arrival] = performance.getEntriesByType("navigation");
  const again = location.hash === AGAIN || ["reload", "back_forward"].includes(arrival?.type);
  if (location.hash === AGAIN) history.replaceState(null, "", location.pathname + location.search);
  if (!again) navigator.sendBeacon?.(form.dataset.opened, form.elements.attempt.value);
}

document.querySelectorAll(".languages a").forEach((link) => (link.hash = AGAIN));
if (document.prerendering) document.addEventListener("prerenderingchange", tell, { once: true });
else tell();
