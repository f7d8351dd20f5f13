// Sends what waits in the store until the server confirms it. A retry repeats the same seq, and only the
// server's receipt takes a step out of the store: "saved" is the server's word.

const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 30000;
const PATIENCE = 10000;
const BATCH = 50;

export class Sender {
  /**
   * @param {object} store     see store.js
   * @param {string} url       where answers are saved
   * @param {string} token     CSRF token of the page
   * @param {object} on        callbacks: state(name, details), receipt(body), refused(error, body)
   */
  constructor({ store, url, token, lastSeq, on }) {
    Object.assign(this, { store, url, token, on });
    this.nextSeq = lastSeq + 1;
    this.failures = 0;
    this.timer = null;
    this.running = null;
    this.stopped = false;
    this.queue = Promise.resolve();
  }

  /** Keep an answer and send it soon; several changes in a row go together. */
  add(slot, response) {
    // One after the other, so that the order of changes is the order of their numbers.
    this.queue = this.queue.then(async () => {
      const step = await this.store.add(slot, response, this.nextSeq);
      this.nextSeq = step.seq + 1;
    });
    this.on.state("saving");
    this.schedule(600);
    return this.queue;
  }

  schedule(pause) {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), pause);
  }

  /** Send what waits now. Returns true when nothing waits any more. */
  flush({ keepalive = false } = {}) {
    clearTimeout(this.timer);
    // A send under way is waited for; what was added meanwhile goes after it.
    const after = this.running ?? Promise.resolve();
    const run = after.then(() => this.sendAll(keepalive));
    this.running = run;
    run.finally(() => {
      if (this.running === run) this.running = null;
    });
    return run;
  }

  async sendAll(keepalive) {
    await this.queue;
    for (;;) {
      if (this.stopped) return false;
      const waiting = await this.store.pending();
      if (!waiting.length) return true;
      if (!(await this.send(waiting.slice(0, BATCH), keepalive))) return false;
    }
  }

  async send(steps, keepalive) {
    let reply;
    let body = {};
    const abort = new AbortController();
    const limit = setTimeout(() => abort.abort(), PATIENCE);
    try {
      reply = await fetch(this.url, {
        method: "POST",
        credentials: "same-origin",
        redirect: "error",
        keepalive,
        signal: abort.signal,
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.token, Accept: "application/json" },
        body: JSON.stringify({ steps }),
      });
      if ((reply.headers.get("Content-Type") ?? "").includes("json")) body = await reply.json();
    } catch {
      return this.failed("offline");
    } finally {
      clearTimeout(limit);
    }
    if (reply.ok && Array.isArray(body.saved)) return this.confirmed(body);
    return this.refusedWith(reply.status, body, steps);
  }

  async confirmed(body) {
    for (const { slot, seq } of body.saved) await this.store.confirm(slot, seq);
    this.failures = 0;
    this.on.receipt(body, await this.waiting());
    return true;
  }

  /** How many answers wait, those included that were given while this was counted: none of them is saved yet. */
  async waiting() {
    for (;;) {
      const { queue } = this;
      await queue;
      const { length } = await this.store.pending();
      if (queue === this.queue) return length;
    }
  }

  async refusedWith(status, body, steps) {
    if (status === 409 && body.error === "seq_taken") {
      // Another page of this person used the number. Ours is the newer answer: number it anew.
      this.nextSeq = Math.max(this.nextSeq, body.next_seq);
      for (const { slot, response } of steps) {
        const step = await this.store.add(slot, response, this.nextSeq);
        this.nextSeq = step.seq + 1;
      }
      return true;
    }
    if (status >= 500 || status === 429) return this.failed("unsaved");
    if (body.error === "paused") {
      // Kept, and sent when it goes on.
      this.on.refused("paused", body);
      return false;
    }
    if (body.error === "slot_left") {
      // Left on another page of this person: the answer given there stands, this one will never fit.
      for (const { slot, seq } of steps) if (slot <= body.slot) await this.store.confirm(slot, seq);
      this.on.refused("slot_left", body);
      return false;
    }
    if (body.error === "bad_answer") {
      // It will never fit: drop the one that was named, so that the others get through.
      const bad = steps[Number(/^steps\[(\d+)\]/.exec(body.field ?? "")?.[1] ?? 0)];
      if (bad) await this.store.confirm(bad.slot, bad.seq);
    }
    if (body.error === "closed" || body.error === "moved") this.stopped = true;
    this.on.refused(body.error ?? (status === 403 ? "signed_out" : "broken"), body);
    if (body.error === "signed_out" || status === 403) return this.failed("unsaved");
    return false;
  }

  async failed(state) {
    this.failures += 1;
    const longest = Math.min(FIRST_PAUSE * 2 ** (this.failures - 1), LONGEST_PAUSE);
    // Half fixed, half random: a whole room that lost the network must not come back in one second.
    this.schedule(longest / 2 + (Math.random() * longest) / 2);
    this.on.state(state, (await this.store.pending()).length);
    return false;
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
  }
}
