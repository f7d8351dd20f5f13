// Plays a film (or a recording) from its segments: by the browser itself where it knows HLS, else through hls.js, else the film
// as one file. Nothing is fetched before somebody presses play: a lesson's text must not wait for its film.
const TOKEN = /\/films\/via\/[^/]+\//;
const PLAYLIST = "application/vnd.apple.mpegurl";
const RETRY_MS = 2000;
const MOST_TRIES = 4; // without a second played in between; then the film as one file
const IN_STORE_S = 30; // the server refuses what lies far ahead of what was seen (courses/streams.py)

export class FilmSource {
  constructor(video) {
    this.video = video;
    this.session = "";
    this.how = ""; // "", "native", "hls" or "file"
    this.tries = 0;
    this.hls = null;
    const proved = "film" in video.dataset;
    // A film that must be proved opens under the play session, which study.js names.
    this.allowed = proved ? new Promise((release) => (this.release = release)) : Promise.resolve();
    video.addEventListener("play", () => this.begin());
    video.addEventListener("error", () => this.broken());
    video.addEventListener("timeupdate", () => {
      if (!video.paused && video.currentTime > 0) this.tries = 0;
    });
  }

  /** Go on under another play session: addresses of the last one are refused from now on. */
  use(session) {
    this.session = session;
    this.release?.();
    if (this.how && this.how !== "file") this.renew();
  }

  async begin() {
    if (this.how || this.opening) return;
    this.opening = true;
    this.video.pause();
    await this.allowed;
    try {
      await this.ask();
      if (!this.stream) this.playFile();
      else if (!this.stream.endsWith(".m3u8") || this.video.canPlayType(PLAYLIST)) this.playNative();
      else await this.playHls();
    } catch {
      this.playFile();
    }
    this.opening = false;
    this.video.play().catch(() => {}); // a browser may want another tap
  }

  /** Ask where the film plays for this person now. */
  async ask() {
    const address = new URL(this.video.dataset.address, window.location.href);
    if (this.session) address.searchParams.set("session", this.session);
    const reply = await fetch(address, { credentials: "same-origin" });
    if (!reply.ok) throw new Error(`status ${reply.status}`);
    const { stream, file } = await reply.json();
    Object.assign(this, { stream, file });
  }

  playNative() {
    this.how = "native";
    this.load(this.stream);
  }

  async playHls() {
    await import(this.video.dataset.hls);
    const Hls = window.Hls;
    if (!Hls?.isSupported()) {
      this.playFile();
      return;
    }
    this.how = "hls";
    this.hls = new Hls({
      // Where study.js has put the film already, while it knew only the file's length.
      startPosition: this.video.currentTime > 0.5 ? this.video.currentTime : -1,
      enableWorker: false, // a worker from a blob is more than the content policy allows
      maxBufferLength: IN_STORE_S,
      maxMaxBufferLength: IN_STORE_S,
      backBufferLength: 60,
      capLevelToPlayerSize: true,
      xhrSetup: (xhr, url) => xhr.open("GET", url.replace(TOKEN, this.stream.match(TOKEN)[0]), true),
    });
    this.hls.on(Hls.Events.ERROR, (_event, problem) => {
      if (!problem.fatal) {
        // Left to itself it would try the same address for half a minute; its next try takes the new one.
        if (problem.response?.code === 403) this.refresh();
        return;
      }
      if (problem.type === Hls.ErrorTypes.MEDIA_ERROR && this.tries < MOST_TRIES) {
        this.tries += 1;
        this.hls.recoverMediaError();
      } else {
        this.broken();
      }
    });
    this.hls.loadSource(this.stream);
    const { playbackRate } = this.video;
    this.hls.attachMedia(this.video);
    this.video.playbackRate = playbackRate; // a new source sets it back
  }

  playFile() {
    this.how = "file";
    this.hls?.destroy();
    this.hls = null;
    this.load(this.file || this.video.dataset.file);
  }

  /** Play from another address at the same place and speed. */
  load(address) {
    const video = this.video;
    const { currentTime, paused, playbackRate } = video;
    video.src = address;
    video.load();
    video.playbackRate = playbackRate;
    if (currentTime > 0.5) {
      const place = () => (video.currentTime = currentTime);
      video.addEventListener("loadedmetadata", place, { once: true });
    }
    if (!paused) video.play().catch(() => {});
  }

  /** The player gave up: a new address helps where the old one ran out, trying again where the network broke. */
  broken() {
    if (!this.how || this.waiting) return;
    if (this.how === "file") return;
    this.tries += 1;
    this.waiting = setTimeout(() => {
      this.waiting = 0;
      if (this.tries > MOST_TRIES) this.playFile();
      else this.renew();
    }, RETRY_MS);
  }

  /** Get a new address for what hls.js is about to try again. */
  async refresh() {
    if (this.refreshing) return;
    this.refreshing = true;
    try {
      await this.ask();
    } catch {
      // The network may be gone as well; it is tried again.
    }
    this.refreshing = false;
  }

  async renew() {
    try {
      await this.ask();
    } catch {
      this.broken();
      return;
    }
    if (!this.stream) this.playFile();
    else if (this.hls) this.hls.startLoad(this.video.currentTime);
    else this.load(this.stream);
  }
}

for (const media of document.querySelectorAll("[data-address]:not([data-film])")) new FilmSource(media);
