// A canvas on which a signature is drawn with finger, pen or mouse; the field `path` holds it as a small SVG path.

const WIDTH = 600;
const HEIGHT = 200;
const MAX_CHARS = 19000;

export function drawable(canvas, path, changed) {
  const ink = canvas.getContext("2d");
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  let isDown = false;

  const redraw = () => {
    ink.clearRect(0, 0, WIDTH, HEIGHT);
    ink.strokeStyle = getComputedStyle(canvas).color;
    ink.lineWidth = 4;
    ink.lineCap = ink.lineJoin = "round";
    ink.stroke(new Path2D(path.value));
  };
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const x = Math.round(((event.clientX - box.left) / box.width) * WIDTH);
    const y = Math.round(((event.clientY - box.top) / box.height) * HEIGHT);
    return `${Math.min(Math.max(x, 0), WIDTH)} ${Math.min(Math.max(y, 0), HEIGHT)}`;
  };
  canvas.addEventListener("redraw", redraw);
  canvas.addEventListener("pointerdown", (event) => {
    isDown = true;
    canvas.setPointerCapture(event.pointerId);
    if (path.value.length < MAX_CHARS) {
      path.value += `M${at(event)}`;
    }
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    const point = `L${at(event)}`;
    if (!isDown || path.value.length > MAX_CHARS || path.value.endsWith(point)) {
      return;
    }
    path.value += point;
    redraw();
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => {
      if (isDown) {
        isDown = false;
        changed();
      }
    });
  }
  redraw();
}
