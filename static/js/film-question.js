// A question about a film: takes its moment from the film beside it.
const page = document.querySelector("[data-question]");
const film = page.querySelector("[data-film-beside]");
const moment = page.querySelector("[data-moment]");
const take = page.querySelector("[data-take-moment]");

const text = (seconds) => {
  const tenths = Math.floor(seconds * 10);
  const whole = `${Math.floor(tenths / 600)}:${String(Math.floor(tenths / 10) % 60).padStart(2, "0")}`;
  return tenths % 10 ? `${whole}.${tenths % 10}` : whole;
};

take.hidden = false;
take.addEventListener("click", () => {
  moment.value = text(film.currentTime);
  moment.focus();
});
const [, minutes, seconds] = moment.value.match(/^(\d+):(\d+(?:\.\d+)?)$/) ?? [];
if (minutes) film.currentTime = Number(minutes) * 60 + Number(seconds);
