// Sends a large film in parts while its form is filled in. A part that did not arrive is sent again; a page
// loaded anew goes on where it stopped when the same file is chosen. Without this script the form sends all at once.
const RETRY_MS = 3000;
const PERCENT = 100;

class Refused extends Error {
  constructor(data) {
    super(data.message);
    Object.assign(this, data);
  }
}

/** Return the hidden field in which the form names an upload, made where it is missing. */
function numberField(input) {
  const name = input.name.replace(/file$/, "upload");
  const there = input.form.elements[name];
  if (there) return there;
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name });
  input.form.append(field);
  return field;
}

class Upload {
  constructor(input, file) {
    Object.assign(this, { input, file, words: input.dataset, stopped: false, done: false });
    this.form = input.form;
    this.token = this.form.querySelector("[name=csrfmiddlewaretoken]").value;
    this.number = numberField(input);
    this.box = document.createElement("div");
    this.box.className = "film-upload";
    this.bar = document.createElement("progress");
    this.bar.max = file.size;
    this.bar.setAttribute("aria-label", file.name);
    this.told = document.createElement("p");
    this.told.setAttribute("role", "status");
    this.cancel = document.createElement("button");
    Object.assign(this.cancel, { type: "button", className: "button button-secondary" });
    this.cancel.textContent = this.words.textCancel;
    this.cancel.addEventListener("click", () => this.drop());
    this.box.append(this.bar, this.told, this.cancel);
    input.after(this.box);
  }

  async run() {
    this.number.value = "";
    try {
      await this.begin();
      while (!this.stopped && this.offset < this.file.size) await this.next();
    } catch (problem) {
      if (!(problem instanceof Refused)) throw problem;
      if (!this.stopped) this.end(problem.message);
      return;
    }
    if (this.stopped) return;
    this.done = true;
    this.number.value = this.id;
    this.input.value = ""; // the form must not send it once more
    this.input.required = false;
    this.show(this.file.size, this.words.textDone);
    if (this.waiting) this.form.requestSubmit(this.submitter);
  }

  async begin() {
    const { name, size, lastModified } = this.file;
    const body = new URLSearchParams({ name, size, modified: lastModified });
    const { id, offset, part } = await this.ask("POST", this.words.filmUpload, body);
    Object.assign(this, { id, offset, part });
    if (offset) this.show(offset, this.words.textResumed);
  }

  async next() {
    const part = this.file.slice(this.offset, this.offset + this.part);
    const address = `${this.words.filmUpload}${this.id}/`;
    try {
      this.offset = (await this.ask("PATCH", address, part, this.offset)).offset;
      this.show(this.offset);
    } catch (problem) {
      if (problem.error !== "wrong_offset") throw problem;
      this.offset = problem.offset;
    }
  }

  /** Ask until the server answers: a break of the network is waited for, a refusal is thrown. */
  async ask(method, address, body, offset) {
    while (!this.stopped) {
      try {
        return await this.send(method, address, body, offset);
      } catch (problem) {
        if (problem instanceof Refused) throw problem;
      }
      if (this.stopped) break;
      this.show(this.offset ?? 0, this.words.textOffline);
      await new Promise((wake) => {
        window.addEventListener("online", wake, { once: true });
        setTimeout(wake, RETRY_MS);
      });
      if (method !== "PATCH") continue;
      // What arrived of the broken part is there: the server says where to go on.
      throw new Refused({ error: "wrong_offset", message: "", offset: await this.there(address) });
    }
    throw new Refused({ error: "stopped", message: "" });
  }

  async there(address) {
    while (!this.stopped) {
      try {
        const reply = await fetch(address, { method: "HEAD", credentials: "same-origin" });
        if (reply.redirected) throw this.signedOut();
        if (reply.ok) return Number(reply.headers.get("Upload-Offset"));
        if (reply.status < 500) throw new Refused({ error: "unknown", message: this.words.textGone });
      } catch (problem) {
        if (problem instanceof Refused) throw problem;
      }
      await new Promise((wake) => setTimeout(wake, RETRY_MS));
    }
    return 0;
  }

  send(method, address, body, offset) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.request = request;
      request.open(method, address);
      request.responseType = "json";
      request.setRequestHeader("X-CSRFToken", this.token);
      if (offset !== undefined) {
        request.setRequestHeader("Upload-Offset", offset);
        request.setRequestHeader("Content-Type", "application/offset+octet-stream");
        request.upload.onprogress = (event) => this.show(offset + event.loaded);
      }
      request.onload = () => {
        if (request.responseURL !== new URL(address, location.href).href) reject(this.signedOut());
        else if (request.status < 300) resolve(request.response);
        else if (request.status < 500 || request.response?.message) {
          reject(new Refused(request.response ?? { error: "refused", message: this.words.textGone }));
        } else reject(new Error(`status ${request.status}`));
      };
      request.onerror = () => reject(new Error("network"));
      request.onabort = () => reject(new Refused({ error: "stopped", message: "" }));
      request.send(body);
    });
  }

  /** The server answered with another page: that to sign in. */
  signedOut() {
    return new Refused({ error: "signed_out", message: this.words.textSignedOut });
  }

  show(bytes, words) {
    this.bar.value = bytes;
    const pct = Math.floor((bytes * PERCENT) / this.file.size);
    if (words) this.said = words;
    else if (this.said === this.words.textOffline) this.said = "";
    const waits = this.waiting && !this.done ? this.words.textWaits : "";
    this.told.textContent = [this.file.name, `${pct}%`, this.said, waits].filter(Boolean).join(" · ");
  }

  end(message) {
    this.stopped = true;
    this.told.textContent = message;
    this.bar.hidden = this.cancel.hidden = true;
    this.waiting = false;
  }

  stop() {
    this.stopped = true;
    if (!this.done) this.request?.abort();
    this.box.remove();
  }

  drop() {
    this.stop();
    if (this.id) {
      const headers = { "X-CSRFToken": this.token };
      fetch(`${this.words.filmUpload}${this.id}/`, { method: "DELETE", headers, credentials: "same-origin" });
    }
    this.number.value = "";
    this.input.value = "";
  }
}

const running = new WeakMap();

document.addEventListener("change", (event) => {
  const input = event.target;
  if (!input.matches?.("input[type=file][data-film-upload]") || !input.files.length) return;
  const file = input.files[0];
  const before = running.get(input.form);
  if (before && before.file.name !== file.name && !before.done) before.drop();
  else before?.stop();
  const upload = new Upload(input, file);
  running.set(input.form, upload);
  upload.run();
});

// Saving before all of it is there waits for the rest, then saves.
document.addEventListener(
  "submit",
  (event) => {
    const upload = running.get(event.target);
    if (!upload || upload.done || upload.stopped) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    upload.submitter = event.submitter ?? undefined;
    upload.waiting = true;
    upload.show(upload.offset ?? 0);
  },
  true,
);

// A form that came back because of another field still has its film.
for (const input of document.querySelectorAll("input[data-upload-id]")) {
  numberField(input).value = input.dataset.uploadId;
  const told = document.createElement("p");
  told.textContent = input.dataset.textDone;
  input.after(told);
}
