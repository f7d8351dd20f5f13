// Choosing the questions of a paper: after a move the focus stays with the question that was moved.

const form = document.querySelector("form[data-focus]");
if (form?.dataset.focus) document.getElementById(form.dataset.focus)?.focus();
