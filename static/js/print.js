// Prints the page from a button, so that phones without a print menu can do it too.
for (const button of document.querySelectorAll("[data-print]")) {
  button.addEventListener("click", () => window.print());
}
