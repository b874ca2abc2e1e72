// The service worker: the pages that work without network, and reports that could not leave. SHELL, in the line before, is made by
// the site: { version, languages, pages, files }. Nothing about anybody is put into the cache.
importScripts(SHELL.files.find((file) => file.includes("js/kept.js")));

const CACHE = `shell-${SHELL.version}`, SPOKEN = "/spoken";
const STEPS = /^\/report\/(where|what|details|check)$/;
const NOT_OURS = /^\/(admin|desk|open311)\b/;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(SHELL.files);
    for (const page of SHELL.pages) {
      for (const language of SHELL.languages) {
        // as somebody whom the site does not know
        await cache.add(new Request(`${page}?language=${language}`, { credentials: "omit" }));
      }
    }
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name.startsWith("shell-") && name !== CACHE) await caches.delete(name);
    await self.registration.navigationPreload?.enable();
    await self.clients.claim();
  })());
});

self.addEventListener("sync", (event) => {
  // a failure makes the browser try again later
  event.waitUntil(kept.sendDue().then((good) => good || Promise.reject(new Error("no network"))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin || NOT_OURS.test(url.pathname)) return;
  if (request.mode === "navigate") {
    if (request.method === "GET") event.respondWith(page(event, url));
    else if (STEPS.test(url.pathname)) event.respondWith(step(request, url));
  } else if (request.method === "GET" && SHELL.files.includes(url.pathname + url.search)) {
    event.respondWith(file(request, url));
  }
});

async function page(event, url) {
  try {
    const answer = (await event.preloadResponse) ?? (await fetch(event.request));
    event.waitUntil(remember(answer.headers.get("Content-Language")));
    return answer;
  } catch {
    return shell(url.pathname === "/report/waiting" ? url.pathname : "/report/offline");
  }
}

// a step of the form that did not reach the site is kept here, and goes on without it
async function step(request, url) {
  const copy = request.clone();
  try {
    return await fetch(request);
  } catch {
    const last = url.pathname.endsWith("/check"), token = await keep(await copy.formData(), last);
    return Response.redirect(last ? "/report/waiting" : `/report/offline?report=${token}`, 303);
  }
}

async function keep(form, last) {
  const draft = form.get("draft") ?? "";
  const earlier = draft ? await kept.get(draft) : undefined;
  const report = earlier ?? { token: draft || kept.newToken(), at: Date.now(), told: [], draft: Boolean(draft) };
  const said = [...form].filter(([name, value]) => !["draft", "csrfmiddlewaretoken", "then"].includes(name) && value !== "" && value.size !== 0);
  const again = new Set(said.map(([name]) => name));
  const told = [...report.told.filter(([name]) => name === "photos" || !again.has(name)), ...said];
  await kept.put({ ...report, told, errors: {}, state: last ? "waiting" : "unfinished" });
  if (last) await self.registration.sync?.register("reports").catch(() => {});
  return report.token;
}

async function file(request, url) {
  const cache = await caches.open(CACHE), there = await cache.match(request);
  if (there && url.search) return there;
  try {
    return await fetch(request);
  } catch (error) {
    if (there) return there;
    throw error;
  }
}

async function shell(path) {
  const cache = await caches.open(CACHE), said = await (await cache.match(SPOKEN))?.text();
  const spoken = [said, ...navigator.languages.map((one) => one.slice(0, 2).replace("no", "nb"))].find((one) => SHELL.languages.includes(one));
  return cache.match(`${path}?language=${spoken ?? SHELL.languages[0]}`);
}

// the language in which the site answered last, which is the reader's
let spoken = "";
async function remember(language) {
  if (!language || language === spoken) return;
  spoken = language;
  await (await caches.open(CACHE)).put(SPOKEN, new Response(language));
}

// --- messages: { title, body, url, end, stop, lang, tag }; a repeat has the tag of the first one and takes its place

self.addEventListener("push", (event) => {
  const told = event.data?.json() ?? {};
  const { title, body, lang, tag, url, end, stop } = told;
  event.waitUntil(self.registration.showNotification(title ?? "", {
    body, lang, tag, icon: "/icon-192.png", data: { url, end }, actions: end ? [{ action: "end", title: stop }] : [],
  }));
});

self.addEventListener("notificationclick", (event) => {
  const { url, end } = event.notification.data;
  event.notification.close();
  event.waitUntil(self.clients.openWindow(event.action === "end" ? end : url));
});

self.addEventListener("pushsubscriptionchange", (event) => {
  event.waitUntil((async () => {
    const was = event.oldSubscription, now = event.newSubscription ?? (was && (await self.registration.pushManager.subscribe(was.options)));
    if (!was || !now) return;
    const { keys } = now.toJSON(), asked = await fetch("/report/waiting/key", { cache: "no-store" });
    const told = new FormData();
    for (const [name, value] of Object.entries({ was: was.endpoint, endpoint: now.endpoint, ...keys })) told.append(name, value);
    await fetch("/push/moved", { method: "POST", body: told, headers: { "X-CSRFToken": (await asked.json()).key } });
  })());
});
