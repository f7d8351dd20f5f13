// Reads a lesson aloud with the browser's own voice, section by section. It earns nothing: study is counted
// by time in view (study.js), and this script neither sends nor marks anything.

import { breaths, chineseVoice } from "./speech.js";

/** What a reader sees of a section: hidden parts and the state of reading are left out. */
function words(section) {
  const state = section.querySelector(".part-state");
  return state ? section.innerText.replace(state.innerText, "") : section.innerText;
}

class ReadAloud {
  constructor(bar, voices) {
    Object.assign(this, { bar, voices, place: 0, breath: 0, turn: 0, state: "idle" });
    this.toggle = bar.querySelector("[data-read-toggle]");
    this.speed = bar.querySelector("[data-read-speed]");
    this.toggle.addEventListener("click", () => (this.state === "reading" ? this.pause() : this.read()));
    bar.querySelector("[data-read-next]").addEventListener("click", () => this.skip());
    bar.querySelector("[data-read-stop]").addEventListener("click", () => this.stop());
    this.speed.addEventListener("change", () => this.state === "reading" && this.read());
    document.addEventListener("play", () => this.state === "reading" && this.pause(), true);
    window.addEventListener("pagehide", () => voices.cancel());
    bar.hidden = false;
  }

  get sections() {
    const all = document.querySelectorAll(".lesson :is([data-section], [data-read-section])");
    return [...all].filter((section) => words(section).trim());
  }

  read() {
    if (this.state === "idle") for (const media of document.querySelectorAll("video, audio")) media.pause();
    this.show("reading");
    this.say();
  }

  say() {
    const section = this.sections[this.place];
    if (!section) {
      this.stop();
      const status = this.bar.querySelector("[data-read-status]");
      status.textContent = status.dataset.done;
      return;
    }
    const parts = breaths(words(section));
    if (this.breath >= parts.length) {
      this.place += 1;
      this.breath = 0;
      this.say();
      return;
    }
    if (this.breath === 0) section.scrollIntoView({ block: "nearest" });
    this.mark(section);
    const said = new SpeechSynthesisUtterance(parts[this.breath]);
    said.lang = "zh-CN";
    said.rate = Number(this.speed.value);
    said.voice = chineseVoice(this.voices);
    // Cancelling ends the one before too: only the newest turn goes on.
    this.turn += 1;
    const { turn } = this;
    const next = () => {
      if (turn !== this.turn || this.state !== "reading") return;
      this.breath += 1;
      this.say();
    };
    said.addEventListener("end", next);
    said.addEventListener("error", () => turn === this.turn && this.state === "reading" && this.pause());
    this.voices.cancel();
    this.voices.speak(said);
  }

  // Not speechSynthesis.pause(): phones ignore it. The sentence is begun again.
  pause() {
    this.turn += 1;
    this.voices.cancel();
    this.show("paused");
  }

  skip() {
    this.place += 1;
    this.breath = 0;
    if (this.state === "reading") this.say();
    else this.mark(this.sections[this.place]);
  }

  stop() {
    this.turn += 1;
    this.voices.cancel();
    this.place = 0;
    this.breath = 0;
    this.mark(null);
    const isInside = this.bar.querySelector("[data-read-more]").contains(document.activeElement);
    this.show("idle");
    if (isInside) this.toggle.focus(); // its button goes away; the keyboard stays here
  }

  mark(section) {
    for (const one of document.querySelectorAll(".is-read-aloud")) one.classList.remove("is-read-aloud");
    section?.classList.add("is-read-aloud");
  }

  show(state) {
    this.state = state;
    const { start, pause, continue: again } = this.toggle.dataset;
    this.toggle.textContent = { idle: start, reading: pause, paused: again }[state];
    this.bar.querySelector("[data-read-more]").hidden = state === "idle";
    this.bar.classList.toggle("is-on", state !== "idle");
    this.bar.querySelector("[data-read-status]").textContent = "";
  }
}

const bar = document.querySelector("[data-read-aloud]");
if (bar && window.speechSynthesis && window.SpeechSynthesisUtterance) new ReadAloud(bar, window.speechSynthesis);
