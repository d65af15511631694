// Keeps the total right while a payer chooses, and gives quantities a button for less and more. It
// only shows: the server works out what is paid, and where the two differ it shows the page again.
const form = document.querySelector("[data-live]");
const { currency, group, point } = form.dataset;
const places = Number(form.dataset.places);
const [share, fixed] = [BigInt(form.dataset.share), BigInt(form.dataset.fee)];
const counts = [...form.querySelectorAll("[data-minor]")];

// Minor units of what was typed; null where the server has to read it.
function read(text) {
  const plain = text
    .replace(/[\u0660-\u0669\u06f0-\u06f9]/g, (digit) => digit.charCodeAt(0) & 15)
    .replace(/[\s'\u2019\u200e\u200f]/g, "");
  const at = Math.max(plain.lastIndexOf("."), plain.lastIndexOf(","));
  const isPoint = at >= 0 && plain.indexOf(plain[at]) === at && plain.length - at - 1 <= places;
  const [whole, part] = isPoint ? [plain.slice(0, at), plain.slice(at + 1)] : [plain, ""];
  const isWhole = /^(\d*|[1-9]\d{0,2}([.,])\d{3}(\2\d{3})*)$/.test(whole) && /^\d*$/.test(part);
  const digits = whole.replace(/[.,]/g, "") + part;
  return isWhole && digits ? BigInt(digits + "0".repeat(places - part.length)) : null;
}

function write(minor) {
  const digits = String(minor).padStart(places + 1, "0");
  const at = digits.length - places;
  const whole = digits.slice(0, at).replace(/\B(?=(\d{3})+$)/g, group);
  return places ? whole + point + digits.slice(at) : whole;
}

const portion = (minor, points) => (minor * points + 5000n) / 10000n;
const chosen = (name) => form.querySelector(`[name=${name}]:checked`)?.value;

function price() {
  if (counts.length) {
    if (counts.some((one) => !one.checkValidity())) return null;
    return counts.reduce((sum, one) => sum + BigInt(one.dataset.minor) * BigInt(one.value || 0), 0n);
  }
  if (form.dataset.amount) return BigInt(form.dataset.amount);
  const minor = chosen("amount_minor");
  return minor ? BigInt(minor) : read(form.elements.amount.value);
}

function tip(base) {
  const points = chosen("tip");
  return points === "own" ? read(form.elements.tip_amount.value) : portion(base, BigInt(points || 0));
}

function sums() {
  const base = price();
  const more = base && tip(base);
  if (!base || more === null) return {};
  const fee = portion(base + more, share) + fixed;
  return { price: more + fee && base, tip: more, fee, total: base + more + fee };
}

function show() {
  const now = sums();
  form.elements.total.value = now.total ? `${now.total} ${currency}` : "";
  for (const row of form.querySelectorAll("[data-row]")) row.hidden = !now[row.dataset.row];
  for (const one of form.querySelectorAll("[data-unknown]")) one.hidden = Boolean(now.total);
  for (const one of form.querySelectorAll("[data-sum]")) {
    // A mark of direction may stand beside the digits, and stays.
    one.textContent = one.textContent.replace(/\d.*\d|\d/, write(now[one.dataset.sum] ?? 0n));
  }
  for (const one of form.querySelectorAll(".total")) {
    const length = one.textContent.replace(/[\u200e\u200f\u061c]/g, "").length;
    one.classList.toggle("total-longest", length > 15);
    one.classList.toggle("total-long", length > 10 && length <= 15);
  }
}

function step(input, by, words, sign) {
  const title = input.closest("li").querySelector(".line-name").textContent;
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: sign });
  button.setAttribute("aria-label", words.replace("{}", () => title));
  button.addEventListener("click", () => {
    const count = Number(input.value || 0) + by;
    input.value = Math.min(Math.max(count, 0), Number(input.max));
    show();
  });
  return button;
}

for (const input of counts) {
  input.before(step(input, -1, form.dataset.fewer, "\u2212"));
  input.after(step(input, 1, form.dataset.more, "+"));
}
form.querySelector("[data-update]").remove();
form.addEventListener("input", show);
window.addEventListener("pageshow", show); // a browser that goes back fills in what was chosen
