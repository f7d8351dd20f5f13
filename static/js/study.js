// Study proof in the page: says to the server what is in front of the reader, and shows what the server
// counts. Nothing here decides anything; every figure on the page comes from a reply.
import { FilmSource } from "./film.js";
import { hmacHex } from "./hmac.js";

const TICK_MS = 500;
const RETRY_MS = 3000;
const EXPLAINED_MS = 20_000;
const MOST_UNSENT = 2; // beats; beyond that the film waits for the network, because nothing would be credited
const STOPS = new Set(["taken_over", "signed_out", "lesson_closed", "content_changed", "no_employee", "not_open"]);
const NO_SESSION = "00000000-0000-0000-0000-000000000000";

class Page {
  constructor(bar) {
    this.bar = bar;
    this.film = document.querySelector("video[data-film]");
    this.sections = [...document.querySelectorAll("[data-section]")];
    this.completed = ""; // when, in words
  }

  find(name, root = this.bar) {
    return root.querySelector(`[data-${name}]`);
  }

  say(text, action = "") {
    this.find("message-box").hidden = !text;
    this.find("message").textContent = text;
    for (const name of ["take-over", "reload", "login"]) this.find(name).hidden = name !== action;
  }

  /** Mark whether what is seen and read is counted at the moment: before the session is open nothing is. */
  connected(is) {
    this.bar.toggleAttribute("data-connected", is);
  }

  show(report) {
    const { film, reading } = report;
    if (film) {
      const label = this.find("film-label", document);
      label.textContent = film.label;
      this.find("film-rule", document).hidden = film.done;
      this.find("film-done", document).hidden = !film.done;
      this.draw(film.intervals);
    } else if (this.film) {
      this.find("film-rule", document).hidden = true;
    }
    // A film that is not asked for, because it was seen with an earlier edition, is as free as one seen now.
    const isDone = film?.done ?? true;
    this.film?.dispatchEvent(new CustomEvent("study:film", { detail: { isDone }, bubbles: true }));
    for (const section of this.sections) {
      const state = report.sections[section.dataset.section];
      if (state) this.find("section-done", section).hidden = !state.done;
    }
    const parts = [report.package?.label, reading?.label, film?.label].filter(Boolean);
    // What is completed stays so: the answer to a report sent just before may come after that to the confirmation.
    const completed = report.completed || this.completed;
    this.find("study-label").textContent = parts.join(" · ");
    this.find("confirm").disabled = !report.can_confirm;
    if (completed) this.complete(completed);
  }

  draw(intervals) {
    const svg = this.find("film-seen", document);
    svg.replaceChildren(
      ...intervals.map(([from, to]) => {
        const part = document.createElementNS("http://www.w3.org/2000/svg", "rect");
        const place = { x: from, y: 0, width: to - from, height: 10 };
        for (const [name, value] of Object.entries(place)) part.setAttribute(name, value);
        return part;
      }),
    );
  }

  complete(words) {
    this.completed = words;
    this.find("study-label").textContent = words;
    this.find("confirm").hidden = true;
    this.find("completed").hidden = false;
  }
}

/** The question that interrupts a film. It asks and shows; what an answer is worth the server says. */
class Check {
  constructor(dialog, film, answer) {
    Object.assign(this, { dialog, film, answer, asked: null });
    this.find = (name) => dialog.querySelector(`[data-check-${name}]`);
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    this.find("form").addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = this.dialog.querySelector("input:checked");
      if (chosen || !this.asked.options.length) this.answer(this.asked.number, chosen?.value ?? "");
    });
  }

  show(asked, message = "") {
    const isNew = asked.number !== this.asked?.number;
    this.asked = asked;
    this.find("message").textContent = message;
    this.endsAt = performance.now() + asked.left_s * 1000;
    if (isNew || !this.dialog.open) this.draw(asked);
    this.count();
    if (this.dialog.open) return;
    this.film.pause();
    document.exitFullscreen?.().catch(() => {});
    this.film.webkitExitFullscreen?.();
    this.dialog.showModal();
    navigator.vibrate?.(200);
    this.timer = setInterval(() => this.count(), 1000);
  }

  draw(asked) {
    this.find("stem").textContent = asked.stem || this.find("stem").dataset.tap;
    this.find("options").replaceChildren(
      ...asked.options.map((text, place) => {
        const label = document.createElement("label");
        const input = document.createElement("input");
        Object.assign(input, { type: "radio", name: "choice", value: place, required: true });
        label.className = "row top-aligned";
        label.append(input, text);
        return label;
      }),
    );
  }

  count() {
    const left = Math.max(0, Math.round((this.endsAt - performance.now()) / 1000));
    this.find("left").textContent = this.find("left").dataset.words.replace("%s", left);
    if (left === 0 && this.dialog.open && !this.late) {
      this.late = true; // once; the server says what it cost
      this.answer(this.asked.number, "");
    }
  }

  close() {
    clearInterval(this.timer);
    this.asked = null;
    this.late = false;
    if (this.dialog.open) this.dialog.close();
  }
}

