// The map one can move. It comes after the page has been painted and takes the place of the drawn one, which stays where this fails.
// Nothing here is needed: each page has its list, its form and its drawn map without it.
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const places = [...document.querySelectorAll("[data-map]")];
const rested = () => new Promise((done) => (window.requestIdleCallback ?? ((then) => setTimeout(then, 50)))(done, { timeout: 1000 }));

if (places.length) {
  if (document.readyState !== "complete") await new Promise((done) => addEventListener("load", done, { once: true }));
  await rested();
  for (const place of places) await begin(place, JSON.parse(place.dataset.map));
}

async function begin(place, told) {
  await Promise.all([styled(told.files.style), import(told.files.script)]);
  if (told.tiles.kind === "pmtiles") await scripted(told.files.archive);
  const ground = document.createElement("div");
  ground.className = "livemap";
  ground.setAttribute("role", "application");
  ground.setAttribute("aria-label", told.words.map);
  place.append(ground);
  const map = L.map(ground, {
    center: [told.lat, told.long], zoom: told.zoom, minZoom: told.least, maxZoom: told.most, zoomControl: false,
    attributionControl: false, keyboardPanDelta: 60, scrollWheelZoom: told.mode === "pick" ? "center" : true,
    touchZoom: told.mode === "pick" ? "center" : true, doubleClickZoom: told.mode === "pick" ? "center" : true,
    zoomAnimation: !calm, fadeAnimation: !calm, markerZoomAnimation: !calm, inertia: !calm,
  });
  map.getPanes().markerPane.setAttribute("aria-hidden", "true");
  tiles(map, told.tiles, told.native);
  place.classList.add("live");
  const pins = L.layerGroup().addTo(map);
  const refresh = later(() => load(map, pins, told), 250);
  map.on("moveend", refresh);
  refresh();
  (told.mode === "pick" ? pick : show)(place, map, told);
  place.dispatchEvent(new CustomEvent("map-ready", { bubbles: true }));
}

function tiles(map, told, native) {
  const options = { attribution: told.attribution, maxZoom: 20, className: told.kind === "own" ? "owntile" : "foreigntile" };
  if (told.kind === "own") L.tileLayer(told.url, { ...options, tileSize: told.size, zoomOffset: -1, minNativeZoom: native, maxNativeZoom: native }).addTo(map);
  else if (told.kind === "xyz") L.tileLayer(told.url, { ...options, maxNativeZoom: 19 }).addTo(map);
  else pmtiles.leafletRasterLayer(new pmtiles.PMTiles(told.url), options).addTo(map);
  if (told.attribution) {
    const words = document.createElement("p");
    words.className = "whose";
    words.textContent = told.attribution;
    map.getContainer().after(words);
  }
}

// reports as pins: for the pointer; whoever reads finds the same ones in the list beside
async function load(map, pins, told) {
  const centre = map.getCenter(), size = map.getSize();
  const asked = new URLSearchParams({
    lat: centre.lat.toFixed(6), long: centre.lng.toFixed(6), zoom: map.getZoom(), width: Math.round(size.x), height: Math.round(size.y),
  });
  let answer;
  try {
    answer = await fetch(`${told.pins}&${asked}`);
    if (!answer.ok) return;
    answer = await answer.json();
  } catch {
    return;
  }
  pins.clearLayers();
  for (const one of answer.pins) marker(map, one, told).addTo(pins);
  (told.found ?? []).forEach(([lat, long], i) => marker(map, { lat, long, look: "found", label: String(i + 1), count: 1 }, told).addTo(pins));
}

function marker(map, one, told) {
  const many = one.look === "group";
  const drawn = many ? grouped(one.text) : shaped(one);
  const icon = L.divIcon({ html: drawn, className: "livepin", iconSize: many ? [50, 50] : [44, 44], iconAnchor: many ? [25, 25] : [22, 42] });
  const title = many ? told.words.many.replace("%(n)s", one.count) : one.look === "found" ? "" : one.label;
  const made = L.marker([one.lat, one.long], { icon, keyboard: false, title });
  if (many) made.on("click", () => map.setView([one.lat, one.long], Math.min(told.most, map.getZoom() + 2)));
  else if (one.href) made.on("click", () => location.assign(one.href));
  return made;
}

function shaped(one) {
  const shape = document.querySelector("template[data-pins]").content.querySelector(`[data-look=${one.look === "found" ? "received" : one.look}]`);
  const svg = svgOf(`-16 -31 32 32`), group = shape.cloneNode(true);
  group.setAttribute("class", `pin ${one.look}`);
  if (one.look === "found") {
    group.lastChild.remove();
    group.append(text(one.label, -18));
  }
  svg.append(group);
  return svg;
}

