// One question at a time: turning pages, the answer sheet, marks. Knows nothing of saving.

export class Pages {
  constructor({ form, marks, texts, onTurn }) {
    this.form = form;
    this.marks = marks;
    this.texts = texts;
    this.onTurn = onTurn;
    this.questions = [...form.querySelectorAll(".question")];
    this.current = 0;
    this.place = document.getElementById("place");
    this.previous = document.getElementById("previous");
    this.next = document.getElementById("next");
    this.markButton = document.getElementById("mark");
    this.sheet = document.getElementById("sheet");
    this.buttons = this.questions.map((question, index) => this.sheetButton(question, index));
    this.sheet.append(...this.buttons);
    this.previous.addEventListener("click", () => this.turn(this.current - 1));
    this.next.addEventListener("click", () => this.turn(this.current + 1));
    this.markButton.addEventListener("click", () => this.mark());
    document.addEventListener("keydown", (event) => this.key(event));
    form.classList.add("scripted");
    for (const id of ["turn", "sheet-card"]) document.getElementById(id).hidden = false;
    this.show(0);
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

  inputs(question) {
    return [...question.querySelectorAll("input")];
  }

  response(question) {
    return this.inputs(question)
      .filter((input) => input.checked)
      .map((input) => input.value);
  }

  /** Put an answer that only this device knows back into the page. */
  fill(slot, response) {
    const question = this.questions.find((each) => this.slotOf(each) === slot);
    if (!question) return;
    for (const input of this.inputs(question)) input.checked = response.includes(input.value);
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
    this.place.textContent = this.texts.place.replace("{n}", index + 1).replace("{total}", this.questions.length);
    this.previous.disabled = index === 0;
    this.next.disabled = index === this.questions.length - 1;
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
    if (event.target.closest?.("input, textarea, select") || event.altKey || event.ctrlKey || event.metaKey) return;
    if (document.getElementById("confirm").hidden === false) return;
    if (event.key === "ArrowRight") this.turn(this.current + 1);
    if (event.key === "ArrowLeft") this.turn(this.current - 1);
  }

  /** Take no more answers. */
  freeze() {
    for (const question of this.questions) for (const input of this.inputs(question)) input.disabled = true;
    document.getElementById("hand-in").disabled = true;
  }

  hide() {
    this.form.hidden = true;
  }
}
