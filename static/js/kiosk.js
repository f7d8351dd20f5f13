// The time left on a shared tablet: shown, begun anew when somebody touches the screen, and ended.
const bar = document.getElementById("kiosk-bar");
const clock = bar.querySelector("[data-clock]");
const warning = document.getElementById("kiosk-warning");
const WARN_S = 30;
const TOUCH_EVERY_MS = 20_000;
let endsAt = performance.now() + Number(bar.dataset.left) * 1000;
let touchedAt = performance.now();
let asking = false;

async function ask(method) {
  if (asking) return;
  asking = true;
  try {
    const token = bar.querySelector("[name=csrfmiddlewaretoken]").value;
    const reply = await fetch(bar.dataset.time, {
      method,
      headers: { Accept: "application/json", "X-CSRFToken": token },
    });
    if (reply.status === 401) leave();
    else if (reply.ok) endsAt = performance.now() + (await reply.json()).left_s * 1000;
  } catch {
    // No network: the clock goes on, and the server ends the session by its own clock.
  } finally {
    asking = false;
  }
}

function leave() {
  window.location.replace(bar.dataset.pad);
}

function tick() {
  const left = Math.max(Math.ceil((endsAt - performance.now()) / 1000), 0);
  clock.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  const isLast = left <= WARN_S;
  warning.textContent = isLast ? warning.dataset.warning : "";
  // Work done by scripts (a film, an exam) may have lengthened the time: ask before leaving.
  if (isLast && left % 10 === 0) ask("GET").then(() => endsAt <= performance.now() && leave());
}

for (const kind of ["pointerdown", "keydown", "scroll"]) {
  document.addEventListener(
    kind,
    () => {
      const at = performance.now();
      if (at - touchedAt < TOUCH_EVERY_MS) return;
      touchedAt = at;
      ask("POST");
    },
    { passive: true },
  );
}

tick();
setInterval(tick, 1000);