function grouped(words) {
  const svg = svgOf("-25 -25 50 50"), group = tag("g", { class: "pin group" });
  group.append(tag("circle", { class: "pin-body", r: words.length > 1 ? 8 + 4 * words.length : 12 }), text(words, 1));
  svg.append(group);
  return svg;
}

function show(place, map, told) {
  L.control.zoom({ zoomInTitle: told.words.in, zoomOutTitle: told.words.out }).addTo(map);
  if (told.pin) {
    const mine = marker(map, { lat: told.lat, long: told.long, look: told.pin, label: "", count: 1 }, told).setZIndexOffset(1000).addTo(map);
    mine.getElement().classList.add("mine");
  }
}

// the pin stands still in the middle, and the map moves below it: by touch, by arrows, by a press on the map, by buttons
function pick(place, map, told) {
  const cross = svgOf("-16 -31 32 32");
  cross.classList.add("cross");
  const shape = document.querySelector("template[data-pins]").content.querySelector("[data-look=chosen]").cloneNode(true);
  shape.setAttribute("class", "pin chosen");
  cross.append(shape);
  place.append(cross);
  const lat = document.querySelector("[data-lat]"), long = document.querySelector("[data-long]");
  const form = lat.form, radios = () => [...form.querySelectorAll("input[name=place]")];
  let ofRadio = false;
  place.classList.toggle("undecided", !lat.value && (told.undecided || radios().length > 1));
  const chosen = () => {
    place.classList.remove("undecided");
    const centre = map.getCenter();
    lat.value = centre.lat.toFixed(6);
    long.value = centre.lng.toFixed(6);
  };
  let size = map.getSize();
  map.on("move", () => {
    // a telephone that is turned moves the map too, and chooses nothing
    if (!map.getSize().equals(size)) {
      size = map.getSize();
      return;
    }
    chosen();
    if (!ofRadio) for (const radio of radios()) radio.checked = false;
  });
  const tell = later(async () => {
    const asked = new URLSearchParams({ lat: lat.value, long: long.value, pin_lat: lat.value, pin_long: long.value, zoom: map.getZoom(), part: "told" });
    if (told.draft) asked.set("draft", told.draft);
    try {
      const answer = await fetch(`${told.here}?${asked}`);
      if (answer.ok) swap(await answer.text());
    } catch { /* the words stay; the server says the rest when the form is sent */ }
  }, 350);
  map.on("moveend", () => {
    ofRadio = false;
    if (!lat.value) return;
    place.dispatchEvent(new CustomEvent("place-chosen", { bubbles: true }));
    tell();
  });
  place.addEventListener("go-to", ({ detail }) => map.setView(detail, Math.max(map.getZoom(), 16), { animate: false }));
  map.on("click", (press) => map.panTo(press.latlng, { animate: !calm }));
  form.addEventListener("change", (changed) => {
    if (changed.target.name !== "place") return;
    const [x, y] = changed.target.value.split(",").map(Number);
    ofRadio = true;
    map.setView([x, y], Math.max(map.getZoom(), 16), { animate: false });
  });
  const half = (x, y) => () => map.panBy([x * map.getSize().x / 3, y * map.getSize().y / 3], { animate: !calm });
  const moves = { n: half(0, -1), s: half(0, 1), w: half(-1, 0), e: half(1, 0), in: () => map.zoomIn(), out: () => map.zoomOut() };
  place.querySelector(".maptools").addEventListener("click", (press) => {
    const button = press.target.closest("button");
    if (!button) return;
    press.preventDefault();
    moves[button.value]?.();
  });
}

// what the server says of the place takes the place of what it said before
function swap(html) {
  const made = new DOMParser().parseFromString(html, "text/html");
  for (const part of made.querySelectorAll("[data-part]")) {
    const old = document.querySelector(`[data-part=${part.dataset.part}]`);
    if (old && old.innerHTML !== part.innerHTML) old.replaceChildren(...part.childNodes);
  }
}

function later(act, pause) {
  let waiting;
  return () => {
    clearTimeout(waiting);
    waiting = setTimeout(act, pause);
  };
}

function tag(name, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function svgOf(viewBox) {
  return tag("svg", { viewBox, "aria-hidden": "true", focusable: "false" });
}

function text(words, y) {
  const made = tag("text", { y });
  made.textContent = words;
  return made;
}

function styled(href) {
  return new Promise((done) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href });
    link.onload = link.onerror = done;
    // ours stays the last word
    document.head.prepend(link);
  });
}

function scripted(src) {
  return new Promise((done, failed) => {
    const script = Object.assign(document.createElement("script"), { src, onload: done, onerror: failed });
    document.head.append(script);
  });
}
