// Waits for the inspector: the page loads itself again until the questions are there.

const EVERY_MS = 4000;

setTimeout(() => location.reload(), EVERY_MS);
