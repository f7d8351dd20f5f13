// The player of a SCORM package in a lesson's page. The package runs in a frame without access to this page; what
// it reports comes by message, is sent to the server one after the other, and counts as the server says.
const RETRY_MS = 3000;
const MOST_FRAMES = 8; // how deep a package may nest its own frames
const KEEPALIVE_BYTES = 60_000; // a browser lets no larger request outlive its page

class Player {
  constructor(root) {
    this.root = root;
    this.stage = this.find("stage");
    this.waiting = new Map(); // part → the newest report not sent yet
    this.seq = 1;
    this.run = null;
    this.open = null;
    this.find("close").addEventListener("click", () => this.close());
    this.find("full").addEventListener("click", () => this.find("frame").requestFullscreen?.().catch(() => {}));
    this.find("full").hidden = !document.fullscreenEnabled;
    for (const row of this.rows()) {
      this.find("open", row).addEventListener("click", () => this.start(row.dataset.packagePart));
    }
    window.addEventListener("message", (event) => this.hear(event));
    window.addEventListener("pagehide", () => this.send(true));
    document.addEventListener("study:opened", ({ detail }) => this.begin(detail.package));
    document.addEventListener("study:stopped", () => this.stop());
    document.addEventListener("study:shown", ({ detail }) => this.show(detail.package));
    const preview = root.dataset.preview && document.getElementById(root.dataset.preview);
    if (preview) this.begin(JSON.parse(preview.textContent));
  }

  find(name, root = this.root) {
    return root.querySelector(`[data-package-${name}]`);
  }

  rows() {
    return [...this.root.querySelectorAll("[data-package-part]")];
  }

  say(text) {
    this.find("message").textContent = text;
  }

  begin(run) {
    if (!run) return;
    this.stop();
    this.run = run;
    this.seq = 1;
    this.waiting.clear();
    this.token = document.querySelector("[data-study] [name=csrfmiddlewaretoken]")?.value;
    for (const row of this.rows()) this.find("open", row).disabled = false;
  }

  stop() {
    this.run = null;
    this.removeFrame();
    for (const row of this.rows()) this.find("open", row).disabled = true;
  }

  show(report) {
    if (!report) return;
    for (const row of this.rows()) {
      const part = report.parts[row.dataset.packagePart];
      if (part) this.find("words", row).textContent = part.words;
    }
    // One main button: the first part that is still to be done.
    const next = this.rows().find((row) => !report.parts[row.dataset.packagePart]?.done);
    for (const row of this.rows()) this.find("open", row).classList.toggle("primary", row === next);
  }

  start(id) {
    const part = this.run?.parts.find((one) => one.id === id);
    if (!part) return;
    this.removeFrame();
    const frame = document.createElement("iframe");
    frame.title = this.root.querySelector("h2").textContent;
    frame.setAttribute("sandbox", this.run.sandbox);
    frame.setAttribute("allow", "fullscreen; autoplay");
    // Read inside by js/scorm-stage.js: the name is the one thing a frame of another origin is given at once.
    frame.name = JSON.stringify({ part: id, data: { ...part.data, ...this.run.learner } });
    frame.src = part.src;
    this.open = { part, frame };
    this.say(this.root.dataset.textLoading);
    this.find("frame").append(frame);
    this.stage.hidden = false;
    for (const row of this.rows()) this.find("open", row).hidden = row.dataset.packagePart === id;
    this.stage.scrollIntoView({ block: "nearest" });
    if (!part.reports) this.keep({ part: id, cmi: {}, final: false });
  }

  close() {
    this.removeFrame();
  }

  removeFrame() {
    this.open?.frame.remove();
    this.open = null;
    this.stage.hidden = true;
    for (const row of this.rows()) this.find("open", row).hidden = false;
  }

  /** Whether a message comes from inside the frame that is open, however deep the package nests its own. */
  isOurs(event) {
    if (!this.open || event.origin !== this.run?.origin) return false;
    let source = event.source;
    for (let depth = 0; source && depth < MOST_FRAMES; depth += 1) {
      if (source === this.open.frame.contentWindow) return true;
      if (source === source.parent) return false;
      source = source.parent;
    }
    return false;
  }

  hear(event) {
    if (!this.isOurs(event)) return;
    const { anxue, cmi, final } = event.data ?? {};
    if (anxue === "package-ready") this.say("");
    if (anxue !== "package" || typeof cmi !== "object" || cmi === null) return;
    this.keep({ part: this.open.part.id, cmi, final: final === true });
  }

  keep(report) {
    const before = this.waiting.get(report.part);
    this.waiting.set(report.part, { ...report, final: report.final || before?.final === true });
    this.send();
  }

  async send(isLeaving = false) {
    if (!this.run?.report_url || (this.sending && !isLeaving)) return;
    this.sending = true;
    while (this.run && this.waiting.size) {
      const [part, report] = this.waiting.entries().next().value;
      const run = this.run;
      let answer;
      try {
        answer = await this.post(run.report_url, { ...report, seq: this.seq }, isLeaving);
      } catch {
        this.say(this.root.dataset.textUnsent);
        await new Promise((wake) => setTimeout(wake, RETRY_MS));
        continue;
      }
      if (run !== this.run) break;
      if (answer.data.expected_seq) {
        this.seq = answer.data.expected_seq;
        continue;
      }
      if (this.waiting.get(part) === report) this.waiting.delete(part);
      if (answer.ok) {
        this.seq += 1;
        this.say(this.root.dataset.textSent);
        // What it begins with when it is opened again without a reload.
        run.parts.find((one) => one.id === part).data = answer.data.data;
        document.dispatchEvent(new CustomEvent("study:reported", { detail: answer.data.progress }));
      } else {
        this.say(answer.data.message || this.root.dataset.textRefused);
      }
    }
    this.sending = false;
  }

  async post(url, report, isLeaving) {
    const body = new URLSearchParams({ report: JSON.stringify(report), csrfmiddlewaretoken: this.token });
    const keepalive = isLeaving && body.toString().length < KEEPALIVE_BYTES;
    const reply = await fetch(url, { method: "POST", body, keepalive, credentials: "same-origin" });
    if (reply.status >= 500) throw new Error(`status ${reply.status}`);
    return { ok: reply.ok, data: await reply.json().catch(() => ({ message: "" })) };
  }
}

const root = document.querySelector("[data-package]");
if (root) new Player(root);
