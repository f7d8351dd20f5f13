// While the exam is paused: ask from time to time, and open the paper again when it goes on.

const PAUSE = 8000;
const box = document.getElementById("paused");

async function ask() {
  try {
    const reply = await fetch(box.dataset.standing, {
      credentials: "same-origin",
      redirect: "error",
      cache: "no-store",
      headers: { Accept: "application/json" },
    });
    if (reply.ok && !(await reply.json()).paused) return window.location.reload();
    if (reply.status === 404) return window.location.reload();
  } catch {
    // No network: the next question may get through.
  }
  // Half fixed, half random: a whole room must not ask in one second.
  setTimeout(ask, PAUSE / 2 + (Math.random() * PAUSE) / 2);
}

setTimeout(ask, PAUSE / 2);
