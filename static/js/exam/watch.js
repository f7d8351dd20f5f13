// Asks the server from time to time how the attempt stands: the deadline, a pause, another device. Saves say the
// same; this is for the quiet minutes between them.

const QUIET = 40000;
const PAUSED = 8000;

export class Watch {
  /**
   * @param {string} url        where the attempt's standing is told
   * @param {function} heard    called with {state, server_time, deadline, paused, moved}
   */
  constructor({ url, heard }) {
    Object.assign(this, { url, heard });
    this.paused = false;
    this.stopped = false;
    this.wait();
  }

  /** Begin the quiet time anew: a receipt has just told everything. */
  wait() {
    clearTimeout(this.timer);
    if (this.stopped) return;
    const pause = this.paused ? PAUSED : QUIET;
    // Half fixed, half random: a whole room must not ask in one second.
    this.timer = setTimeout(() => this.ask(), pause / 2 + (Math.random() * pause) / 2);
  }

  async ask() {
    clearTimeout(this.timer);
    try {
      const reply = await fetch(this.url, {
        credentials: "same-origin",
        redirect: "error",
        cache: "no-store",
        headers: { Accept: "application/json" },
      });
      if (reply.ok && !this.stopped) {
        const body = await reply.json();
        this.paused = body.paused;
        this.heard(body);
      }
    } catch {
      // No network: the answers wait, and so does this.
    }
    this.wait();
  }

  stop() {
    this.stopped = true;
    clearTimeout(this.timer);
  }
}
