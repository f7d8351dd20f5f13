// Shows that a photograph is wanted when the server says so, and sends it without leaving the paper.

const card = document.getElementById("photo");
const form = card.querySelector("form");
const said = card.querySelector("[data-said]");
const button = form.querySelector("button");

document.addEventListener("exam:photo-wanted", (event) => {
  if (event.detail?.due) card.hidden = false;
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  said.textContent = "";
  try {
    const reply = await fetch(form.action, {
      method: "POST",
      credentials: "same-origin",
      redirect: "error",
      headers: { Accept: "application/json" },
      body: new FormData(form),
    });
    const answer = await reply.json();
    said.textContent = answer.message ?? "";
    if (reply.ok) {
      form.reset();
      card.hidden = true;
    }
  } catch {
    // Without a network the photograph is still chosen: the button sends it again.
  } finally {
    button.disabled = false;
  }
});
