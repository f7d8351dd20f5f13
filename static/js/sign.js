// One signature under one form: drawn on a canvas; without JavaScript, or by choice, the name is typed instead.
// Nothing is kept on the device: the phone may be passed round. Who keeps a draft listens for "change" on the hidden
// field, and has the canvas drawn anew with "redraw".

import { drawable } from "./signature.js";

for (const form of document.querySelectorAll("form[data-sign]")) {
  const path = form.elements.signature;
  const canvas = form.querySelector("canvas");
  const typed = form.querySelector("[data-typed]");
  const offline = form.querySelector("[data-offline]");
  const changed = () => path.dispatchEvent(new Event("change", { bubbles: true }));
  form.querySelector("[data-pad]").hidden = false;
  typed.open = Boolean(form.elements.typed_name.value);
  drawable(canvas, path, changed);
  form.querySelector("[data-clear]").addEventListener("click", () => {
    path.value = "";
    canvas.dispatchEvent(new Event("redraw"));
    changed();
  });
  form.addEventListener("submit", (event) => {
    offline.hidden = navigator.onLine;
    if (!navigator.onLine) {
      event.preventDefault();
      offline.focus();
    }
  });
  window.addEventListener("online", () => {
    offline.hidden = true;
  });
}
