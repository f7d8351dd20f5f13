// Hazard spotting: places are tapped, or marked with a cursor that the arrow keys move. Each mark is a ticked box.

const FULL = 10000;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
const CELL = /^c(\d)-(\d)$/;

for (const box of document.querySelectorAll("[data-spotting]")) enhance(box);

function placeOf(value) {
  const cell = CELL.exec(value);
  if (cell) return [((2 * cell[1] - 1) * FULL) / 16, ((2 * cell[2] - 1) * FULL) / 12];
  return value.split(",").map(Number);
}

function enhance(box) {
  const { name, taps } = box.dataset;
  const limit = Number(taps);
  const stage = box.querySelector(".spot-stage");
  const marks = box.querySelector(".spot-marks");
  const tools = box.querySelector(".spot-tools");
  const pad = box.querySelector(".spot-pad");
  const list = box.querySelector(".spot-list");
  const status = box.querySelector("[role=status]");
  const layer = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  layer.setAttribute("class", "spot-layer");
  layer.setAttribute("aria-hidden", "true");
  let cursor = null;

  const inputs = () => [...box.querySelectorAll(`[name="${name}"]`)];
  const set = () => inputs().filter((input) => input.checked);
  const percent = (value) => Math.round(value / 100);

  /** Add a box for a place that has none yet. */
  function boxFor(value) {
    const known = inputs().find((input) => input.value === value);
    if (known) return known;
    const input = document.createElement("input");
    input.type = "checkbox";
    input.name = name;
    input.value = value;
    input.dataset.tap = "";
    marks.append(input);
    return input;
  }

  function add(x, y) {
    const clamp = (value) => Math.min(Math.max(Math.round(value), 0), FULL);
    if (set().length >= limit) {
      status.textContent = fill(box.dataset.full, { max: limit });
      return;
    }
    const input = boxFor(`${clamp(x)},${clamp(y)}`);
    input.checked = true;
    changed(input);
  }

  function remove(input) {
    input.checked = false;
    changed(input);
    // Gone with its button: the focus goes to the next one, or to the pad.
    (list.querySelector("button") ?? pad).focus();
  }

  function changed(input) {
    draw();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function draw() {
    const chosen = set();
    layer.replaceChildren(
      ...chosen.flatMap((input, place) => {
        const [x, y] = placeOf(input.value);
        return [shape("circle", { cx: `${x / 100}%`, cy: `${y / 100}%`, r: 14 }), words(x, y, place + 1)];
      }),
    );
    if (cursor) {
      layer.append(
        shape("line", { x1: `${cursor[0] / 100}%`, x2: `${cursor[0] / 100}%`, y1: "0%", y2: "100%", class: "cursor" }),
        shape("line", { x1: "0%", x2: "100%", y1: `${cursor[1] / 100}%`, y2: `${cursor[1] / 100}%`, class: "cursor" }),
      );
    }
    list.replaceChildren(
      ...chosen.map((input, place) => {
        const [x, y] = placeOf(input.value);
        const item = document.createElement("li");
        item.className = "row between";
        const text = document.createElement("span");
        text.textContent = fill(box.dataset.mark, { n: place + 1, x: percent(x), y: percent(y) });
        const button = document.createElement("button");
        button.type = "button";
        button.className = "btn";
        button.textContent = "✕";
        button.setAttribute("aria-label", fill(box.dataset.remove, { n: place + 1 }));
        button.addEventListener("click", () => remove(input));
        item.append(text, button);
        return item;
      }),
    );
    status.textContent = fill(box.dataset.count, { n: chosen.length, max: limit });
  }

  function shape(tag, attributes) {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  }

  function words(x, y, number) {
    const text = shape("text", { x: `${x / 100}%`, y: `${y / 100}%` });
    text.textContent = number;
    return text;
  }

  stage.addEventListener("click", (event) => {
    if (box.closest("fieldset").disabled) return;
    const frame = stage.getBoundingClientRect();
    add(((event.clientX - frame.left) / frame.width) * FULL, ((event.clientY - frame.top) / frame.height) * FULL);
  });

  const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  pad.addEventListener("focus", () => {
    cursor ??= [FULL / 2, FULL / 2];
    draw();
  });
  pad.addEventListener("blur", () => {
    cursor = null;
    draw();
  });
  pad.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    // The arrows turn the page elsewhere.
    event.stopPropagation();
    const step = event.shiftKey ? 100 : 500;
    cursor = [0, 1].map((axis) => Math.min(Math.max((cursor?.[axis] ?? FULL / 2) + move[axis] * step, 0), FULL));
    draw();
    status.textContent = fill(box.dataset.cursor, { x: percent(cursor[0]), y: percent(cursor[1]) });
  });
  pad.addEventListener("click", () => {
    if (cursor) add(...cursor);
  });

  const question = box.closest(".question");
  question.addEventListener("exam:fill", (event) => event.detail.forEach(boxFor));
  question.addEventListener("exam:filled", draw);
  for (const input of box.querySelectorAll(".spot-cells [data-tap]")) marks.append(input);
  box.querySelector(".spot-cells").hidden = true;
  box.querySelector(".spot-grid").remove();
  stage.append(layer);
  tools.hidden = false;
  box.classList.add("scripted");
  draw();
}
