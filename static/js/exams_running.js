// Who is sitting an exam now: brings the figures up to date and leaves what is ticked or being typed alone.

const EVERY = 15000;

/** Put the new figures in; whoever started meanwhile is added, whoever handed in goes. */
function bringUpToDate(fresh) {
  for (const live of document.querySelectorAll("[data-live]")) {
    const news = fresh.querySelector(`[data-live="${live.dataset.live}"]`);
    if (news && news.innerHTML !== live.innerHTML) live.replaceChildren(...news.childNodes);
  }
  const list = document.querySelector("[data-live-rows]");
  const rows = fresh.querySelectorAll("[data-row]");
  if (!list || !rows.length) return;
  const kept = new Set([...rows].map((row) => row.dataset.row));
  for (const row of list.querySelectorAll("[data-row]")) if (!kept.has(row.dataset.row)) row.remove();
  for (const row of rows) if (!list.querySelector(`[data-row="${row.dataset.row}"]`)) list.append(row);
}

async function ask() {
  try {
    const reply = await fetch(window.location.href, { credentials: "same-origin", cache: "no-store" });
    if (reply.ok) bringUpToDate(new DOMParser().parseFromString(await reply.text(), "text/html"));
  } catch {
    // No network: the time above says of when these figures are.
  }
  setTimeout(ask, EVERY);
}

setTimeout(ask, EVERY);
