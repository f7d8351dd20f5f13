// The editor of subtitles: the film beside a list of cues. The server keeps them and says what is wrong; what is
// typed stays on this device until the server has said that it is kept.
import { Backup } from "./subtitles/backup.js";
import { readTime, readVtt, writeTime, writeVtt } from "./subtitles/vtt.js";

const NEW_CUE_MS = 2000;

class Editor {
  constructor(page) {
    Object.assign(this, { page, undone: [], saving: false, isChanged: false });
    this.form = page.querySelector("[data-form]");
    this.film = page.querySelector("[data-film-beside]");
    this.list = page.querySelector("[data-cues]");
    this.text = page.querySelector("[data-text]");
    this.version = this.form.elements.version;
    this.state = page.querySelector("[data-state]");
    this.undo = page.querySelector("[data-undo]");
    this.template = page.querySelector("template[data-cue]");
    this.backup = new Backup(page.dataset.key);
    this.track = this.film.addTextTrack("subtitles", "", page.dataset.language);
    this.track.mode = "showing";
    this.fill(readVtt(this.text.value));
    this.written = this.vtt();
    this.start();
  }

  start() {
    for (const part of this.page.querySelectorAll("[data-scripted]")) part.hidden = false;
    this.page.querySelector("[data-plain-part]").hidden = true;
    this.list.hidden = false;
    this.listen();
    const kept = this.backup.read();
    if (kept && kept.text !== this.written) this.offer(kept);
  }

  get rows() {
    return [...this.list.children];
  }

  part(row, name) {
    return row.querySelector(`[data-${name}]`);
  }

  // From cues to rows and back

  fill(cues) {
    this.list.replaceChildren(...cues.map((cue) => this.row(cue)));
    this.number();
  }

  row({ start, end, text }) {
    const row = this.template.content.firstElementChild.cloneNode(true);
    this.part(row, "start").value = start;
    this.part(row, "end").value = end;
    this.part(row, "words").value = text;
    return row;
  }

  number() {
    this.rows.forEach((row, place) => {
      this.part(row, "number").textContent = place + 1;
    });
    this.showOnFilm();
  }

  cues() {
    return this.rows.map((row) => ({
      start: this.part(row, "start").value.trim(),
      end: this.part(row, "end").value.trim(),
      text: this.part(row, "words").value,
    }));
  }

  vtt() {
    return writeVtt(this.cues());
  }

  showOnFilm() {
    for (const cue of [...(this.track.cues ?? [])]) this.track.removeCue(cue);
    for (const { start, end, text } of this.cues()) {
      const [from, to] = [readTime(start), readTime(end)];
      if (from === null || to === null || to <= from) continue;
      const cue = new VTTCue(from / 1000, to / 1000, "");
      // As text, whatever it says: the film knows a cue's marks, this page does not make any.
      cue.text = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
      this.track.addCue(cue);
    }
  }

  // What happens to it

  changed() {
    this.isChanged = this.vtt() !== this.written;
    this.say(this.isChanged ? "changed" : "clean");
    clearTimeout(this.soon);
    this.soon = setTimeout(() => {
      this.showOnFilm();
      this.keep();
    }, 300);
  }

  keep() {
    if (this.isChanged) this.backup.write({ text: this.vtt(), version: this.version.value });
  }

  /** Change which cues there are, so that it can be taken back. */
  restructure(change, focus) {
    this.undone.push(this.cues());
    this.undo.disabled = false;
    change();
    this.number();
    this.changed();
    focus?.focus();
  }

  takeBack() {
    const cues = this.undone.pop();
    if (cues) this.fill(cues);
    this.undo.disabled = !this.undone.length;
    this.changed();
  }

  add(after) {
    const from = after ? (readTime(this.part(after, "end").value) ?? 0) : Math.round(this.film.currentTime * 1000);
    const next = after?.nextElementSibling;
    const limit = next ? readTime(this.part(next, "start").value) : Math.round(this.page.dataset.duration * 1000);
    const to = Math.max(Math.min(from + NEW_CUE_MS, limit || Infinity), from + 1);
    const row = this.row({ start: writeTime(from), end: writeTime(to), text: "" });
    this.restructure(() => (after ? after.after(row) : this.list.append(row)), this.part(row, "words"));
    row.scrollIntoView({ block: "nearest" });
  }

  split(row) {
    const words = this.part(row, "words");
    const [from, to] = [readTime(this.part(row, "start").value), readTime(this.part(row, "end").value)];
    if (from === null || to === null || to - from < 2) {
      this.fault(row, this.state.dataset.badTime);
      return;
    }
    const length = words.value.length;
    const caret = words.selectionStart;
    const place = caret > 0 && caret < length ? caret : Math.ceil(length / 2); // at an end it says nothing
    const share = length ? place / length : 0.5;
    const middle = Math.min(Math.max(Math.round(from + (to - from) * share), from + 1), to - 1);
    const rest = this.row({ start: writeTime(middle), end: writeTime(to), text: words.value.slice(place).trim() });
    this.restructure(() => {
      words.value = words.value.slice(0, place).trim();
      this.part(row, "end").value = writeTime(middle);
      row.after(rest);
    }, this.part(rest, "words"));
  }

  join(row) {
    const next = row.nextElementSibling;
    if (!next) return;
    const words = this.part(row, "words");
    this.restructure(() => {
      words.value = [words.value, this.part(next, "words").value].filter(Boolean).join("\n");
      this.part(row, "end").value = this.part(next, "end").value;
      next.remove();
    }, words);
  }

