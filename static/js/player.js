// What stands around a film: full screen with the name still over it, large subtitles, and, once a film has been
// seen, other speeds and picture-in-picture. When a film has been seen the server says (study.js passes it on).

const MOVES_EVERY_MS = 8000;
const PLACES = 7; // .at-0 … .at-6 in courses.css
const BIG = "anxue-big-subtitles";

class Player {
  constructor(box) {
    this.box = box;
    this.film = box.querySelector("video");
    this.stage = box.querySelector("[data-stage]");
    this.mark = box.querySelector("[data-name-mark]");
    this.big = box.querySelector("[data-big-subtitles]");
    this.rate = box.querySelector("[data-rate]");
    this.isFree = false;
    box.querySelector("[data-player-tools]").hidden = false;
    box.querySelector("[data-enlarge]").addEventListener("click", () => this.enlarge());
    box.querySelector("[data-leave]").addEventListener("click", () => this.leave());
    this.rate.addEventListener("change", () => {
      this.film.playbackRate = Number(this.rate.value);
    });
    this.film.addEventListener("ratechange", () => {
      this.rate.value = String(this.film.playbackRate);
    });
    this.film.addEventListener("study:film", (event) => this.free(event.detail.isDone));
    // Where a browser offers it all the same, from a menu of its own.
    this.film.addEventListener("enterpictureinpicture", () => {
      if (!this.isFree) document.exitPictureInPicture?.().catch(() => {});
    });
    if (this.big) this.readable();
    if (this.mark) this.keepMark();
    this.free("free" in box.dataset);
  }

  /** Allow or forbid what a first view must not have. */
  free(isFree) {
    this.isFree = isFree;
    this.film.disablePictureInPicture = !isFree;
    this.film.disableRemotePlayback = !isFree;
    this.box.querySelector("[data-rates]").hidden = !isFree;
  }

  readable() {
    const show = (isBig) => {
      this.box.classList.toggle("big-subtitles", isBig);
      this.big.setAttribute("aria-pressed", String(isBig));
    };
    try {
      show(localStorage.getItem(BIG) === "1");
    } catch {
      show(false);
    }
    this.big.addEventListener("click", () => {
      const isBig = this.big.getAttribute("aria-pressed") !== "true";
      show(isBig);
      try {
        localStorage.setItem(BIG, isBig ? "1" : "0");
      } catch {
        // It holds for this page.
      }
    });
  }

  keepMark() {
    let place = 0;
    setInterval(() => {
      place = (place + 1 + Math.floor(Math.random() * (PLACES - 1))) % PLACES; // never the same twice
      this.mark.className = `at-${place}`;
    }, MOVES_EVERY_MS);
    // A film alone on the screen would leave its name behind: the frame around both goes instead.
    document.addEventListener("fullscreenchange", () => {
      if (document.fullscreenElement !== this.film) return;
      document
        .exitFullscreen()
        .then(() => this.enlarge())
        .catch(() => {});
    });
    this.film.addEventListener("webkitbeginfullscreen", () => {
      this.film.webkitExitFullscreen?.();
      this.spread(true);
    });
  }

  async enlarge() {
    try {
      await this.stage.requestFullscreen();
    } catch {
      this.spread(true); // a browser without it, or one that wants a tap: the frame fills the window
    }
    this.film.focus();
  }

  leave() {
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    this.spread(false);
    this.box.querySelector("[data-enlarge]").focus();
  }

  spread(isFull) {
    this.stage.classList.toggle("is-full", isFull);
    if (!isFull) return;
    const onKey = (event) => {
      if (event.key !== "Escape") return;
      document.removeEventListener("keydown", onKey);
      this.spread(false);
    };
    document.addEventListener("keydown", onKey);
  }
}

for (const box of document.querySelectorAll("[data-player]")) new Player(box);
