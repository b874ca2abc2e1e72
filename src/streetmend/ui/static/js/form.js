// Step 2 while somebody writes: kinds of problem from the words, a search among them. Both are also there without this, by a button.
const form = document.querySelector("[data-what]");
if (form) what(form);

function what(form) {
  let byHand = Boolean(form.querySelector("[name=category]:checked")), waiting;
  const refresh = async (...parts) => {
    const told = new FormData(form);
    told.set("go", "suggest");
    try {
      const answer = await fetch(form.action, { method: "POST", body: told });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of parts) {
        if (part === "kinds" && byHand) continue;
        const now = form.querySelector(`[data-part=${part}]`), then = page.querySelector(`[data-part=${part}]`);
        if (now && then && !now.contains(document.activeElement)) now.replaceChildren(...then.childNodes);
      }
      search(form);
    } catch { /* the button still asks */ }
  };
  const soon = (...parts) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => refresh(...parts), 400);
  };
  form.addEventListener("input", ({ target }) => {
    if (target.name === "title" && !byHand && target.value.trim().length > 2) soon("kinds", "same");
  });
  form.addEventListener("change", ({ target }) => {
    if (target.name !== "category") return;
    byHand = true;
    soon("same");
  });
  search(form);
  // somebody may have written before this came
  if (!byHand && form.elements.title.value.trim().length > 2) soon("kinds", "same");
}

function search(form) {
  const place = form.querySelector("[data-find]");
  if (!place?.hidden) return;
  place.hidden = false;
  const plain = (words) => words.toLocaleLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  const said = place.querySelector("[data-found]");
  place.querySelector("input").addEventListener("keydown", (key) => key.key === "Enter" && key.preventDefault());
  place.querySelector("input").addEventListener("input", ({ target }) => {
    const words = plain(target.value).split(/\s+/).filter(Boolean);
    let left = 0;
    for (const group of form.querySelectorAll("[data-group]")) {
      const labels = [...group.querySelectorAll("label[data-words]")];
      for (const label of labels) {
        const has = plain(label.dataset.words);
        label.hidden = !words.every((word) => has.includes(word));
      }
      const shown = labels.filter((label) => !label.hidden).length;
      left += shown;
      group.hidden = !shown;
    }
    said.textContent = said.dataset.words.replace("%(n)s", left);
  });
}
