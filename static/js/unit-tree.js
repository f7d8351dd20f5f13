// Opens or closes every branch of the organisation's tree. Single branches are <details> and need no script.
const branches = document.querySelectorAll("[data-tree] details");
for (const open of [true, false]) {
  const button = document.querySelector(open ? "[data-tree-open]" : "[data-tree-close]");
  if (!button || !branches.length) continue;
  button.hidden = false;
  button.addEventListener("click", () => {
    for (const branch of branches) branch.open = open;
  });
}
