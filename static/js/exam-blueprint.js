// While a blueprint is typed: asks the server how many questions fit each row, and shows what is missing.

const form = document.querySelector("form[data-check]");
const PAUSE_MS = 400;

if (form) {
  const sum = document.getElementById("paper-sum");
  let timer;
  let asked = 0;

  const advice = (row) => {
    let line = row.nextElementSibling;
    if (!line?.hasAttribute("data-advice")) {
      line = document.createElement("tr");
      line.dataset.advice = "";
      const cell = line.insertCell();
      cell.colSpan = row.cells.length;
      row.after(line);
    }
    return line;
  };

  const show = (found) => {
    const told = new Map(found.rows.map((row) => [row.prefix, row]));
    for (const row of form.querySelectorAll("tr[data-row]")) {
      const answer = told.get(row.dataset.row);
      row.querySelector("[data-number]").textContent = answer?.number ?? "";
      row.querySelector("[data-fits]").textContent = answer?.fits ?? "";
      const line = answer?.text ? advice(row) : row.nextElementSibling;
      if (answer?.text) {
        line.className = answer.missing ? "wrong" : "told";
        line.cells[0].textContent = answer.text;
      } else if (line?.hasAttribute("data-advice")) {
        line.remove();
      }
    }
    sum.textContent = found.text;
    sum.classList.toggle("wrong", found.missing > 0);
    sum.hidden = !found.text;
  };

  const ask = async () => {
    const turn = ++asked;
    let answer;
    try {
      answer = await fetch(form.dataset.check, { method: "POST", body: new FormData(form) });
    } catch {
      return; // No network: saving checks again.
    }
    if (answer.ok && turn === asked) show(await answer.json());
  };

  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(ask, PAUSE_MS);
  };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  ask();
}
