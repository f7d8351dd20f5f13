// Notes what happens around the answering: leaving the page, pasting, printing. What was copied or typed is never
// sent, only that it was. Knows nothing of saving answers and never stands in their way: what cannot be sent
// is tried again with the next report and is otherwise lost.

const form = document.getElementById("paper");
const url = form?.dataset.events;
const token = form?.elements.csrfmiddlewaretoken?.value;
const SEND_EVERY = 15000;
const ASK_EVERY = 60000;
const MOST_WAITING = 40;

const page = [...crypto.getRandomValues(new Uint8Array(9))].map((byte) => byte.toString(36).padStart(2, "0")).join("");
let waiting = [];
let number = 0;
let stopped = false;
let timer = null;
let wanted = null;

function slotInView() {
  return Number(document.querySelector(".question.now")?.dataset.slot ?? 0) || undefined;
}

function note(kind, more = {}) {
  if (stopped) return;
  number += 1;
  const event = { n: number, kind, at: performance.now(), slot: slotInView(), ...more };
  // The oldest of too many go: the newest tell more.
  waiting = [...waiting, event].slice(-MOST_WAITING);
  schedule();
}

function schedule(pause = 2000) {
  // Spread out: a whole room opens its papers in the same second.
  if (timer === null && !stopped) timer = setTimeout(send, pause + Math.random() * 4000);
}

function body() {
  const now = performance.now();
  const events = waiting.map(({ at, ...event }) => ({ ...event, ago_ms: Math.round(now - at) }));
  return JSON.stringify({ page, events });
}

async function send() {
  clearTimeout(timer);
  timer = null;
  if (stopped || (!waiting.length && !wanted)) return;
  const sent = waiting;
  try {
    const reply = await fetch(url, {
      method: "POST",
      credentials: "same-origin",
      redirect: "error",
      keepalive: true,
      headers: { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" },
      body: body(),
    });
    if (reply.ok || reply.status === 400) waiting = waiting.filter((event) => !sent.includes(event));
    if (reply.ok) tell(await reply.json());
    // Closed, or another device answers now: nothing more to note here.
    else if (reply.status === 409 || reply.status === 404) stopped = true;
  } catch {
    // Offline: they wait with the next ones.
  }
  if (waiting.length) schedule(SEND_EVERY);
}

function tell(answer) {
  wanted = answer.photo ?? null;
  document.dispatchEvent(new CustomEvent("exam:photo-wanted", { detail: wanted }));
}

function start() {
  const came = performance.getEntriesByType("navigation")[0]?.type;
  note(came === "reload" || came === "back_forward" ? "reloaded" : "opened");

  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") {
      note("hidden");
      send();
    } else note("shown");
  });
  // Within one window a hidden page loses the focus as well: said once, by the former.
  let blurred = false;
  window.addEventListener("blur", () =>
    setTimeout(() => {
      if (document.visibilityState === "hidden" || document.hasFocus()) return;
      blurred = true;
      note("blur");
    }, 200),
  );
  window.addEventListener("focus", () => {
    if (blurred) note("focus");
    blurred = false;
  });
  for (const kind of ["copy", "cut", "paste"]) {
    document.addEventListener(kind, (event) => {
      const text = kind === "paste" ? event.clipboardData?.getData("text") : String(document.getSelection() ?? "");
      note(kind, { chars: Math.min(text?.length ?? 0, 1000000) });
    });
  }
  window.addEventListener("beforeprint", () => note("print"));
  window.addEventListener("offline", () => note("offline"));
  window.addEventListener("online", () => note("online"));
  document.addEventListener("fullscreenchange", () => {
    if (!document.fullscreenElement) note("fullscreen_left");
  });
  // Moments for a photograph are the server's: ask now and then while some may still come.
  if (form.dataset.photos) {
    setInterval(() => {
      wanted ??= {};
      send();
    }, ASK_EVERY * (0.75 + Math.random() / 2));
  }
}

if (url && token) start();
