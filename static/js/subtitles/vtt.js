// WebVTT as the server writes it, to cues and back. What is right the server decides.

const TIME = /^(?:(\d{1,3}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})$/;
const MARK = /<\/?(?:[biucv]|lang|ruby|rt)(?:[.\s][^<>]*)?>/gi;

/** Return a time in milliseconds, or null if it is none. */
export function readTime(text) {
  const found = TIME.exec(text.trim());
  if (!found) return null;
  const [hours, minutes, seconds] = found.slice(1, 4).map((part) => Number(part ?? 0));
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + Number(found[4].padEnd(3, "0"));
}

export function writeTime(milliseconds) {
  const two = (number) => String(number).padStart(2, "0");
  const seconds = Math.floor(milliseconds / 1000);
  const rest = String(milliseconds % 1000).padStart(3, "0");
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${rest}`;
}

const plain = (text) =>
  text.replace(MARK, "").replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
const escaped = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

export function readVtt(text) {
  const cues = [];
  for (const block of text.replaceAll("\r\n", "\n").split(/\n{2,}/)) {
    const lines = block.trim().split("\n");
    const place = lines.findIndex((line) => line.includes("-->"));
    if (place < 0) continue;
    const [start, end] = lines[place].split("-->").map((part) => part.trim().split(/\s/)[0]);
    cues.push({ start, end, text: plain(lines.slice(place + 1).join("\n")) });
  }
  return cues;
}

export function writeVtt(cues) {
  const blocks = cues.map(({ start, end, text }) => {
    const words = text.split("\n").map((line) => line.trim()).filter(Boolean).join("\n");
    const [from, to] = [readTime(start), readTime(end)];
    // A time that is none goes as it is typed: the server names it.
    return `${from === null ? start : writeTime(from)} --> ${to === null ? end : writeTime(to)}\n${escaped(words)}`;
  });
  return `${["WEBVTT", ...blocks].join("\n\n")}\n`;
}
