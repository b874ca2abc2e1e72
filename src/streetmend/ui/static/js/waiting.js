// The two pages that work without network: a form for a report that is kept on the device, and the list of those that wait there.
const form = document.querySelector("[data-offline]"), list = document.querySelector("[data-list]");
if (form) write(form);
if (list) show(list);

async function write(form) {
  const asked = new URLSearchParams(location.search), token = asked.get("report") ?? asked.get("draft");
  const report = token ? await kept.get(token) : undefined;
  if (report?.state === "sent") return location.replace("/report/waiting");
  document.querySelector("[data-lost]").hidden = location.pathname === form.dataset.offline;
  form.hidden = false;
  const partly = Boolean(report?.draft || (token && !report));
  form.querySelector("[data-partly]").hidden = !partly;
  if (partly) for (const field of form.querySelectorAll("[required]")) field.required = false;
  const photos = fill(form, report);
  locate(form);
  form.addEventListener("submit", async (press) => {
    press.preventDefault();
    if (!partly && !form.elements.lat.value && !form.elements.q.value.trim()) return wrong(form, { q: form.dataset.nowhere });
    if (photos.length + form.elements.photos.files.length > Number(form.dataset.most)) return wrong(form, { photos: form.dataset.many });
    const others = (report?.told ?? []).filter(([name]) => !form.elements[name]);
    const told = [...new FormData(form)].filter(([, value]) => typeof value === "string" && value);
    for (const photo of [...photos, ...form.elements.photos.files]) told.push(["photos", photo]);
    const now = { token: token ?? kept.newToken(), at: Date.now(), draft: partly, state: "waiting", url: "", errors: {}, told: [...others, ...told] };
    try {
      // what is on its way is not changed under way
      await kept.alone(async () => {
        if ((token ? await kept.get(token) : undefined)?.state !== "sent") await kept.put(now);
      });
    } catch {
      return wrong(form, { title: form.dataset.full });
    }
    navigator.storage?.persist?.();
    const ready = await navigator.serviceWorker?.getRegistration();
    await ready?.sync?.register("reports").catch(() => {});
    location.assign("/report/waiting");
  });
}

// what the chosen kind of problem asks is there, with what was answered before; the site asks the rest when it has the report
function ask(form, told) {
  const place = form.querySelector("[data-asked]"), name = form.elements.category.value;
  const found = [...form.querySelectorAll("template[data-questions]")].find((one) => one.dataset.questions === name);
  place.replaceChildren(...(found ? [found.content.cloneNode(true)] : []));
  for (const field of place.querySelectorAll("[name]")) {
    const answers = told.filter(([key]) => key === field.name).map(([, value]) => value);
    if (/radio|checkbox/.test(field.type)) field.checked = answers.includes(field.value);
    else if (answers.length) [field.value] = answers;
  }
  hang(form);
}

// the fields have what was told; gives the photos that were, less those that are taken away
function fill(form, report) {
  for (const [name, value] of report?.told ?? []) {
    const field = form.elements[name];
    if (field && typeof value === "string") field.value = value;
  }
  ask(form, report?.told ?? []);
  form.elements.category.addEventListener("change", () => ask(form, [...new FormData(form)]));
  if (form.elements.lat.value) form.querySelector("[data-located]").hidden = false;
  const photos = report ? kept.photos(report) : [], shown = form.querySelector("[data-photos-kept]");
  for (const photo of photos.slice()) {
    const one = copy(form.querySelector("[data-photo]"));
    one.querySelector("img").src = URL.createObjectURL(photo);
    one.querySelector("button").addEventListener("click", () => {
      photos.splice(photos.indexOf(photo), 1);
      one.remove();
      form.elements.photos.focus();
    });
    shown.append(one);
  }
  if (report && Object.keys(report.errors ?? {}).length) wrong(form, report.errors);
  return photos;
}

