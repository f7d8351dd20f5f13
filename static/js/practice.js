// Practice: one question at a time. The next ones are on the page already, without their keys; what is right comes
// with the reply to an answer. Without this script every question is a form of its own.

const texts = JSON.parse(document.getElementById("practice-texts").textContent);
const forms = [...document.querySelectorAll(".practice-one")];
const place = document.getElementById("place");
const done = document.getElementById("done");
const TIMEOUT_MS = 20000;
const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_whole, name) => values[name]);
let answered = 0;
let right = 0;

document.documentElement.classList.add("practice-scripted");
show(0, false);
for (const [number, form] of forms.entries()) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
  form.querySelector("[data-next]").addEventListener("click", () => show(number + 1, true));
}

/** Show a question, or the end after the last one. */
function show(number, focus) {
  forms.forEach((form, each) => form.classList.toggle("now", each === number));
  const form = forms[number];
  window.scrollTo(0, 0);
  if (!form) {
    place.textContent = "";
    done.hidden = false;
    const title = document.getElementById("done-title");
    title.textContent = fill(texts.summary, { answered, right });
    title.focus();
    return;
  }
  place.textContent = fill(texts.place, { n: number + 1, total: forms.length });
  if (focus) form.querySelector("legend").focus();
}

function problem(form, text) {
  const box = form.querySelector("[data-problem]");
  box.querySelector("span").textContent = text;
  box.hidden = !text;
}

/** Send an answer. Sent again after a lost reply, it is the same answer: the ticket names it. */
async function send(form) {
  const button = form.querySelector("[data-send]");
  const words = button.textContent;
  problem(form, "");
  button.disabled = true;
  button.textContent = texts.sending;
  try {
    const response = await fetch(form.action, {
      method: "POST",
      body: new FormData(form),
      headers: { "X-Fragment": "1" },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.redirected) problem(form, texts.signedOut);
    else if (response.ok) reveal(form, text);
    else problem(form, wordsOf(text) || texts.broken);
  } catch {
    problem(form, texts.offline);
  }
  button.disabled = false;
  button.textContent = words;
}

function wordsOf(html) {
  return new DOMParser().parseFromString(html, "text/html").querySelector("body > p:only-child")?.textContent.trim();
}

function reveal(form, html) {
  const box = form.querySelector("[data-feedback]");
  box.innerHTML = html;
  box.hidden = false;
  form.querySelector("fieldset").disabled = true;
  form.querySelector("[data-send]").hidden = true;
  form.querySelector("[data-next]").hidden = false;
  answered += 1;
  if (box.querySelector("[data-right='1']")) right += 1;
  box.querySelector("h2").focus();
}
