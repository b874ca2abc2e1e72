// Reports that wait on this device for network: where they are kept, and how they are sent. The pages and the service worker both
// load this. A report: { token, at, state, told: [[name, value]], errors, url, draft, agreed, later }. Its token is a secret made
// here, by which the site knows a repeat. States: unfinished, waiting, wrong (see errors), asks (go on at url), sent.
self.kept = (() => {
  const DAY = 86400000, FORGET = 7 * DAY, HOUR = 3600000;
  const channel = "BroadcastChannel" in self ? new BroadcastChannel("streetmend") : null;
  // whoever shows something of it, here and in other tabs
  const listeners = [], tell = () => listeners.forEach((one) => one());
  channel?.addEventListener("message", tell);
  const changed = () => {
    channel?.postMessage("changed");
    tell();
  };

  const done = (request) => new Promise((good, bad) => {
    request.onsuccess = () => good(request.result);
    request.onerror = () => bad(request.error);
  });
  let opened;
  const store = async (mode) => {
    opened ??= (() => {
      const request = indexedDB.open("streetmend", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("reports", { keyPath: "token" });
      return done(request);
    })();
    return (await opened).transaction("reports", mode).objectStore("reports");
  };
  const all = async () => (await done((await store("readonly")).getAll())).sort((one, other) => one.at - other.at);
  const get = async (token) => done((await store("readonly")).get(token));
  const put = async (report) => {
    await done((await store("readwrite")).put(report));
    changed();
  };
  const remove = async (token) => {
    await done((await store("readwrite")).delete(token));
    changed();
  };

  const newToken = () => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(30))))
    .replaceAll("+", "-").replaceAll("/", "_");
  // one tab, or the service worker, at a time: sending, and changing what may be on its way
  const alone = (work) => (navigator.locks ? navigator.locks.request("streetmend-reports", work) : work());
  const isOld = (report) => Date.now() - report.at > DAY;
  const isDue = (report) => report.state === "asks"
    || (report.state === "waiting" && (report.agreed || !isOld(report)) && !(report.later > Date.now()));
  const text = (report, name) => {
    const found = report.told.findLast(([key]) => key === name);
    return typeof found?.[1] === "string" ? found[1] : "";
  };
  const photos = (report) => report.told.filter(([, value]) => value instanceof Blob).map(([, value]) => value);

  // sends what is due, one after the other; false where the network or the site was away
  const sendDue = () => alone(async () => {
    for (const report of await all()) {
      if (report.state === "sent" && Date.now() - report.sent > FORGET) await remove(report.token);
      if (!isDue(report)) continue;
      try {
        await send(report);
      } catch {
        return false;
      }
    }
    return true;
  });

  async function send(report) {
    const plain = { cache: "no-store", credentials: "same-origin", redirect: "error" };
    const asked = await fetch(`/report/waiting/key?token=${report.token}`, plain);
    const known = await asked.json();
    if (!asked.ok) throw new Error(asked.status);
    if (known.state === "sent" || report.state === "asks") return settle(report, known);
    const form = new FormData();
    form.append("token", report.token);
    for (const [name, value] of report.told) form.append(name, value);
    const answer = await fetch("/report/waiting/send", {
      ...plain, method: "POST", body: form, headers: { "X-CSRFToken": known.key, Accept: "application/json" },
    });
    await settle(report, await answer.json());
  }

  async function settle(report, { state, url, errors }) {
    // somebody may have deleted it meanwhile
    if (!(await get(report.token))) return;
    if (state === "sent") {
      return put({ ...report, state, url, errors: {}, sent: Date.now(), told: [["title", text(report, "title")]] });
    }
    if (state === "asks" && (report.state !== state || report.url !== url)) return put({ ...report, state, url, errors: errors ?? {} });
    if (state === "wrong") return put({ ...report, state, errors });
    if (state === "later") return put({ ...report, errors, later: Date.now() + HOUR });
    // the site has forgotten the draft, but it is still all here
    if (state === "unknown") return put({ ...report, state: "waiting", url: "", agreed: false });
  }

  return { all, get, put, remove, newToken, alone, isOld, text, photos, sendDue, listen: (one) => listeners.push(one) };
})();
