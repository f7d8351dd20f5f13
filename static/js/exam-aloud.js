// Reads the question on the screen aloud, stem and options. It touches no answer, sends nothing, and falls silent
// when the page is turned, left or handed in.
import { breaths, chineseVoice } from "./speech.js";

class QuestionAloud {
  constructor(bar, form, synthesis) {
    Object.assign(this, { bar, form, synthesis, turn: 0, question: null });
    this.button = bar.querySelector("[data-aloud]");
    this.speed = bar.querySelector("[data-aloud-speed]");
    this.button.addEventListener("click", () => (this.question ? this.stop() : this.start()));
    this.speed.addEventListener("change", () => this.question && this.start());
    new MutationObserver(() => this.turned()).observe(form, {
      subtree: true,
      attributes: true,
      attributeFilter: ["class", "hidden", "disabled"],
    });
    window.addEventListener("pagehide", () => synthesis.cancel());
    bar.hidden = false;
  }

  get shown() {
    return this.form.querySelector(".question.now");
  }

  turned() {
    const { shown } = this;
    const isOpen = Boolean(shown) && shown.getClientRects().length > 0 && !shown.querySelector("input:disabled");
    if (this.question && (shown !== this.question || !isOpen)) this.stop();
    if (this.bar.hidden === isOpen) this.bar.hidden = !isOpen; // only on a change: this is watched, too
  }

  words() {
    const stem = this.question.querySelector(".stem").innerText;
    const options = [...this.question.querySelectorAll(".opt")].map((option) => {
      const [letter, text] = ["b", "span"].map((tag) => option.querySelector(tag).innerText.trim());
      return `${letter}，${text}。`;
    });
    return [...breaths(stem), ...options.flatMap(breaths)];
  }

  start() {
    this.question = this.shown;
    if (!this.question) return;
    this.button.textContent = this.button.dataset.stop;
    this.turn += 1;
    this.say(this.words(), 0, this.turn);
  }

  say(parts, place, turn) {
    if (turn !== this.turn) return;
    if (place >= parts.length) {
      this.stop();
      return;
    }
    const said = new SpeechSynthesisUtterance(parts[place]);
    said.lang = "zh-CN";
    said.rate = Number(this.speed.value);
    said.voice = chineseVoice(this.synthesis);
    said.addEventListener("end", () => this.say(parts, place + 1, turn));
    said.addEventListener("error", () => turn === this.turn && this.stop());
    this.synthesis.cancel();
    this.synthesis.speak(said);
  }

  stop() {
    this.turn += 1;
    this.question = null;
    this.synthesis.cancel();
    this.button.textContent = this.button.dataset.start;
  }
}

const bar = document.querySelector("[data-aloud-bar]");
const isAble = window.speechSynthesis && window.SpeechSynthesisUtterance;
if (bar && isAble) new QuestionAloud(bar, document.getElementById("paper"), window.speechSynthesis);
