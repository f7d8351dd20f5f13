// The back office's forms for questions and exams: shows what belongs to the chosen type, adds blueprint rows.

const kind = document.querySelector("#question-form [name=kind]");
if (kind) {
  const parts = document.querySelectorAll("#question-form [data-for]");
  const show = () => {
    for (const part of parts) part.hidden = !part.dataset.for.split(" ").includes(kind.value);
  };
  kind.addEventListener("change", show);
  show();
  // A spare row appears when the one before it is used.
  for (const table of document.querySelectorAll(".exam-options")) {
    table.addEventListener("input", (event) => {
      const next = event.target.closest("tr")?.nextElementSibling;
      if (event.target.value) next?.classList.remove("spare");
    });
  }
}

const add = document.getElementById("add-row");
if (add) {
  const total = document.querySelector("[name=rows-TOTAL_FORMS]");
  const body = document.querySelector("[data-rows] tbody");
  const blank = document.getElementById("blank-row");
  add.hidden = false;
  add.addEventListener("click", () => {
    const holder = document.createElement("template");
    holder.innerHTML = blank.innerHTML.replaceAll("__prefix__", total.value);
    total.value = Number(total.value) + 1;
    const row = holder.content.querySelector("tr");
    body.append(row);
    row.querySelector("select").focus();
  });
}
