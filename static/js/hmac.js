// HMAC-SHA-256 (FIPS 180-4, RFC 2104) for short texts. The browser's own crypto.subtle is missing on plain
// http inside a works network, and one signature every ten seconds needs no speed.

const ROUND = new Uint32Array(64);
const START = new Uint32Array(8);
(function fill() {
  let found = 0;
  for (let candidate = 2; found < 64; candidate += 1) {
    let prime = true;
    for (let factor = 2; factor * factor <= candidate; factor += 1) {
      if (candidate % factor === 0) {
        prime = false;
        break;
      }
    }
    if (!prime) continue;
    if (found < 8) START[found] = fraction(Math.sqrt(candidate));
    ROUND[found] = fraction(Math.cbrt(candidate));
    found += 1;
  }
})();

function fraction(value) {
  return Math.floor((value - Math.floor(value)) * 2 ** 32);
}

function turn(word, count) {
  return (word >>> count) | (word << (32 - count));
}

function sha256(bytes) {
  const padded = new Uint8Array(((bytes.length + 72) >> 6) << 6);
  padded.set(bytes);
  padded[bytes.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
  view.setUint32(padded.length - 4, bytes.length << 3);
  const state = START.slice();
  const words = new Uint32Array(64);
  for (let offset = 0; offset < padded.length; offset += 64) {
    for (let index = 0; index < 16; index += 1) words[index] = view.getUint32(offset + 4 * index);
    for (let index = 16; index < 64; index += 1) {
      const low = words[index - 15];
      const high = words[index - 2];
      words[index] =
        words[index - 16] +
        (turn(low, 7) ^ turn(low, 18) ^ (low >>> 3)) +
        words[index - 7] +
        (turn(high, 17) ^ turn(high, 19) ^ (high >>> 10));
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let index = 0; index < 64; index += 1) {
      const first =
        (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + ROUND[index] + words[index]) | 0;
      const second = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((word, index) => {
      state[index] += word;
    });
  }
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  state.forEach((word, index) => out.setUint32(4 * index, word));
  return digest;
}

function joined(first, second) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** Return the HMAC-SHA-256 of `text` under `key`, both texts in UTF-8, as lower-case hex. */
export function hmacHex(key, text) {
  const encoder = new TextEncoder();
  let secret = encoder.encode(key);
  if (secret.length > 64) secret = sha256(secret);
  const inner = new Uint8Array(64).fill(0x36);
  const outer = new Uint8Array(64).fill(0x5c);
  secret.forEach((byte, index) => {
    inner[index] ^= byte;
    outer[index] ^= byte;
  });
  const digest = sha256(joined(outer, sha256(joined(inner, encoder.encode(text)))));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
