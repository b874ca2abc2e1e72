// Questions that hang on answers show when these are given. Without this they all show, each with its condition in words.
self.hang = (form) => {
  const hanging = [...form.querySelectorAll("[data-only-if]")];
  if (!hanging.length) return;
  const given = (code) => [...form.querySelectorAll(`[name="answer.${CSS.escape(code)}"]`)]
    .filter((field) => !field.closest("[data-only-if][hidden]") && (!/radio|checkbox/.test(field.type) || field.checked)).map((field) => field.value);
  const look = () => {
    // one may hang on another that hangs itself
    for (let round = 0; round < hanging.length; round += 1) {
      for (const one of hanging) {
        one.hidden = !Object.entries(JSON.parse(one.dataset.onlyIf)).every(([code, keys]) => given(code).some((value) => keys.includes(value)));
      }
    }
  };
  form.addEventListener("change", look);
  for (const one of hanging) for (const hint of one.querySelectorAll(":scope > .hint")) hint.hidden = true;
  look();
};
for (const form of document.querySelectorAll("form")) hang(form);
