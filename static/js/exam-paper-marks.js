// Typing marks in: Enter goes on to the next field, and the whole field is marked so that typing replaces it.

for (const form of document.querySelectorAll("[data-enter-goes-on]")) {
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.target.tagName !== "INPUT") return;
    const fields = [...form.querySelectorAll("table input:not(.reason)")];
    const next = fields[fields.indexOf(event.target) + 1] ?? form.querySelector("button[type=submit]");
    event.preventDefault();
    next.focus();
    if (next.select) next.select();
  });
}
