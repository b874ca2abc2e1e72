// Messages on this device: asked for by a press and by nothing else. The block stays hidden where the browser cannot.
const block = document.querySelector("[data-push]");
if (block && "PushManager" in window && "Notification" in window && "serviceWorker" in navigator) offer(block);

async function offer(block) {
  const said = block.querySelector("[data-said]"), on = block.querySelector("[data-on]"), off = block.querySelector("[data-off]");
  const form = block.closest("form") ?? block.parentElement.querySelector("form");
  const say = (what) => (said.textContent = said.dataset[what] ?? what);
  const ready = () => navigator.serviceWorker.ready;
  const post = async (url, told) => {
    told.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    const answer = await fetch(url, { method: "POST", body: told });
    const heard = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(heard.why), { heard: heard.why });
    return heard;
  };
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  block.hidden = false;

  // what this device is told of already
  let mine = [];
  const look = async () => {
    const subscription = await (await ready()).pushManager.getSubscription();
    mine = [];
    if (subscription) {
      const told = new FormData();
      told.set("endpoint", subscription.endpoint);
      mine = (await post(block.dataset.mine, told)).alerts;
    }
    const here = mine.find((one) => String(one.report) === block.dataset.report);
    if (off) {
      on.hidden = Boolean(here);
      off.hidden = !here;
    } else list();
  };

  const list = () => {
    const part = block.querySelector("[data-told]"), one = block.querySelector("[data-one]");
    part.hidden = !mine.length;
    part.querySelector("[data-list]").replaceChildren(...mine.map((alert) => {
      const item = one.content.firstElementChild.cloneNode(true), link = item.querySelector("a"), words = item.querySelector("span");
      (alert.url ? link : words).textContent = alert.words;
      if (alert.url) link.href = alert.url;
      else link.remove();
      item.querySelector("button").addEventListener("click", () => end(alert));
      return item;
    }));
  };

  const end = async (alert) => {
    try {
      await fetch(alert.end, { method: "POST" });
      await look();
      // nothing to be told of: the browser need not be reached any more
      if (!mine.length) await (await (await ready()).pushManager.getSubscription())?.unsubscribe();
      say("ended");
      if (off && !on.hidden) on.focus();
    } catch {
      say("failed");
    }
  };

  on.addEventListener("click", async () => {
    if (await Notification.requestPermission() !== "granted") return say("denied");
    try {
      const manager = (await ready()).pushManager, key = block.dataset.key;
      const options = { userVisibleOnly: true, applicationServerKey: Uint8Array.from(atob(key.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0)) };
      let subscription = await manager.getSubscription();
      const used = subscription?.options?.applicationServerKey;
      if (used && text(used) !== key) {
        // of another key of this site, which is no longer good
        await subscription.unsubscribe();
        subscription = null;
      }
      subscription ??= await manager.subscribe(options);
      const told = block.closest("form") ? new FormData(form) : new FormData();
      told.set("endpoint", subscription.endpoint);
      for (const name of ["p256dh", "auth"]) told.set(name, text(subscription.getKey(name)));
      await post(block.dataset.push, told);
      await look();
      say("done");
      if (off && !off.hidden) off.focus();
    } catch (error) {
      say(error.heard ?? "failed");
    }
  });
  off?.addEventListener("click", () => end(mine.find((one) => String(one.report) === block.dataset.report)));
  if (Notification.permission === "granted") await look().catch(() => {});
}