class Study {
  constructor(bar) {
    this.page = new Page(bar);
    const dialog = document.querySelector("[data-check]");
    const answer = (number, choice) => this.answerCheck(number, choice);
    this.check = dialog && this.page.film ? new Check(dialog, this.page.film, answer) : null;
    this.source = this.page.film?.dataset.address ? new FilmSource(this.page.film) : null;
    this.urls = bar.dataset;
    this.token = bar.querySelector("[name=csrfmiddlewaretoken]").value;
    this.queue = [];
    this.stretch = null; // what is being reported now: {part, from, to, visible, rate}, in seconds
    this.read = {}; // seconds read, by section: the server's figure and what is not yet sent
    this.live = false;
    this.sending = false;
    this.explainedAt = -Infinity;
    this.lastTick = performance.now();
  }

  async start() {
    this.listen();
    setInterval(() => this.tick(), TICK_MS);
    await this.open();
  }

  // Talking with the server

  async post(url, fields) {
    const body = new URLSearchParams({ ...fields, csrfmiddlewaretoken: this.token });
    const reply = await fetch(url, { method: "POST", body, keepalive: true, credentials: "same-origin" });
    if (reply.status >= 500) throw new Error(`status ${reply.status}`);
    const data = await reply.json().catch(() => ({ error: "signed_out", message: "" }));
    return { ok: reply.ok, data };
  }

  async open() {
    this.live = false;
    this.page.connected(false);
    let answer;
    try {
      answer = await this.post(this.urls.openUrl, {});
    } catch {
      this.page.say(this.urls.textOffline);
      setTimeout(() => this.open(), RETRY_MS);
      return;
    }
    if (!answer.ok) {
      this.stop(answer.data);
      return;
    }
    const { session, key, next_seq: seq, beat_s: beat, jump_s: jump, progress } = answer.data;
    Object.assign(this, { session, key, seq, beat, jump, queue: [], stretch: null, live: true });
    this.page.say("");
    this.source?.use(session);
    document.dispatchEvent(new CustomEvent("study:opened", { detail: answer.data }));
    this.take(progress);
    this.ask(answer.data.check);
    if (this.report.film && !this.report.film.done) this.resume();
    this.page.connected(true);
  }

  address(name) {
    return this.urls[name].replace(NO_SESSION, this.session);
  }

  flush() {
    const part = this.stretch;
    this.stretch = null;
    if (!part || !this.live || part.to - part.from < 0.05) return;
    const beat = {
      seq: this.seq,
      part: part.part,
      from_ms: Math.round(part.from * 1000),
      to_ms: Math.round(part.to * 1000),
      rate_pct: Math.round(part.rate * 100),
      visible: part.visible ? 1 : 0,
    };
    this.seq += 1;
    const signed = [this.session, ...Object.values(beat)].join("\n");
    this.queue.push({ ...beat, mac: hmacHex(this.key, signed) });
    this.send();
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    while (this.live && this.queue.length) {
      let answer;
      try {
        answer = await this.post(this.address("beatUrl"), this.queue[0]);
      } catch {
        this.offline = true;
        this.page.say(this.urls.textOffline);
        await new Promise((wake) => setTimeout(wake, RETRY_MS));
        continue;
      }
      if (this.offline) this.page.say(this.urls.textOnline);
      this.offline = false;
      if (answer.ok) {
        this.queue.shift();
        // What a beat has to say does not take an explanation away from who reads it.
        const isRead = performance.now() - this.explainedAt > EXPLAINED_MS;
        if (answer.data.message && isRead) this.page.say(answer.data.message);
        this.take(answer.data.progress);
        this.ask(answer.data.check);
      } else {
        this.refused(answer.data);
      }
    }
    this.sending = false;
  }

