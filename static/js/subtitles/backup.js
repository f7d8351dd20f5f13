// What is typed and not yet kept by the server, on this device.

export class Backup {
  constructor(key) {
    this.key = `anxue-subtitles:${key}`;
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key));
    } catch {
      return null; // no storage, or not ours
    }
  }

  write(kept) {
    try {
      localStorage.setItem(this.key, JSON.stringify(kept));
    } catch {
      // Without storage the page itself still warns before it is left.
    }
  }

  drop() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // There was nothing to drop.
    }
  }
}
