// The exam page: answers go to the server as they are given, the time is the server's.

import { ServerClock, formatSeconds, formatTime } from "./exam/clock.js";
import { Pages } from "./exam/pages.js";
import { Sender } from "./exam/sender.js";
import { Marks, openStore } from "./exam/store.js";
import { Watch } from "./exam/watch.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);
const start = read("exam-clock");
const texts = read("exam-texts");
const form = document.getElementById("paper");
const token = form.elements.csrfmiddlewaretoken.value;
const clock = new ServerClock(start.serverTime, start.deadline);
const marks = new Marks(start.attempt);
const store = await openStore(start.attempt);
// Read before anybody is listened to: an answer given from here on is newer than all of these.
const kept = await store.pending();
let finished = false;
let leaving = false;
let paused = false;

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
      follow(body.server_time, body.deadline);
      watch.wait();
      if (finished) return;
      notice("");
      if (waiting) say("", texts.saving);
      else say("safe", texts.saved.replace("{time}", formatTime(body.server_time)));
    },
    refused(error, body) {
      if (error === "closed") finish();
      else if (error === "moved") moved();
      else if (error === "paused") pause();
      else if (error === "slot_left") window.location.reload();
      else notice(error === "signed_out" ? texts.signedOut : body.message || texts.broken);
    },
  },
});

const pages = new Pages({ form, marks, texts, oneWay: start.oneWay, onTurn: () => closeConfirm(false) });

// Typed texts are kept when the typing pauses, all else at once.
const TYPING_PAUSE = 1200;
const typing = new Map();

function keep(question) {
  clearTimeout(typing.get(question));
  typing.delete(question);
  if (finished) return;
  sender.add(pages.slotOf(question), pages.response(question));
  pages.paint();
}

/** Keep what is still being typed; before leaving and handing in. */
function settle() {
  for (const question of [...typing.keys()]) keep(question);
}

form.addEventListener("input", (event) => {
  const question = event.target.closest(".question");
  if (!question || finished || !event.target.matches("textarea, input[type=text]")) return;
  clearTimeout(typing.get(question));
  typing.set(
    question,
    setTimeout(() => keep(question), TYPING_PAUSE),
  );
});
form.addEventListener("change", (event) => {
  const question = event.target.closest(".question");
  // A text that was kept already changes nothing by losing the focus.
  if (!question || (event.target.matches("textarea, input[type=text]") && !typing.has(question))) return;
  keep(question);
});

// Answers given while this script was still on its way: nobody listened, but the page shows them as chosen.
const early = new Map(
  pages.questions
    .filter((question) => pages.touched(question))
    .map((question) => [pages.slotOf(question), pages.response(question)]),
);

// Answers this device kept from before a reload: newer than what the server has, or overtaken by it.
const overtaken = [];
for (const { slot, seq, response } of kept) {
  const question = pages.questions.find((each) => pages.slotOf(each) === slot);
  if (!early.has(slot) && question && seq > Number(question.dataset.seq)) pages.fill(slot, response);
  else overtaken.push({ slot, seq });
}
say("", texts.ready);
for (const [slot, response] of early) sender.add(slot, response);
catchUp();

/** Send what waits. Not waited for: everything below listens from the moment on in which the page says it is ready. */
async function catchUp() {
  for (const { slot, seq } of overtaken) await store.confirm(slot, seq);
  if (await sender.waiting()) sender.flush();
}