  ask(asked) {
    if (!this.check) return;
    if (asked) this.check.show(asked);
    else this.check.close();
  }

  async answerCheck(number, choice) {
    let answer;
    try {
      answer = await this.post(this.address("checkUrl"), { check: number, choice });
    } catch {
      this.check.find("message").textContent = this.urls.textOffline;
      setTimeout(() => this.check.asked?.number === number && this.answerCheck(number, choice), RETRY_MS);
      return;
    }
    if (!answer.ok) {
      this.check.close();
      this.refused(answer.data);
      return;
    }
    const { outcome, message, progress, check } = answer.data;
    if (!outcome) {
      this.check.show(check, message);
      return;
    }
    this.check.close();
    this.page.say(message);
    this.explainedAt = performance.now();
    this.take(progress);
    if (outcome !== "answered") this.page.film.currentTime = progress.film.frontier_s;
    else this.page.film.play().catch(() => {}); // a browser may want a tap first
  }

  refused(data) {
    if (STOPS.has(data.error)) {
      this.stop(data);
    } else {
      // Out of step with the server: begin again from what it has.
      this.page.say(data.message);
      this.open();
    }
  }

  stop(data) {
    this.live = false;
    this.page.connected(false);
    this.queue = [];
    this.stretch = null;
    this.page.film?.pause();
    this.check?.close();
    document.dispatchEvent(new CustomEvent("study:stopped"));
    const actions = { taken_over: "take-over", signed_out: "login", content_changed: "reload" };
    this.page.say(data.message, actions[data.error]);
  }

  take(report) {
    this.report = report;
    this.page.show(report);
    document.dispatchEvent(new CustomEvent("study:shown", { detail: report }));
    const unsent = new Set(this.queue.map((beat) => beat.part));
    if (this.stretch) unsent.add(this.stretch.part);
    for (const [name, state] of Object.entries(report.sections)) {
      if (!unsent.has(`section:${name}`)) this.read[name] = state.read_s;
    }
    if (!unsent.has("film")) this.bringBack();
    else if (!this.queue.some((beat) => beat.part === "film")) this.bringBack(this.stretch.from);
  }

  async confirm() {
    this.flush();
    this.page.find("confirm").disabled = true;
    let answer;
    try {
      answer = await this.post(this.address("confirmUrl"), {});
    } catch {
      this.page.say(this.urls.textOffline);
      this.page.find("confirm").disabled = false;
      return;
    }
    if (answer.ok) {
      this.page.say("");
      this.page.complete(answer.data.completed);
    } else if (STOPS.has(answer.data.error)) {
      this.stop(answer.data);
    } else {
      this.page.say(answer.data.message);
    }
  }

  // The film

  get isFirstView() {
    return Boolean(this.report?.film) && !this.report.film.done;
  }

  reached() {
    const unsent = this.queue.filter((beat) => beat.part === "film").map((beat) => beat.to_ms / 1000);
    const now = this.stretch?.part === "film" ? this.stretch.to : 0;
    return Math.max(this.report?.film?.frontier_s ?? 0, now, ...unsent);
  }

  resume() {
    const film = this.page.film;
    const place = () => {
      const frontier = this.report.film.frontier_s;
      if (film.currentTime < 0.5 && frontier > 0.5) film.currentTime = frontier;
    };
    if (film.readyState >= 1) place();
    else film.addEventListener("loadedmetadata", place, { once: true });
  }

  /** Take the film back to where the server counts it, if it has run ahead of that. */
  bringBack(position = this.page.film?.currentTime ?? 0) {
    // At the end nothing more will come: what the server lacks, be it a second, has to be shown again.
    const { film } = this.page;
    const hasEnded = Boolean(film?.ended);
    const allowed = hasEnded ? 0 : this.jump;
    if (!this.isFirstView || position <= this.report.film.frontier_s + allowed) return;
    this.stretch = null;
    film.currentTime = this.report.film.frontier_s;
    if (hasEnded) film.play().catch(() => {}); // it stands still at its end, and would wait there for another tap
  }

