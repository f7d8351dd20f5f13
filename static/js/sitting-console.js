// The console of a sitting: what htmx brings anew every few seconds takes no button away while it is being pressed.

// Nobody presses a button for longer; and an end of it that was never told (a menu took it) must not stop the news.
const LONGEST_PRESS_MS = 3000;
let pressedAt = -Infinity;

document.addEventListener("pointerdown", () => {
  pressedAt = performance.now();
});
for (const kind of ["pointerup", "pointercancel", "dragend"]) {
  // The click comes after the pointer is up.
  document.addEventListener(kind, () => setTimeout(() => (pressedAt = -Infinity)));
}
document.addEventListener("htmx:beforeSwap", (event) => {
  if (performance.now() - pressedAt < LONGEST_PRESS_MS) event.detail.shouldSwap = false; // the next turn brings it
});
