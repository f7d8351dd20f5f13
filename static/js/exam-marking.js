// Marking by keyboard: Enter goes on, Alt+M gives a point in full, Ctrl+Enter stores. Shows the sum meanwhile.

const form = document.getElementById("marking");
const fields = [...form.querySelectorAll("[data-share]")];
const total = document.getElementById("total");
const points = Number(total.dataset.points);

const sum = () => {
  const share = fields.reduce((all, field) => all + (Number(field.value) || 0), 0);
  total.textContent = `${share}% · ${Number(((points * share) / 100).toFixed(2))} / ${points}`;
};

const full = (field) => {
  field.value = field.dataset.share;
  sum();
  const next = fields[fields.indexOf(field) + 1];
  (next ?? form.querySelector("button:not([type=button])")).focus();
};

for (const field of fields) {
  const button = field.parentElement.querySelector("[data-full]");
  button.hidden = false;
  button.addEventListener("click", () => full(field));
  field.addEventListener("keydown", (event) => {
    if (event.altKey && event.code === "KeyM") {
      event.preventDefault();
      full(field);
    } else if (event.key === "Enter" && !event.ctrlKey && field !== fields.at(-1)) {
      event.preventDefault();
      fields[fields.indexOf(field) + 1].focus();
    }
  });
}
form.addEventListener("input", sum);
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.ctrlKey) {
    event.preventDefault();
    form.requestSubmit();
  }
});
document.getElementById("keys").hidden = false;
sum();
(fields.find((field) => !field.value) ?? fields[0])?.focus();
