// The number pad of a shared tablet. A badge scanner types the number and Enter, like a keyboard.
const form = document.getElementById("kiosk-pad");
const number = form.elements.number;
const pin = form.elements.pin;
const PIN_LENGTH = 6;
let current = number.value ? pin : number;

for (const field of [number, pin]) {
  field.addEventListener("focus", () => {
    current = field;
  });
}

function submitIfComplete() {
  if (number.value.trim() && pin.value.length === PIN_LENGTH) form.requestSubmit();
}

form.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (!key) return;
  current.value = key === "back" ? current.value.slice(0, -1) : current.value + key;
  current.focus();
  if (current === pin) submitIfComplete();
});

pin.addEventListener("input", submitIfComplete);

// Enter after the number leads on to the PIN; only both together are sent.
form.addEventListener("submit", (event) => {
  if (!number.value.trim()) {
    event.preventDefault();
    number.focus();
  } else if (!pin.value) {
    event.preventDefault();
    pin.focus();
  }
});

// What the person before left in the fields is nobody's business.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) form.reset();
});
