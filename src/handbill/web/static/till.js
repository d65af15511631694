// The till in a browser. Pages come from the server whole; this exchanges their `main`, so that
// sound, wake lock and banner outlive a page. Nothing is shown that the server has not just said:
// while it cannot be reached, the screen says so and is asked for anew before it is trusted again.
const [body, cut, said] = [document.body, ...["[data-cut]", "[data-said]"].map((one) => document.querySelector(one))];
const main = () => document.querySelector("main");
const home = main().dataset.home;
const TIMEOUT = 4000, FORM_TIMEOUT = 60000, PAUSE = 2000;
let known; // the last sales, by id: how they stood
let told = false; // whether a stream of news is open
let leaving = 0; // counts visits, so that an answer that comes too late is dropped

// -- Sound: two rising tones for money, two falling ones for its absence.
const mute = document.querySelector("[data-mute]");
let audio;

function wake() {
  audio ??= new AudioContext();
  if (audio.state === "suspended") audio.resume();
}

function play(...tones) {
  if (!audio || mute?.getAttribute("aria-pressed") === "true") return;
  tones.forEach((pitch, i) => {
    const [at, tone, gain] = [audio.currentTime + i * 0.16, audio.createOscillator(), audio.createGain()];
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0.0001, at);
    gain.gain.exponentialRampToValueAtTime(0.4, at + 0.02);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
    tone.connect(gain).connect(audio.destination);
    tone.start(at);
    tone.stop(at + 0.32);
  });
}

function setMute(on) {
  mute.setAttribute("aria-pressed", on);
  localStorage.setItem("till-mute", on);
}

if (mute) {
  mute.hidden = false;
  setMute(localStorage.getItem("till-mute") === "true");
  mute.addEventListener("click", () => setMute(mute.getAttribute("aria-pressed") !== "true"));
}
for (const kind of ["pointerdown", "keydown"]) addEventListener(kind, wake, { passive: true });

// -- The network.
function setCut(on) {
  body.classList.toggle("is-cut", on);
  for (const part of [...main().children, ...document.querySelectorAll(".till-bar")]) part.inert = on;
  cut.hidden = !on;
}

// What has become of the last sales since this was asked for the last time.
function sayNews(now) {
  if (!now.dataset.pulse) return;
  const fresh = new Map(JSON.parse(now.dataset.pulse).map((sale) => [sale.id, sale]));
  for (const [id, sale] of fresh) {
    const before = known?.get(id);
    if (!known || before?.state === sale.state) continue;
    if (sale.state === "paid") tell(sale, 660, 990);
    else if (before && ["declined", "failed", "expired", "review"].includes(sale.state)) tell(sale, 330, 220);
  }
  known = fresh;
}

// Aloud and for screen readers; for the eye, where the page does not say it already.
function tell(sale, ...tones) {
  play(...tones);
  said.textContent = sale.said;
  said.className = sale.state === "paid" && !location.pathname.endsWith(sale.id) ? "till-toast" : "unseen";
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => Object.assign(said, { className: "unseen", textContent: "" }), 8000);
}

async function ask(address, options = {}) {
  const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(TIMEOUT), ...options });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.querySelector("main[data-home]")) throw new Error("not a page of the till");
  // A form that was refused is shown where it was filled in.
  const where = options.body && !answer.redirected ? location.href : answer.url;
  return { page, main: page.querySelector("main"), where };
}

function put(fresh, page) {
  document.title = page.title;
  body.className = page.body.className;
  const focus = document.activeElement?.id;
  main().replaceWith(document.adoptNode(fresh));
  for (const link of document.querySelectorAll(".till-nav a")) {
    const here = link.dataset.section === fresh.dataset.section;
    here ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
  }
  if (focus) document.getElementById(focus)?.focus();
  furnish();
}

// Asks for the page that is shown (or for the one that `data-look` names) and shows what is new.
async function look() {
  const visit = leaving, shown = main();
  try {
    const { page, main: fresh } = await ask(shown.dataset.look || location.href);
    if (visit !== leaving) return;
    if ("door" in fresh.dataset) return location.replace(home); // the session has ended
    const isSame = shown.dataset.section === fresh.dataset.section;
    if (isSame && shown.dataset.version !== fresh.dataset.version) put(fresh, page);
    setCut(false);
    sayNews(fresh);
  } catch {
    if (visit === leaving) setCut(true);
  }
}

// Goes to another page. A form is sent at most once: if its answer is lost, its ticket tells.
async function visit(address, options, isBack) {
  const mine = ++leaving;
  try {
    const { page, main: fresh, where } = await ask(address, { ...options, signal: AbortSignal.timeout(FORM_TIMEOUT) });
    if (mine !== leaving) return;
    if ("door" in fresh.dataset) return location.assign(home);
    if (!isBack && where !== location.href) history.pushState(null, "", where);
    put(fresh, page);
    setCut(false);
    sayNews(fresh);
    scrollTo(0, 0);
    (fresh.querySelector("[aria-invalid]") || fresh.querySelector("h1")).focus();
  } catch {
    if (mine === leaving) setCut(true);
  }
}

function isOurs(link) {
  return link && link.href.startsWith(home) && !link.target && !link.download;
}

