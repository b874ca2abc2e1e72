// Parts of a photo are hidden in the browser, before the photo travels: each becomes a few squares of one colour, in the picture
// itself. By a pointer over the canvas, or by four sliders. Without this the server does the same on a page of its own.
const SQUARES = 4, SMALLEST = 16, SHARE = 16;

export async function offer(input) {
  for (const old of input.form.querySelectorAll(".hiding")) old.remove();
  const files = [...input.files], words = document.querySelector("template[data-hiding]");
  let after = input.closest(".field, fieldset") ?? input;
  for (const [at, file] of files.entries()) {
    let picture;
    try {
      picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch {
      continue; // a kind that this browser cannot read: the server's page can hide its parts
    }
    const place = words.content.firstElementChild.cloneNode(true);
    after.after(place);
    after = place;
    begin(place, picture, file, (made) => {
      files[at] = made;
      const carried = new DataTransfer();
      for (const one of files) carried.items.add(one);
      input.files = carried.files;
    });
  }
}

function begin(place, picture, file, changed) {
  const shown = place.querySelector("canvas"), ranges = [...place.querySelectorAll("[data-at]")], parts = [];
  const whole = Object.assign(document.createElement("canvas"), { width: picture.width, height: picture.height });
  const said = place.querySelector("[data-said]"), draw = shown.getContext("2d");
  const scale = Math.min(1, 640 / picture.width);
  shown.width = Math.round(picture.width * scale);
  shown.height = Math.round(picture.height * scale);
  place.querySelector("[data-name]").textContent = file.name;
  const part = () => ranges.map((one) => Number(one.value) / 100);
  const look = () => {
    draw.drawImage(whole, 0, 0, shown.width, shown.height);
    const [left, top, width, height] = part();
    for (const [colour, wide] of [["#000", 6], ["#fff", 2]]) {
      draw.strokeStyle = colour;
      draw.lineWidth = wide;
      draw.strokeRect(left * shown.width, top * shown.height, Math.min(width, 1 - left) * shown.width, Math.min(height, 1 - top) * shown.height);
    }
  };
  const make = async () => {
    whole.getContext("2d").drawImage(picture, 0, 0);
    for (const one of parts) squares(whole, one);
    look();
    said.textContent = said.dataset.words.replace("%(n)s", parts.length);
    if (!parts.length) return changed(file);
    const blob = await new Promise((done) => whole.toBlob(done, "image/jpeg", 0.9));
    changed(new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }));
  };
  place.addEventListener("input", look);
  place.addEventListener("click", ({ target }) => {
    if (target.dataset.do === "hide") parts.push(part());
    else if (target.dataset.do === "undo") parts.length = 0;
    else return;
    make();
  });
  let from;
  const at = (press) => {
    const box = shown.getBoundingClientRect();
    return [(press.clientX - box.left) / box.width, (press.clientY - box.top) / box.height].map((one) => Math.min(1, Math.max(0, one)));
  };
  const span = (press) => {
    const to = at(press), values = [0, 1].map((i) => Math.min(from[i], to[i])).concat([0, 1].map((i) => Math.abs(from[i] - to[i])));
    values.forEach((value, i) => (ranges[i].value = Math.round(value * 100)));
    look();
  };
  shown.addEventListener("pointerdown", (press) => {
    from = at(press);
    shown.setPointerCapture(press.pointerId);
  });
  shown.addEventListener("pointermove", (press) => from && span(press));
  shown.addEventListener("pointerup", (press) => {
    if (!from) return;
    span(press);
    from = undefined;
  });
  whole.getContext("2d").drawImage(picture, 0, 0);
  look();
}

// the same as on the server: the average of each square, and nothing else of what was there
export function squares(canvas, [left, top, width, height]) {
  const x = Math.floor(left * canvas.width), y = Math.floor(top * canvas.height);
  const wide = Math.ceil(Math.min(left + width, 1) * canvas.width) - x, high = Math.ceil(Math.min(top + height, 1) * canvas.height) - y;
  if (wide < 1 || high < 1) return;
  const draw = canvas.getContext("2d"), { data } = draw.getImageData(x, y, wide, high);
  const smallest = Math.max(SMALLEST, Math.floor(Math.max(canvas.width, canvas.height) / SHARE));
  const across = Math.max(1, Math.min(SQUARES, Math.floor(wide / smallest))), down = Math.max(1, Math.min(SQUARES, Math.floor(high / smallest)));
  for (let row = 0; row < down; row += 1) {
    for (let column = 0; column < across; column += 1) {
      const x0 = Math.round((column * wide) / across), x1 = Math.round(((column + 1) * wide) / across);
      const y0 = Math.round((row * high) / down), y1 = Math.round(((row + 1) * high) / down);
      const sum = [0, 0, 0];
      for (let j = y0; j < y1; j += 1) for (let i = x0; i < x1; i += 1) for (let k = 0; k < 3; k += 1) sum[k] += data[4 * (j * wide + i) + k];
      draw.fillStyle = `rgb(${sum.map((one) => Math.round(one / ((x1 - x0) * (y1 - y0)))).join(" ")})`;
      draw.fillRect(x + x0, y + y0, x1 - x0, y1 - y0);
    }
  }
}