  remove(row) {
    const neighbour = row.nextElementSibling ?? row.previousElementSibling;
    const focus = neighbour ? this.part(neighbour, "words") : this.page.querySelector("[data-append]");
    this.restructure(() => row.remove(), focus);
  }

  take(row, name) {
    this.part(row, name).value = writeTime(Math.round(this.film.currentTime * 1000));
    this.changed();
  }

  play(row) {
    const [from, to] = [readTime(this.part(row, "start").value), readTime(this.part(row, "end").value)];
    if (from === null) {
      this.fault(row, this.state.dataset.badTime);
      return;
    }
    this.showOnFilm();
    this.until = to;
    this.film.currentTime = from / 1000;
    this.film.play().catch(() => {}); // a browser may want a tap on the film first
  }

  // Saving

  async save(version = this.version.value) {
    if (this.saving) return;
    this.saving = true;
    this.page.querySelector("[data-conflict]").hidden = true;
    this.clearFaults();
    this.say("saving");
    const sent = this.vtt();
    const body = new FormData(this.form);
    body.set("text", sent);
    body.set("version", version);
    try {
      const reply = await fetch(this.form.action, {
        method: "POST",
        body,
        credentials: "same-origin",
        redirect: "error",
        headers: { Accept: "application/json" },
      });
      this.answered(reply.status, await reply.json().catch(() => null), sent);
    } catch {
      this.keep();
      this.say(navigator.onLine ? "signedOut" : "offline");
    } finally {
      this.saving = false;
    }
  }

  answered(status, answer, sent) {
    if (status === 200 && answer) {
      this.version.value = answer.version;
      this.written = sent;
      this.isChanged = this.vtt() !== sent;
      if (this.isChanged) this.changed();
      else {
        this.backup.drop();
        this.state.textContent = answer.message;
      }
      return;
    }
    this.keep();
    if (!answer) {
      this.say("signedOut");
      return;
    }
    this.state.textContent = answer.message;
    if (status === 409) this.conflict(answer);
    if (answer.faults) this.showFaults(answer.faults);
  }

  conflict(answer) {
    const box = this.page.querySelector("[data-conflict]");
    box.querySelector("[data-conflict-words]").textContent = answer.message;
    box.querySelector("[data-overwrite]").onclick = () => this.save(answer.version);
    box.hidden = false;
  }

  showFaults(faults) {
    for (const { cue, message } of faults) {
      const row = this.rows[cue - 1];
      if (row) this.fault(row, message);
      else this.state.textContent = message;
    }
    const first = this.list.querySelector(".is-wrong");
    if (first) this.part(first, "start").focus();
  }

  fault(row, words) {
    const box = this.part(row, "fault");
    box.textContent = words;
    box.hidden = false;
    row.classList.add("is-wrong");
  }

  clearFaults() {
    for (const row of this.list.querySelectorAll(".is-wrong")) {
      row.classList.remove("is-wrong");
      this.part(row, "fault").hidden = true;
    }
  }

  say(name) {
    this.state.textContent = this.state.dataset[name];
  }

  offer(kept) {
    const box = this.page.querySelector("[data-backup]");
    box.hidden = false;
    box.querySelector("[data-restore]").addEventListener("click", () => {
      box.hidden = true;
      this.restructure(() => this.fill(readVtt(kept.text)));
      this.version.value = kept.version; // so that the server sees what it was written on
      this.say("kept");
    });
    box.querySelector("[data-drop]").addEventListener("click", () => {
      box.hidden = true;
      this.backup.drop();
    });
  }

  // Hands

  listen() {
    const clicks = { play: "play", split: "split", join: "join", add: "add", delete: "remove" };
    this.list.addEventListener("click", (event) => {
      const row = event.target.closest(".cue");
      if (!row || event.target.tagName !== "BUTTON") return;
      const { dataset } = event.target;
      if ("setStart" in dataset) this.take(row, "start");
      if ("setEnd" in dataset) this.take(row, "end");
      for (const [name, method] of Object.entries(clicks)) if (name in dataset) this[method](row);
    });
    this.list.addEventListener("input", () => this.changed());
    this.page.querySelector("[data-append]").addEventListener("click", () => this.add(this.list.lastElementChild));
    this.undo.addEventListener("click", () => this.takeBack());
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.save();
    });
    this.page.addEventListener("keydown", (event) => this.key(event));
    this.film.addEventListener("timeupdate", () => this.follow());
    window.addEventListener("beforeunload", (event) => {
      this.keep();
      if (this.isChanged) event.preventDefault();
    });
  }

  key(event) {
    if ((event.ctrlKey || event.metaKey) && event.code === "KeyS") {
      event.preventDefault();
      this.save();
      return;
    }
    const row = event.target.closest?.(".cue");
    if (!row || !event.altKey || event.ctrlKey || event.metaKey) return;
    const acts = {
      KeyP: () => this.play(row),
      Digit1: () => this.take(row, "start"),
      Digit2: () => this.take(row, "end"),
      Enter: () => this.add(row),
    };
    if (!acts[event.code]) return;
    event.preventDefault();
    acts[event.code]();
  }

  /** Stop behind the cue that is played, and mark the one that is shown. */
  follow() {
    const at = this.film.currentTime * 1000;
    if (this.until && at >= this.until) {
      this.until = null;
      this.film.pause();
    }
    for (const row of this.rows) {
      const [from, to] = [readTime(this.part(row, "start").value), readTime(this.part(row, "end").value)];
      row.classList.toggle("is-shown", from !== null && to !== null && from <= at && at < to);
    }
  }
}

const page = document.querySelector("[data-subtitles]");
// Sent without this script and refused: the text stands there as it was typed, and is mended there.
if (page && !("plain" in page.dataset)) new Editor(page);
