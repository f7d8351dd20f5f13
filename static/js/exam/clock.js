// The server's clock, as far as this page knows it. The device's own clock is not believed.

export class ServerClock {
  constructor(serverTime, deadline) {
    this.sync(serverTime, deadline);
  }

  /** Take the server's word from a page or a receipt. */
  sync(serverTime, deadline) {
    this.anchor = Date.parse(serverTime);
    this.deadline = Date.parse(deadline);
    this.ticks = performance.now();
    this.wall = Date.now();
  }

  /** Milliseconds since the epoch, by the server. */
  now() {
    // performance.now() may stand still while a phone sleeps; Date jumps when someone sets the clock back.
    // The larger of the two never shows more time than there is.
    const passed = Math.max(performance.now() - this.ticks, Date.now() - this.wall);
    return this.anchor + passed;
  }

  secondsLeft() {
    return Math.max(0, Math.ceil((this.deadline - this.now()) / 1000));
  }
}

/** 1122 → "18:42"; an hour and more → "1:02:03". */
export function formatSeconds(total) {
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = String(total % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${seconds}` : `${minutes}:${seconds}`;
}

/** An ISO time of the server as the hour shown to the reader. */
export function formatTime(iso) {
  const match = /T(\d\d:\d\d:\d\d)/.exec(iso);
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return match ? match[1] : "";
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, "0")).join(":");
}
