// What a form of the dashboard will make, shown while it is filled in. Everything works without it.
const [draft, press] = ["[data-new]", "[data-print]"].map((one) => document.querySelector(one));

if (draft) {
  const [title, sum] = ["[data-title]", "[data-sum]"].map((one) => document.querySelector(one));
  const show = () => {
    const { by, amount, currency, product } = draft.elements;
    const chosen = by.value === "product" ? product.selectedOptions[0] : null;
    title.textContent = chosen ? (chosen.value ? chosen.textContent : "") : draft.elements.title.value;
    sum.textContent = by.value === "amount" && amount.value ? `${amount.value} ${currency.value}` : "";
  };
  draft.addEventListener("input", show);
  show();
}

// The page is asked for again with what is chosen now; of it only what shows the paper is taken.
async function look() {
  const mine = ++look.count;
  const here = press.querySelector("[data-show]").formAction;
  const chosen = new URLSearchParams(new FormData(press));
  const answer = await fetch(`${here}?${chosen}`);
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine !== look.count || !answer.ok) return;
  history.replaceState(null, "", `${here}?${chosen}`);
  for (const part of document.querySelectorAll("[data-live]")) {
    const now = fresh.getElementById(part.id);
    if (!now || now.outerHTML === part.outerHTML) continue;
    if (part.tagName === "IMG") for (const { name, value } of now.attributes) part.setAttribute(name, value);
    else part.replaceChildren(...now.childNodes);
  }
}
look.count = 0;

if (press) {
  press.querySelector("[data-show]").hidden = true;
  press.target = "_blank";
  press.addEventListener("change", ({ target }) => {
    if (target.name === "own_color") press.elements.color.value = "other";
    if (target.name !== "force") look();
  });
  // Ticks stand outside of the form's element, and mean that those are wanted.
  document.addEventListener("change", ({ target }) => {
    if (!target.name?.startsWith("place-")) return;
    press.elements.which.value = "some";
    look();
  });
}
