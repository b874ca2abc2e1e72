// Photos: made smaller before they travel, and a bar that says how far they are. Without this the form works as forms do.
const LONGEST = 2048;

for (const input of document.querySelectorAll("[data-photos]")) {
  const chosen = async () => {
    if ("where" in input.dataset) askWhere(input.form);
    else await shrink(input);
    // comes only once there is a photo
    if (input.files.length) (await import(input.dataset.hide)).offer(input);
  };
  input.addEventListener("change", chosen);
  // a photo may be there before this is, where the network is slow
  if (input.files.length) chosen();
}
for (const form of document.querySelectorAll("[data-upload]")) form.addEventListener("submit", (press) => send(press, form));

// the place of the device at the moment of the photo, for photos that do not tell theirs; so nothing of the file may be lost here
function askWhere(form) {
  navigator.geolocation?.getCurrentPosition(
    ({ coords }) => {
      form.elements.device_lat.value = coords.latitude.toFixed(6);
      form.elements.device_long.value = coords.longitude.toFixed(6);
    },
    () => {},
    { enableHighAccuracy: true, timeout: 8000, maximumAge: 30000 },
  );
}

async function shrink(input) {
  const carried = new DataTransfer();
  for (const file of input.files) carried.items.add(await smaller(file));
  input.files = carried.files;
}

async function smaller(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = LONGEST / Math.max(picture.width, picture.height);
    if (scale >= 1) return file;
    const canvas = Object.assign(document.createElement("canvas"), {
      width: Math.round(picture.width * scale), height: Math.round(picture.height * scale),
    });
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    return blob && blob.size < file.size ? new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }) : file;
  } catch {
    return file; // a kind that this browser cannot read: the server can
  }
}

function send(press, form) {
  const input = form.querySelector("[data-photos]");
  if (!input?.files.length) return;
  press.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  const shown = form.querySelector("[data-uploading]"), bar = shown.querySelector("progress");
  shown.hidden = false;
  const told = new FormData(form, press.submitter), request = new XMLHttpRequest();
  const plainly = () => {
    delete form.dataset.busy;
    shown.hidden = true;
  };
  request.upload.addEventListener("progress", (now) => (bar.value = (now.loaded / now.total) * 100));
  request.addEventListener("load", () => {
    plainly();
    if (request.status < 400) return location.assign(request.responseURL);
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    document.title = page.title;
    document.querySelector("main").replaceWith(page.querySelector("main"));
    const again = document.querySelector("[data-upload]");
    again?.addEventListener("submit", (next) => send(next, again));
    document.querySelector(".summary")?.focus();
  });
  request.addEventListener("error", () => {
    plainly();
    form.submit();
  });
  request.open("POST", form.getAttribute("action") || location.href);
  request.send(told);
}
