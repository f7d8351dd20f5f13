// A signed reflection: what was written and drawn stays on this device until the server has it. Signing itself is
// sign.js, which runs before this.

import "./sign.js";

const form = document.querySelector("[data-reflection]");

for (const done of document.querySelectorAll("[data-forget-draft]")) {
  keep(done.dataset.forgetDraft, null);
}
if (form) {
  start(form);
}

function keep(key, value) {
  try {
    if (value === null) {
      localStorage.removeItem(key);
    } else {
      localStorage.setItem(key, JSON.stringify(value));
    }
  } catch {
    // Private windows keep nothing; the page works all the same.
  }
}

function kept(key) {
  try {
    return JSON.parse(localStorage.getItem(key)) ?? {};
  } catch {
    return {};
  }
}

function start(page) {
  const key = page.dataset.reflection;
  const text = page.elements.text;
  const path = page.elements.signature;
  const count = page.querySelector("[data-count]");
  const least = Number(text.dataset.least);
  const draft = kept(key);
  if (!text.value && draft.text) {
    text.value = draft.text;
  }
  if (!path.value && draft.path) {
    path.value = draft.path;
    page.querySelector("canvas").dispatchEvent(new Event("redraw"));
  }

  const tell = () => {
    const written = text.value.replace(/\s/g, "").length;
    count.textContent = `${written} / ${least}`;
  };
  const save = () => keep(key, { text: text.value, path: path.value });
  text.addEventListener("input", () => {
    tell();
    save();
  });
  tell();
  path.addEventListener("change", save);
  page.addEventListener("submit", save);
  // What was typed while this script was still on its way.
  if (text.value && text.value !== draft.text) save();
}
