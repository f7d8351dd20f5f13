// One question at a time: turning pages, the answer sheet, marks. Knows nothing of saving.

export class Pages {
  constructor({ form, marks, texts, onTurn, oneWay }) {
    this.form = form;
    this.marks = marks;
    this.texts = texts;
    this.onTurn = onTurn;
    // One-way papers hold one question; leaving it is the server's business.
    this.oneWay = oneWay;
    this.questions = [...form.querySelectorAll(".question")];
    this.current = 0;
    this.place = document.getElementById("place");
    this.previous = document.getElementById("previous");
    this.next = document.getElementById("next");
    this.markButton = document.getElementById("mark");
    this.sheet = document.getElementById("sheet");
    this.buttons = this.questions.map((question, index) => this.sheetButton(question, index));
    this.sheet.append(...this.buttons);
    if (!oneWay) {
      this.previous.addEventListener("click", () => this.turn(this.current - 1));
      this.next.addEventListener("click", () => this.turn(this.current + 1));
    }
    this.markButton.addEventListener("click", () => this.mark());
    document.addEventListener("keydown", (event) => this.key(event));
    form.classList.add("scripted");
    // Early.js takes it away from a page whose script is late; here it is.
    document.documentElement.classList.add("exam-scripted");
    for (const id of ["turn", "sheet-card"]) document.getElementById(id).hidden = false;
    // Whoever has answered meanwhile on the unfolded paper stays at that question.
    const focused = this.questions.findIndex((question) => question.contains(document.activeElement));
    this.show(Math.max(0, focused));
  }

  sheetButton(question, index) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = this.slotOf(question);
    button.addEventListener("click", () => this.turn(index));
    return button;
  }

  slotOf(question) {
    return Number(question.dataset.slot);
  }

  /** What the answer is made of, whatever the type: ticked boxes, chosen entries, typed texts, in their order. */
  inputs(question) {
    return [...question.querySelectorAll(`[name="q${this.slotOf(question)}"]`)];
  }

  ticked(input) {
    return input.type === "checkbox" || input.type === "radio";
  }

  response(question) {
    const texts = this.inputs(question)
      .filter((input) => !this.ticked(input) || input.checked)
      .map((input) => input.value);
    // Only empty places: no answer.
    return texts.some((text) => text.trim()) ? texts : [];
  }

  /** Tell whether a question was answered before this script ran. */
  touched(question) {
    return this.inputs(question).some((input) => {
      if (this.ticked(input)) return input.checked !== input.defaultChecked;
      if (input.options) return input.value !== ([...input.options].find((entry) => entry.defaultSelected)?.value ?? "");
      return input.value !== input.defaultValue;
    });
  }

  /** Put an answer that only this device knows back into the page. */
  fill(slot, response) {
    const question = this.questions.find((each) => this.slotOf(each) === slot);
    if (!question) return;
    // A type whose controls come and go puts them there first.
    question.dispatchEvent(new CustomEvent("exam:fill", { detail: response }));
    let place = 0;
    for (const input of this.inputs(question)) {
      if (this.ticked(input)) input.checked = response.includes(input.value);
      else input.value = response[place++] ?? "";
    }
    question.dispatchEvent(new CustomEvent("exam:filled"));
    this.paint();
  }

  unanswered() {
    return this.questions.filter((question) => !this.response(question).length).map((question) => this.slotOf(question));
  }

  turn(index) {
    if (index < 0 || index >= this.questions.length) return;
    this.show(index);
    const legend = this.questions[index].querySelector("legend");
    legend.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
    this.onTurn();
  }

  turnTo(slot) {
    this.turn(this.questions.findIndex((question) => this.slotOf(question) === slot));
  }

  show(index) {
    this.current = index;
    this.questions.forEach((question, place) => question.classList.toggle("now", place === index));
    if (!this.oneWay) {
      this.place.textContent = this.texts.place.replace("{n}", index + 1).replace("{total}", this.questions.length);
      this.previous.disabled = index === 0;
      this.next.disabled = index === this.questions.length - 1;
    }
    this.paint();
  }

  mark() {
    this.marks.toggle(this.slotOf(this.questions[this.current]));
    this.paint();
  }

  /** Bring the answer sheet up to date. */
  paint() {
    this.questions.forEach((question, index) => {
      const slot = this.slotOf(question);
      const done = this.response(question).length > 0;
      const marked = this.marks.has(slot);
      const button = this.buttons[index];
      button.classList.toggle("done", done);
      button.classList.toggle("marked", marked);
      button.classList.toggle("now", index === this.current);
      if (index === this.current) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
      const words = [this.texts.slot.replace("{n}", slot), done ? this.texts.answered : this.texts.unanswered];
      if (marked) words.push(this.texts.marked);
      button.setAttribute("aria-label", words.join("，"));
    });
    const marked = this.marks.has(this.slotOf(this.questions[this.current]));
    this.markButton.setAttribute("aria-pressed", String(marked));
  }

  /** Left and right turn the page, unless the focus is on a choice: there the arrows choose. */
  key(event) {
    if (this.oneWay || this.form.hidden) return;
    if (event.target.closest?.("input, textarea, select") || event.altKey || event.ctrlKey || event.metaKey) return;
    if (document.getElementById("confirm").hidden === false) return;
    if (event.key === "ArrowRight") this.turn(this.current + 1);
    if (event.key === "ArrowLeft") this.turn(this.current - 1);
  }

  /** Take no more answers. */
  freeze() {
    // Buttons of the controls as well.
    for (const question of this.questions) question.disabled = true;
    document.getElementById("hand-in").disabled = true;
  }

  hide(hidden = true) {
    this.form.hidden = hidden;
  }
}