if (main().dataset.section) {
  addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!isOurs(link) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    visit(link.href);
  });
  addEventListener("submit", (event) => {
    const form = event.target;
    if ("whole" in form.dataset) return;
    event.preventDefault();
    if ("search" in form.dataset) return;
    if ("busy" in form.dataset) return; // pressed twice
    form.dataset.busy = "";
    const sent = visit(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
    sent.then(() => delete form.dataset.busy);
  });
  // Digits are meant for the amount, wherever the focus is.
  addEventListener("keydown", (event) => {
    if (/^[0-9.,]$/.test(event.key) && !event.target.closest("input")) document.querySelector("#sale [name=amount]")?.focus();
  });
  addEventListener("popstate", () => visit(location.href, {}, true));
  addEventListener("offline", () => setCut(true));
  addEventListener("online", look);
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    setCut(true);
    look();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    look();
    stayAwake();
  });
  // Told by the server where it can; and always looking now and then, because a stream that has
  // died says nothing.
  const news = new EventSource(`${home}/live`);
  news.addEventListener("state", () => {
    told = true;
    look();
  });
  news.onerror = () => {
    told = false;
    look();
  };
  (async function goOn() {
    await new Promise((next) => setTimeout(next, told ? 2.5 * PAUSE : PAUSE));
    if (!document.hidden) await look();
    goOn();
  })();
  sayNews(main());
  furnish();
}

// -- An app of its own, where the browser can: the shell, and a page for no network.
navigator.serviceWorker?.register(`${home}/worker.js`, { scope: new URL(home).pathname }).catch(() => {});

if ("offline" in main().dataset) {
  const back = () => location.reload();
  addEventListener("online", back);
  setTimeout(back, 5000);
}

// -- What a page can do once it is shown.
async function stayAwake() {
  const wanted = "awake" in main().dataset;
  if (wanted && !stayAwake.lock) stayAwake.lock = await navigator.wakeLock?.request("screen").catch(() => null);
  if (!wanted && stayAwake.lock) {
    stayAwake.lock.release();
    stayAwake.lock = null;
  }
  if (stayAwake.lock?.released) stayAwake.lock = null;
}

function furnish() {
  for (const time of document.querySelectorAll("[data-clock]"))
    time.textContent = new Date(time.dateTime).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  countDown();
  stayAwake();
  const form = document.getElementById("sale");
  if (form) furnishSale(form);
}

function countDown() {
  clearInterval(countDown.timer);
  const until = document.querySelector("[data-until]");
  if (!until) return;
  const [end, text] = [Date.now() + (until.dataset.until - until.dataset.now), until.querySelector("[data-left]")];
  const tick = () => {
    const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
    text.textContent = text.dataset.left.replace("{time}", `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`);
  };
  tick();
  countDown.timer = setInterval(tick, 1000);
}

// -- A new sale. The sum is for the eye: what is charged, the server adds up.
function furnishSale(form) {
  const { currency, exponent, charge } = form.dataset;
  const [amount, tiles] = [form.elements.amount, [...form.querySelectorAll(".tile")]];
  const money = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency, currencyDisplay: "narrowSymbol", minimumFractionDigits: +exponent, maximumFractionDigits: +exponent });
  const [button, clear] = ["[data-charge-button] span", "[data-clear]"].map((one) => form.querySelector(one));
  const plain = button.textContent;
  const countOf = (tile) => tile.querySelector(".tile-count");

  function typed() {
    const found = amount.value.replace(/[\s\u00a0]/g, "").match(/^(\d*)(?:[.,](\d*))?$/);
    if (!found || (found[2] ?? "").length > exponent) return null;
    return Number(found[1] + (found[2] ?? "").padEnd(exponent, "0"));
  }

  function add() {
    let sum = typed();
    for (const tile of tiles) {
      const count = Number(countOf(tile).value);
      tile.classList.toggle("tile-chosen", count > 0);
      tile.querySelector("[data-less]").hidden = count < 1;
      if (sum !== null) sum += count * tile.dataset.minor;
    }
    button.textContent = sum ? charge.replace("{amount}", money.format(sum / 10 ** exponent)) : plain;
    clear.hidden = !amount.value && !tiles.some((tile) => countOf(tile).value);
  }

  function press(name) {
    if (name === "erase") amount.value = amount.value.slice(0, -1);
    else if (amount.value.length < 15) amount.value += name;
    add();
  }

  form.querySelector("[data-keys]").hidden = false;
  if (matchMedia("(pointer: coarse)").matches) amount.inputMode = "none"; // our keys are there
  form.addEventListener("input", add);
  form.addEventListener("reset", () => setTimeout(() => {
    amount.value = "";
    for (const tile of tiles) countOf(tile).value = "";
    add();
    amount.focus();
  }));
  form.addEventListener("click", (event) => {
    const [pressed, tile] = [event.target.closest("[data-key]"), event.target.closest(".tile")];
    if (pressed) press(pressed.dataset.key);
    if (!tile || event.target === countOf(tile)) return;
    const count = countOf(tile), step = event.target.closest("[data-less]") ? -1 : 1;
    event.preventDefault();
    count.value = Math.min(99, Math.max(0, Number(count.value) + step)) || "";
    add();
  });
  form.elements.q?.addEventListener("input", (event) => {
    const sought = event.target.value.trim().toLocaleLowerCase();
    for (const tile of tiles) tile.hidden = !tile.querySelector(".tile-title").textContent.toLocaleLowerCase().includes(sought);
    form.querySelector("[data-none]").hidden = tiles.some((tile) => !tile.hidden);
  });
  if (!matchMedia("(pointer: coarse)").matches) amount.focus();
  add();
}
