// What is printed opens in a window of its own. When the reader comes back, the list is read anew, so that what was
// printed is no longer on it.

let left = false;
for (const act of document.querySelectorAll("[data-print]")) {
  act.addEventListener(act.tagName === "FORM" ? "submit" : "click", () => {
    left = true;
  });
}
document.addEventListener("visibilitychange", () => {
  if (left && document.visibilityState === "visible") {
    location.reload();
  }
});
