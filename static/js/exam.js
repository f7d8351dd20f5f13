// The exam page: answers go to the server as they are given, the time is the server's.

import { ServerClock, formatSeconds, formatTime } from "./exam/clock.js";
import { Pages } from "./exam/pages.js";
import { Sender } from "./exam/sender.js";
import { Marks, openStore } from "./exam/store.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const start = read("exam-clock");
const texts = read("exam-texts");
const form = document.getElementById("paper");
const token = form.elements.csrfmiddlewaretoken.value;
const clock = new ServerClock(start.serverTime, start.deadline);
const marks = new Marks(start.attempt);
const store = await openStore(start.attempt);
let finished = false;

// What the page says

const stateBox = document.getElementById("state");

function say(sign, text) {
  stateBox.querySelector(".sign").className = `sign ${sign}`;
  const words = stateBox.querySelector("span");
  if (words.textContent !== text) words.textContent = text;
}

function notice(text) {
  const box = document.getElementById("notice");
  box.querySelector("p").textContent = text;
  box.hidden = !text;
}

function showState(name, waiting = 0) {
  if (finished) return;
  if (name === "saving") say("", texts.saving);
  if (name === "offline") say("care", waiting ? texts.offline.replace("{n}", waiting) : texts.offlineClean);
  if (name === "unsaved") say("care", texts.unsaved.replace("{n}", waiting));
}

// Saving

const sender = new Sender({
  store,
  url: form.dataset.save,
  token,
  lastSeq: start.lastSeq,
  on: {
    state: showState,
    receipt(body, waiting) {
      clock.sync(body.server_time, body.deadline);
      if (finished) return;
      notice("");
      if (waiting) say("", texts.saving);
      else say("safe", texts.saved.replace("{time}", formatTime(body.server_time)));
    },
    refused(error, body) {
      if (error === "closed") finish();
      else if (error === "moved") moved();
      else notice(error === "signed_out" ? texts.signedOut : body.message || texts.broken);
    },
  },
});

const pages = new Pages({ form, marks, texts, onTurn: () => closeConfirm(false) });

form.addEventListener("change", (event) => {
  const question = event.target.closest(".question");
  if (!question || finished) return;
  sender.add(pages.slotOf(question), pages.response(question));
  pages.paint();
});

// Answers given while this script was still on its way: nobody listened, but the page shows them as chosen.
const early = new Map(
  pages.questions
    .filter((question) => [...question.querySelectorAll("input")].some((input) => input.checked !== input.defaultChecked))
    .map((question) => [pages.slotOf(question), pages.response(question)]),
);

// Answers this device kept from before a reload: newer than what the server has, or overtaken by it.
for (const { slot, seq, response } of await store.pending()) {
  const question = pages.questions.find((each) => pages.slotOf(each) === slot);
  if (early.has(slot)) await store.confirm(slot, seq);
  else if (question && seq > Number(question.dataset.seq)) pages.fill(slot, response);
  else await store.confirm(slot, seq);
}
say("", texts.ready);
for (const [slot, response] of early) sender.add(slot, response);
if ((await store.pending()).length) sender.flush();

window.addEventListener("online", () => sender.flush());
window.addEventListener("offline", async () => showState("offline", (await store.pending()).length));
document.addEventListener("visibilitychange", () => {
  if (finished) return;
  // Going away: send what waits while the page still lives. Coming back: timers slept, ask for the time.
  if (document.visibilityState === "hidden") sender.flush({ keepalive: true });
  else sender.flush().then(() => sender.ping());
});

// One page of this browser at a time: the newest one answers, the others step back.

const tab = `${Date.now()}-${Math.random()}`;
const tabKey = `anxue-exam:tab:${start.attempt}`;
try {
  localStorage.setItem(tabKey, tab);
  window.addEventListener("storage", (event) => {
    if (event.key === tabKey && event.newValue && event.newValue !== tab) moved();
  });
} catch {
  // Without storage the server's numbering still keeps two pages apart.
}

