// The service worker of the till. `SHELL` is written before it by the server. It keeps the files of
// the shell and the page for no network; whatever tells of a sale comes from the server or not at all.
const NAME = `till-${SHELL.version}`, OFFLINE = `${SHELL.scope}/offline`;

addEventListener("install", (event) => {
  const fill = async () => (await caches.open(NAME)).addAll([...SHELL.files, OFFLINE]);
  event.waitUntil(fill().then(() => skipWaiting()));
});

addEventListener("activate", (event) => {
  const tidy = async () => {
    for (const name of await caches.keys()) if (name.startsWith("till-") && name !== NAME) await caches.delete(name);
    await clients.claim();
  };
  event.waitUntil(tidy());
});

addEventListener("fetch", (event) => {
  const { request } = event, { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== location.origin) return;
  if (SHELL.files.includes(pathname)) event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  else if (request.mode === "navigate" && (pathname === SHELL.scope || pathname.startsWith(`${SHELL.scope}/`)))
    event.respondWith(fetch(request).catch(() => caches.match(OFFLINE)));
});
