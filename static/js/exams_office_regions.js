// Regions of hazards on the picture: a click adds its place to the row that was chosen last; all are drawn.

const picture = document.querySelector("[data-picture]");
const fields = [...document.querySelectorAll("#question-form [name^=at_]")];
if (picture && fields.length) {
  const drawing = picture.querySelector("svg");
  const shapeOf = (field) => document.querySelector(`[name=shape_${field.name.slice(3)}]`);
  const numbers = (field) => field.value.split(/[,，\s;；]+/).filter(Boolean).map(Number);
  let chosen = fields.find((field) => !field.value) ?? fields[0];

  const draw = () => {
    drawing.replaceChildren(...fields.flatMap(outline));
  };

  const element = (tag, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  function outline(field) {
    const at = numbers(field);
    if (!at.length || at.some(Number.isNaN)) return [];
    const mine = field === chosen ? "chosen" : "";
    const aspect = picture.clientWidth / picture.clientHeight || 1;
    if (shapeOf(field).value === "circle" && at.length === 3) {
      return [element("ellipse", { cx: at[0], cy: at[1], rx: at[2], ry: at[2] * aspect, class: mine })];
    }
    if (shapeOf(field).value === "rect" && at.length === 4) {
      const [x1, y1, x2, y2] = at;
      return [element("polygon", { points: `${x1},${y1} ${x2},${y1} ${x2},${y2} ${x1},${y2}`, class: mine })];
    }
    const points = [];
    for (let place = 0; place + 1 < at.length; place += 2) points.push(`${at[place]},${at[place + 1]}`);
    if (points.length > 1) return [element("polygon", { points: points.join(" "), class: mine })];
    return [element("circle", { cx: at[0], cy: at[1] ?? 0, r: 1, class: mine })];
  }

  picture.addEventListener("click", (event) => {
    const frame = picture.getBoundingClientRect();
    const x = ((event.clientX - frame.left) / frame.width) * 100;
    const y = ((event.clientY - frame.top) / frame.height) * 100;
    let at = numbers(chosen);
    const shape = shapeOf(chosen).value;
    if (shape === "rect" && at.length >= 4) at = [];
    if (shape === "circle" && at.length >= 3) at = [];
    if (shape === "circle" && at.length === 2) {
      const aspect = frame.height / frame.width;
      at.push(Math.hypot(x - at[0], (y - at[1]) * aspect));
    } else {
      at.push(x, y);
    }
    chosen.value = at.map((value) => Number(value.toFixed(1))).join(", ");
    chosen.dispatchEvent(new Event("input", { bubbles: true }));
  });
  for (const field of fields) {
    const row = field.closest("tr");
    row.addEventListener("focusin", () => {
      chosen = field;
      draw();
    });
    row.addEventListener("input", draw);
  }
  picture.classList.add("live");
  draw();
}