window.addEventListener("online", () => sender.flush());
window.addEventListener("offline", async () => showState("offline", (await store.pending()).length));
document.addEventListener("visibilitychange", () => {
  if (finished) return;
  settle();
  // Going away: send what waits while the page still lives. Coming back: timers slept, ask for the time.
  if (document.visibilityState === "hidden") sender.flush({ keepalive: true });
  else sender.flush().then(() => watch.ask());
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
  watch.stop();
  pages.hide();
  clearInterval(ticking);
  const panel = document.getElementById("moved");
  say("care", panel.querySelector("h2").textContent);
  panel.hidden = false;
  panel.querySelector("button").focus();
}

// What the invigilator does: more time, a pause

const toldBox = document.getElementById("told");

/** Take the server's time and deadline; say so when the deadline has moved. */
function follow(serverTime, deadline) {
  const more = Math.round((Date.parse(deadline) - clock.deadline) / 60000);
  clock.sync(serverTime, deadline);
  if (more < 1) return;
  toldBox.querySelector("p").textContent = texts.extended.replace("{n}", more);
  toldBox.hidden = false;
  lastShown = Infinity;
}

const watch = new Watch({
  url: form.dataset.standing,
  heard(body) {
    if (finished) return;
    if (body.state !== "open") return void finish();
    if (body.moved) return moved();
    if (body.paused) return pause();
    if (paused) return void resume();
    follow(body.server_time, body.deadline);
  },
});

/** Put the paper away and stop the clock: the server takes no answers now, and the time stands there. */
function pause() {
  if (finished || paused) return;
  paused = true;
  settle();
  pages.hide();
  toldBox.hidden = true;
  const panel = document.getElementById("paused");
  panel.hidden = false;
  say("care", texts.paused);
  panel.querySelector("h2").focus();
  watch.ask();
}

/** The page is opened anew: it then has the server's time, and what waits on this device is put back and sent. */
async function resume() {
  finished = true;
  sender.stop();
  watch.stop();
  window.location.reload();
}

// Time

const clockBox = document.getElementById("clock");
const alarm = document.getElementById("alarm");
let lastShown = Infinity;

function tick() {
  if (paused) return;
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
  settle();
  finished = true;
  watch.stop();
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
  // The reply to handing in and the question how things stand may both say it: the second must not begin anew.
  if (leaving) return;
  leaving = true;
  finished = true;
  sender.stop();
  watch.stop();
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
  document.getElementById("confirm-text").textContent = start.oneWay ? unseen(open) : leftOpen(open, total);
  document.getElementById("confirm-sheet").replaceChildren(
    ...(start.oneWay ? [] : open).map((slot) => {
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

function leftOpen(open, total) {
  return open.length ? texts.someUnanswered.replace("{n}", open.length) : texts.allAnswered.replace("{total}", total);
}

/** Of a one-way paper this page knows the present question alone. */
function unseen(open) {
  const ahead = start.total - pages.slotOf(pages.questions[0]);
  return [open.length ? texts.thisUnanswered : "", ahead ? texts.unseen.replace("{n}", ahead) : ""].join("");
}

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
  settle();
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
    else if (body.error === "paused") pause();
    else notice(body.message || texts.broken);
  } catch {
    notice(texts.submitOffline);
    showState("offline", (await store.pending()).length);
  } finally {
    really.disabled = false;
  }
}

// One way: the next question comes from the server, with the last answer to this one

const next = document.getElementById("next");
let warned = false;

async function goOn() {
  if (finished || paused || next.disabled) return;
  settle();
  if (pages.unanswered().length && !warned) {
    warned = true;
    return notice(texts.emptyNext);
  }
  next.disabled = true;
  try {
    await sender.flush();
    if (finished || paused) return;
    const reply = await fetch(form.dataset.next, {
      method: "POST",
      credentials: "same-origin",
      redirect: "error",
      headers: { "Content-Type": "application/json", "X-CSRFToken": token, Accept: "application/json" },
      body: JSON.stringify({ slot: pages.slotOf(pages.questions[0]), steps: await store.pending() }),
    });
    const body = await reply.json();
    if (reply.ok) {
      // Everything of this question is with the server now.
      await store.clear();
      window.location.reload();
    } else if (body.error === "closed") await finish();
    else if (body.error === "moved") moved();
    else if (body.error === "paused") pause();
    else if (body.error === "slot_left") window.location.reload();
    else notice(body.message || texts.broken);
  } catch {
    notice(texts.nextOffline);
    showState("offline", (await store.pending()).length);
  } finally {
    next.disabled = false;
  }
}

if (start.oneWay) next.addEventListener("click", goOn);