function wrong(form, errors) {
  const summary = document.querySelector("[data-wrong]");
  summary.querySelector("ul").replaceChildren(...Object.entries(errors).map(([name, why]) => {
    const item = document.createElement("li"), link = document.createElement("a");
    link.href = `#${form.elements[name]?.id || "title"}`;
    link.textContent = why;
    item.append(link);
    return item;
  }));
  summary.hidden = false;
  summary.focus();
}

function locate(form) {
  const button = form.querySelector("[data-here]"), said = form.querySelector("[data-here-status]"), located = form.querySelector("[data-located]");
  const { lat, long } = form.elements, map = form.querySelector("[data-map]");
  const showThere = () => lat.value && map?.dispatchEvent(new CustomEvent("go-to", { detail: [Number(lat.value), Number(long.value)] }));
  form.addEventListener("map-ready", showThere);
  form.addEventListener("place-chosen", () => (located.hidden = false));
  located.querySelector("button").addEventListener("click", () => {
    lat.value = long.value = said.textContent = "";
    located.hidden = true;
    map?.classList.add("undecided");
    form.elements.q.focus();
  });
  if (!navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    said.textContent = said.dataset.asking;
    navigator.geolocation.getCurrentPosition(({ coords }) => {
      lat.value = coords.latitude.toFixed(6);
      long.value = coords.longitude.toFixed(6);
      said.textContent = "";
      located.hidden = false;
      showThere();
    }, () => (said.textContent = said.dataset.denied), { enableHighAccuracy: true, timeout: 8000, maximumAge: 30000 });
  });
}

function copy(template) {
  return template.content.firstElementChild.cloneNode(true);
}

async function show(list) {
  const said = document.querySelector("[data-said]");
  const draw = async () => {
    const reports = await kept.all(), focused = list.contains(document.activeElement) && document.activeElement;
    const token = focused && focused.closest("li").dataset.token, words = focused?.textContent;
    list.replaceChildren(...reports.map(item));
    // what had the focus has it again
    if (token) [...list.querySelectorAll(`[data-token="${token}"] .btn`)].find((one) => !one.hidden && one.textContent === words)?.focus();
    document.querySelector("[data-none]").hidden = reports.length > 0;
  };
  const item = (report) => {
    const one = copy(document.querySelector("[data-report]")), part = (name) => one.querySelector(`[data-${name}]`);
    one.dataset.token = report.token;
    part("title").textContent = kept.text(report, "title") || part("title").textContent;
    const moment = part("at"), at = new Date(report.sent ?? report.at);
    moment.dateTime = at.toISOString();
    moment.textContent = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" }).format(at);
    part("place").textContent = kept.text(report, "q") || [kept.text(report, "lat"), kept.text(report, "long")].filter(Boolean).join(", ");
    for (const photo of kept.photos(report)) part("pictures").append(Object.assign(new Image(), { src: URL.createObjectURL(photo), alt: list.dataset.photo }));
    const state = report.state === "waiting" && kept.isOld(report) && !report.agreed ? "old" : report.state;
    for (const words of one.querySelectorAll("[data-state]")) words.hidden = !words.dataset.state.split(" ").includes(state);
    part("errors").replaceChildren(...Object.values(report.errors ?? {}).map((why) => Object.assign(document.createElement("li"), { textContent: why })));
    part("errors").hidden = !part("errors").childElementCount;
    part("edit").href = `/report/offline?report=${report.token}`;
    part("on").href = report.url || "#";
    part("next").href = report.url || "#";
    if (state === "sent" && !report.url) part("next").hidden = true;
    for (const button of one.querySelectorAll("[data-send]")) button.addEventListener("click", () => sendNow(report));
    part("delete").addEventListener("click", async () => {
      if (state !== "sent" && !confirm(list.dataset.sure)) return;
      await kept.remove(report.token);
      said.textContent = list.dataset.gone;
      document.querySelector("h1").focus();
    });
    return one;
  };
  const sendNow = async (report) => {
    said.textContent = list.dataset.sending;
    await kept.put({ ...report, agreed: true, later: 0 });
    const good = await kept.sendDue();
    said.textContent = good ? "" : list.dataset.away;
    document.querySelector("h1").focus();
  };
  kept.listen(draw);
  await draw();
}
