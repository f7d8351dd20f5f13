// A button that ticks every box of a list, and takes the ticks back when all are set.
// <button type="button" data-tick-all="NAME" hidden> stays hidden where scripts do not run.
for (const button of document.querySelectorAll("[data-tick-all]")) {
  const boxes = [...button.form.elements].filter(
    (box) => box.type === "checkbox" && box.name === button.dataset.tickAll,
  );
  button.hidden = boxes.length < 2;
  button.addEventListener("click", () => {
    const all = boxes.every((box) => box.checked);
    for (const box of boxes) box.checked = !all;
  });
}
