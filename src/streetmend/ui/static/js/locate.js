// "Use my location": shown only where the browser can tell it, asked for only after a press.
const status = document.querySelector("[data-locate-status]");
for (const button of document.querySelectorAll("[data-locate]")) {
  if (!("geolocation" in navigator)) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    button.setAttribute("aria-disabled", "true");
    say("asking");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const lat = coords.latitude.toFixed(6), long = coords.longitude.toFixed(6);
        const query = new URLSearchParams({ lat, long, zoom: "16.5", pin_lat: lat, pin_long: long });
        if (button.dataset.draft) query.set("draft", button.dataset.draft);
        location.assign(`${button.dataset.locate}?${query}`);
      },
      () => {
        button.removeAttribute("aria-disabled");
        say("denied");
      },
      { enableHighAccuracy: true, timeout: 8000, maximumAge: 30000 },
    );
  });
}
function say(what) {
  if (!status) return;
  status.classList.remove("vh");
  status.textContent = status.dataset[what];
}