function moved() {
  if (finished) return;
  finished = true;
  sender.stop();
  pages.hide();
  clearInterval(ticking);
  const panel = document.getElementById("moved");
  say("care", panel.querySelector("h2").textContent);
  panel.hidden = false;
  panel.querySelector("button").focus();
}

// Time

const clockBox = document.getElementById("clock");
const alarm = document.getElementById("alarm");
let lastShown = Infinity;

function tick() {
  const left = clock.secondsLeft();
  clockBox.textContent = formatSeconds(left);
  clockBox.classList.toggle("low", left <= 60);
  if (lastShown > 300 && left <= 300 && left > 60) alarm.textContent = texts.fiveMinutes;
  if (lastShown > 60 && left <= 60 && left > 0) alarm.textContent = texts.oneMinute;
  lastShown = left;
  if (left === 0) timeUp();
}

const ticking = setInterval(tick, 1000);
tick();

async function timeUp() {
  if (finished) return;
  finished = true;
  clearInterval(ticking);
  pages.freeze();
  closeConfirm(false);
  say("must", texts.closing);
  notice(texts.timeUp);
  const everything = await sender.flush();
  const waiting = (await store.pending()).length;
  if (!everything && waiting) notice(texts.lost.replace("{n}", waiting));
  sender.stop();
  setTimeout(leaveWhenReachable, (start.graceSeconds + 1) * 1000);
}

/** Go to the result as soon as the server answers; before that there is nothing to show there. */
async function leaveWhenReachable() {
  try {
    await fetch(form.dataset.result, { method: "GET", credentials: "same-origin", cache: "no-store" });
    await finish();
  } catch {
    setTimeout(leaveWhenReachable, 5000);
  }
}

async function finish() {
  finished = true;
  sender.stop();
  clearInterval(ticking);
  await store.clear();
  marks.clear();
  window.location.replace(form.dataset.result);
}

// Handing in

const confirmBox = document.getElementById("confirm");
const sheetBox = document.getElementById("sheet-card");
const really = document.getElementById("really");

document.getElementById("hand-in").addEventListener("click", () => {
  const open = pages.unanswered();
  const total = pages.questions.length;
  document.getElementById("confirm-text").textContent = open.length
    ? texts.someUnanswered.replace("{n}", open.length)
    : texts.allAnswered.replace("{total}", total);
  document.getElementById("confirm-sheet").replaceChildren(
    ...open.map((slot) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = slot;
      button.setAttribute("aria-label", texts.slot.replace("{n}", slot));
      button.addEventListener("click", () => pages.turnTo(slot));
      return button;
    }),
  );
  confirmBox.hidden = false;
  sheetBox.hidden = true;
  document.getElementById("turn").hidden = true;
  document.getElementById("confirm-title").focus();
});

function closeConfirm(focus = true) {
  confirmBox.hidden = true;
  sheetBox.hidden = false;
  document.getElementById("turn").hidden = false;
  if (focus) document.getElementById("hand-in").focus();
}

document.getElementById("back").addEventListener("click", () => closeConfirm());

really.addEventListener("click", handIn);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  handIn();
});

async function handIn() {
  if (finished || really.disabled) return;
  really.disabled = true;
  say("must", texts.sending);
  try {
    await sender.flush();
    if (finished) return;
    const reply = await fetch(form.action, {
      method: "POST",
      credentials: "same-origin",
      redirect: "error",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" },
      body: JSON.stringify({ steps: await store.pending() }),
    });
    const body = await reply.json();
    if (reply.ok || body.error === "closed") await finish();
    else if (body.error === "moved") moved();
    else notice(body.message || texts.broken);
  } catch {
    notice(texts.submitOffline);
    showState("offline", (await store.pending()).length);
  } finally {
    really.disabled = false;
  }
}
