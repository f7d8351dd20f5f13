// Answers the server has not confirmed yet, kept on this device so that a reload loses nothing.
// IndexedDB where there is one, else localStorage, else memory. Only the latest answer of a slot waits.
// The counter behind `seq` is shared by all tabs, so two tabs never use the same number.

const NAME = "anxue-exam";

class MemoryStore {
  constructor() {
    this.steps = new Map();
    this.last = 0;
  }

  async pending() {
    return [...this.steps.values()];
  }

  async add(slot, response, atLeast) {
    this.last = Math.max(this.last + 1, atLeast);
    const step = { slot, seq: this.last, response };
    this.steps.set(slot, step);
    return step;
  }

  async confirm(slot, seq) {
    if (this.steps.get(slot)?.seq === seq) this.steps.delete(slot);
  }

  async clear() {
    this.steps.clear();
  }
}

class LocalStore {
  constructor(attempt) {
    this.key = `${NAME}:${attempt}`;
    localStorage.setItem(`${NAME}:probe`, "1");
    localStorage.removeItem(`${NAME}:probe`);
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key)) ?? { last: 0, steps: {} };
    } catch {
      return { last: 0, steps: {} };
    }
  }

  write(data) {
    localStorage.setItem(this.key, JSON.stringify(data));
  }

  async pending() {
    return Object.values(this.read().steps);
  }

  async add(slot, response, atLeast) {
    const data = this.read();
    data.last = Math.max(data.last + 1, atLeast);
    data.steps[slot] = { slot, seq: data.last, response };
    this.write(data);
    return data.steps[slot];
  }

  async confirm(slot, seq) {
    const data = this.read();
    if (data.steps[slot]?.seq === seq) {
      delete data.steps[slot];
      this.write(data);
    }
  }

  async clear() {
    localStorage.removeItem(this.key);
  }
}

class IndexedStore {
  static open(attempt) {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore("steps", { keyPath: ["attempt", "slot"] });
        request.result.createObjectStore("counters", { keyPath: "attempt" });
      };
      request.onsuccess = () => resolve(new IndexedStore(request.result, attempt));
      request.onerror = () => reject(request.error);
      request.onblocked = () => reject(new Error("blocked"));
    });
  }

  constructor(database, attempt) {
    this.database = database;
    this.attempt = attempt;
    this.range = IDBKeyRange.bound([attempt, 0], [attempt, Number.MAX_SAFE_INTEGER]);
  }

  run(mode, work) {
    return new Promise((resolve, reject) => {
      const transaction = this.database.transaction(["steps", "counters"], mode);
      let value;
      const keep = (result) => {
        value = result;
      };
      work(transaction.objectStore("steps"), transaction.objectStore("counters"), keep);
      transaction.oncomplete = () => resolve(value);
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  }

  pending() {
    return this.run("readonly", (steps, _counters, keep) => {
      steps.getAll(this.range).onsuccess = (event) =>
        keep(event.target.result.map(({ slot, seq, response }) => ({ slot, seq, response })));
    });
  }

  add(slot, response, atLeast) {
    return this.run("readwrite", (steps, counters, keep) => {
      counters.get(this.attempt).onsuccess = (event) => {
        const seq = Math.max((event.target.result?.last ?? 0) + 1, atLeast);
        counters.put({ attempt: this.attempt, last: seq });
        steps.put({ attempt: this.attempt, slot, seq, response });
        keep({ slot, seq, response });
      };
    });
  }

  confirm(slot, seq) {
    return this.run("readwrite", (steps) => {
      steps.get([this.attempt, slot]).onsuccess = (event) => {
        if (event.target.result?.seq === seq) steps.delete([this.attempt, slot]);
      };
    });
  }

  clear() {
    return this.run("readwrite", (steps, counters) => {
      steps.delete(this.range);
      counters.delete(this.attempt);
    });
  }
}

/** Open the best store this browser allows (a private window may allow none). */
export async function openStore(attempt) {
  try {
    return await IndexedStore.open(attempt);
  } catch {
    // No IndexedDB: some WebViews switch it off.
  }
  try {
    return new LocalStore(attempt);
  } catch {
    return new MemoryStore();
  }
}

/** Which questions a person has marked: a note to oneself, of no interest to the server. */
export class Marks {
  constructor(attempt) {
    this.key = `${NAME}:marks:${attempt}`;
    try {
      this.slots = new Set(JSON.parse(localStorage.getItem(this.key)) ?? []);
    } catch {
      this.slots = new Set();
    }
  }

  has(slot) {
    return this.slots.has(slot);
  }

  toggle(slot) {
    if (!this.slots.delete(slot)) this.slots.add(slot);
    try {
      localStorage.setItem(this.key, JSON.stringify([...this.slots]));
    } catch {
      // Without storage the marks last as long as the page.
    }
  }

  clear() {
    try {
      localStorage.removeItem(this.key);
    } catch {
      // Nothing was kept.
    }
  }
}
