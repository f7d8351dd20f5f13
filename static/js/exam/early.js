// Runs before the paper is painted: one question per view from the first moment on. Should the page's own
// script not arrive (a bad network), the whole paper and its plain buttons come back and still work.
document.documentElement.classList.add("exam-scripted");
setTimeout(() => {
  if (!document.querySelector("#paper.scripted")) document.documentElement.classList.remove("exam-scripted");
}, 8000);
