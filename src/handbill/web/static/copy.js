// Gives each value of a bank transfer a button that copies it. Where nothing can be copied there is
// none: a tap selects the whole value.
const list = document.querySelector("[data-copy]");

function add(row) {
  const [label, value] = [row.querySelector("dt"), row.querySelector(".value")];
  const button = Object.assign(document.createElement("button"), { type: "button", className: "copy" });
  button.textContent = list.dataset.copy;
  button.setAttribute("aria-describedby", label.id);
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(value.textContent);
    button.textContent = list.dataset.copied;
    setTimeout(() => (button.textContent = list.dataset.copy), 2000);
  });
  value.after(button);
}

if (navigator.clipboard) list.querySelectorAll("dl > div").forEach(add);
