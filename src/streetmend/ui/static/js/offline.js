// On every page: the service worker, and reports that wait on this device. Those that are due leave as soon as there is network.
const place = document.querySelector("[data-waiting]");

async function tell() {
  const waiting = (await kept.all()).filter((report) => report.state !== "sent");
  if (!place) return;
  place.hidden = !waiting.length;
  for (const one of place.querySelectorAll("[data-count]")) one.hidden = (one.dataset.count === "1") !== (waiting.length === 1);
  for (const one of place.querySelectorAll("[data-number]")) one.textContent = waiting.length;
}

async function go() {
  try {
    await tell();
    if (navigator.onLine) await kept.sendDue();
  } catch { /* a browser that keeps nothing for this page */ }
}

addEventListener("online", go);
kept.listen(() => tell().catch(() => {}));
addEventListener("load", () => {
  navigator.serviceWorker?.register("/sw.js").catch(() => {});
  go();
});
