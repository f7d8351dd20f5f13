// Ordering: a list with buttons in place of the selects, which stay the answer.

const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);

for (const box of document.querySelectorAll("[data-ordering]")) enhance(box);

function enhance(box) {
  const selects = [...box.querySelectorAll("select")];
  const texts = new Map([...selects[0].options].filter((entry) => entry.value).map((entry) => [entry.value, entry.text]));
  const list = document.createElement("ol");
  list.className = "order-list";
  const status = document.createElement("p");
  status.className = "small muted";
  status.setAttribute("role", "status");
  const keepButton = document.createElement("button");
  keepButton.type = "button";
  keepButton.className = "btn wide";
  keepButton.textContent = box.dataset.keep;
  let order = [];

  /** The answer's steps in their places; those left out in the order shown. */
  function read() {
    const given = selects.map((select) => select.value).filter((token) => token);
    order = [...new Set(given), ...[...texts.keys()].filter((token) => !given.includes(token))];
    return given.length > 0;
  }

  function draw(answered) {
    list.replaceChildren(...order.map(row));
    keepButton.hidden = answered;
    status.textContent = answered ? box.dataset.kept : box.dataset.open;
  }

  function row(token, place) {
    const item = document.createElement("li");
    const words = document.createElement("span");
    words.textContent = texts.get(token);
    item.append(words);
    for (const [step, sign, label] of [[-1, "↑", box.dataset.up], [1, "↓", box.dataset.down]]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn";
      button.textContent = sign;
      button.dataset.step = step;
      button.setAttribute("aria-label", fill(label, { text: texts.get(token) }));
      button.disabled = order[place + step] === undefined;
      button.addEventListener("click", () => move(token, step));
      item.append(button);
    }
    return item;
  }

  function move(token, step) {
    const place = order.indexOf(token);
    order.splice(place, 1);
    order.splice(place + step, 0, token);
    store();
    status.textContent = fill(box.dataset.moved, { text: texts.get(token), n: place + step + 1, total: order.length });
    // The moved step keeps the focus, so that it can be moved on.
    const buttons = [...list.children[place + step].querySelectorAll("button")];
    (buttons.find((button) => Number(button.dataset.step) === step && !button.disabled) ?? buttons.find((button) => !button.disabled)).focus();
  }

  function store() {
    selects.forEach((select, place) => {
      select.value = order[place];
    });
    draw(true);
    selects[0].dispatchEvent(new Event("change", { bubbles: true }));
  }

  keepButton.addEventListener("click", () => {
    store();
    list.querySelector("button:not(:disabled)").focus();
  });
  box.closest(".question").addEventListener("exam:filled", () => draw(read()));
  for (const label of box.querySelectorAll(".answer-row")) label.hidden = true;
  box.append(status, list, keepButton);
  draw(read());
}
