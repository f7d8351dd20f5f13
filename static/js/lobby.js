// The lobby: counts down by the server's clock, and asks the server as often as the server wants to be asked.
import { formatSeconds, ServerClock } from "./exam/clock.js";

const lobby = document.getElementById("lobby");
const bell = document.getElementById("bell");
const told = document.getElementById("told");
const offline = document.getElementById("offline");
const start = document.getElementById("start");
const texts = JSON.parse(document.getElementById("lobby-texts").textContent);
let standing = JSON.parse(document.getElementById("lobby-standing").textContent);
const clock = new ServerClock(standing.server_time, standing.bell);
const LONGEST_WAIT_S = 60;
let misses = 0;
let timer = 0;
let leaving = false;

function tick() {
  if (standing.stage !== "waiting" && standing.stage !== "planned") return;
  const left = clock.secondsLeft();
  bell.textContent = left ? texts.waiting.replace("{time}", formatSeconds(left)) : texts.due;
}

function show(next) {
  const changed = next.stage !== standing.stage || next.seat_state !== standing.seat_state;
  standing = next;
  clock.sync(next.server_time, next.bell);
  const mayStart = next.stage === "may_start";
  told.classList.toggle("safe", mayStart);
  told.classList.toggle("must", !mayStart);
  const sign = told.querySelector(".sign");
  sign.classList.toggle("safe", mayStart);
  sign.classList.toggle("must", !mayStart);
  const words = told.querySelector("p");
  if (words.textContent !== next.told) words.textContent = next.told;
  if (!changed) return;
  if (mayStart) {
    start.hidden = false;
    bell.hidden = true;
    if ("vibrate" in navigator) navigator.vibrate(200);
  } else {
    // Anything else that changed shows other buttons: the server draws the page anew.
    window.location.reload();
  }
}

async function ask() {
  clearTimeout(timer);
  if (leaving) return;
  let wait = Number(lobby.dataset.askAgain);
  try {
    const reply = await fetch(lobby.dataset.state, {
      headers: { Accept: "application/json" },
      signal: AbortSignal.timeout(15_000),
    });
    wait = Number(reply.headers.get("Retry-After")) || wait;
    const next = reply.ok ? await reply.json() : null;
    // A button has been pressed meanwhile: to load this page anew now would end the way to the next one.
    if (leaving) return;
    if (reply.status === 401 || reply.status === 404) {
      window.location.reload();
      return;
    }
    if (!next) throw new Error(`status ${reply.status}`);
    show(next);
    misses = 0;
    offline.hidden = true;
  } catch {
    // Two thousand phones lose the network together: each waits longer, and not all as long.
    misses += 1;
    wait = Math.min(Math.max(wait, 2 ** misses), LONGEST_WAIT_S) * (0.75 + Math.random() / 2);
    offline.hidden = false;
  }
  if (standing.stage !== "handed_in") timer = setTimeout(ask, wait * 1000);
}

lobby.addEventListener("submit", () => {
  leaving = true;
  clearTimeout(timer);
});
start.addEventListener("submit", () => {
  // A second tap would only ask for the same paper again.
  setTimeout(() => (start.querySelector("button").disabled = true));
});
// A page that comes back from the phone's memory is out of date.
window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
window.addEventListener("online", () => misses && ask());

tick();
setInterval(tick, 500);
timer = setTimeout(ask, Number(lobby.dataset.askAgain) * 1000);
