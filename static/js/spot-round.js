// The inspector's page of an on-the-spot test: who scanned the code appears without a reload.

const box = document.querySelector("[data-seats]");
const EVERY_MS = 3000;

// A button about to be pressed is not taken away under the finger, nor while the answer was on its way.
const isTouched = () => box.matches(":hover, :focus-within");

async function refresh() {
  if (!document.hidden && !isTouched()) {
    try {
      const response = await fetch(box.dataset.url, { headers: { "X-Fragment": "1" } });
      const text = await response.text();
      if (response.ok && !response.redirected && text !== shown && !isTouched()) {
        shown = text;
        // Each copy carries a form token of its own; only what a person sees is compared.
        const fresh = new DOMParser().parseFromString(text, "text/html").body;
        if (fresh.textContent.trim() !== box.textContent.trim()) box.replaceChildren(...fresh.children);
      }
    } catch {
      // No network for a moment: the next turn asks again.
    }
  }
  setTimeout(refresh, EVERY_MS);
}

let shown = "";
setTimeout(refresh, EVERY_MS);
