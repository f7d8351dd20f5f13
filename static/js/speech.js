// What everything that is read aloud shares: sentences short enough for one breath, and a Chinese voice.

const LONGEST = 80; // characters at once: some browsers fall silent in the middle of a long utterance
const SENTENCE = /[^。！？；!?;\n]+[。！？；!?;\n]*/gu;
const COMMA = /[^，、,]+[，、,]*/gu;

/** Cuts a text into what is said in one breath. */
export function breaths(text) {
  const sentences = text.match(SENTENCE) ?? [];
  return sentences
    .flatMap((one) => (one.length > LONGEST ? (one.match(COMMA) ?? [one]) : [one]))
    .map((one) => one.trim())
    .filter(Boolean);
}

/** Return the browser's Mandarin voice, another Chinese one, or null. */
export function chineseVoice(synthesis) {
  const known = synthesis.getVoices();
  const named = (test) => known.find((voice) => test(voice.lang.replace("_", "-").toLowerCase()));
  const found = named((lang) => lang === "zh-cn" || lang.startsWith("zh-hans")) ?? named((lang) => lang.startsWith("zh"));
  return found ?? null;
}