  watch() {
    const film = this.page.film;
    // What is not asked for is not reported: the server would have to refuse it.
    if (film.paused || film.seeking || !this.live || !this.report?.film) return;
    const at = film.currentTime;
    const moved = this.stretch?.part === "film" ? at - this.stretch.to : -1;
    if (moved < 0 || moved > this.jump) {
      this.flush();
      this.stretch = { part: "film", from: at, to: at, rate: film.playbackRate, visible: !document.hidden };
    } else {
      this.stretch.to = at;
    }
    if (this.stretch.to - this.stretch.from >= this.beat) this.flush();
    if (this.queue.length > MOST_UNSENT && this.isFirstView) film.pause();
  }

  watchEnd() {
    const moved = this.stretch?.part === "film" ? this.page.film.currentTime - this.stretch.to : -1;
    if (moved >= 0 && moved <= this.jump) this.stretch.to += moved;
    this.flush();
  }

  seeking() {
    const film = this.page.film;
    const reached = this.reached();
    if (this.isFirstView && film.currentTime > reached + this.jump) {
      film.currentTime = reached;
      this.page.say(this.urls.textNoJump);
    }
  }

  // The text

  tick() {
    const now = performance.now();
    const passed = Math.min((now - this.lastTick) / 1000, (2 * TICK_MS) / 1000);
    this.lastTick = now;
    if (!this.live || !this.report || document.hidden) return;
    if (this.page.film && !this.page.film.paused) return;
    const name = this.sectionInView();
    if (!name) {
      if (this.stretch?.part !== "film") this.flush();
      return;
    }
    const part = `section:${name}`;
    if (this.stretch?.part !== part) {
      this.flush();
      const from = this.read[name] ?? 0;
      this.stretch = { part, from, to: from, rate: 1, visible: true };
    }
    this.stretch.to += passed;
    this.read[name] = this.stretch.to;
    const needed = this.report.sections[name].need_s;
    if (this.stretch.to - this.stretch.from >= this.beat || this.stretch.to >= needed) this.flush();
  }

  /** Return the first section in view that still needs time. */
  sectionInView() {
    const height = window.innerHeight;
    for (const section of this.page.sections) {
      const name = section.dataset.section;
      const state = this.report.sections[name];
      if (!state || state.done || (this.read[name] ?? 0) >= state.need_s) continue;
      const box = section.getBoundingClientRect();
      if (box.bottom > 0 && box.top < height * 0.9) return name;
    }
    return "";
  }

  listen() {
    const film = this.page.film;
    if (film) {
      film.addEventListener("timeupdate", () => this.watch());
      film.addEventListener("playing", () => this.watch());
      film.addEventListener("pause", () => this.watchEnd());
      film.addEventListener("ended", () => {
        this.watchEnd();
        // A busy phone has shown the end without this script's having seen it: no reply will come to say so.
        if (this.live && !this.queue.some((beat) => beat.part === "film")) this.bringBack();
      });
      film.addEventListener("seeking", () => this.seeking());
      film.addEventListener("ratechange", () => {
        const most = this.report ? (this.report.film?.max_rate ?? Infinity) : 1;
        if (film.playbackRate <= most) return;
        film.playbackRate = most;
        if (this.isFirstView) this.page.say(this.urls.textNoSpeed);
      });
    }
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) return;
      this.flush();
      if (this.isFirstView) film?.pause();
    });
    window.addEventListener("pagehide", () => this.flush());
    // A package in the page (scorm.js) has reported; the reply says how far the person is now.
    document.addEventListener("study:reported", ({ detail }) => this.live && this.take(detail));
    this.page.find("confirm").addEventListener("click", () => this.confirm());
    this.page.find("take-over").addEventListener("click", () => this.open());
    this.page.find("reload").addEventListener("click", () => window.location.reload());
  }
}

const bar = document.querySelector("[data-study]");
if (bar) new Study(bar).start();
