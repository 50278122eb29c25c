// Pure: finds hook keys in texts, also those that were cut and in another case, in time that does not grow with their number.

/** Where a hook key, or a part of it that is as good, stands in a text. */
export interface KeyPlace {
  readonly start: number;
  readonly end: number;
  /** The last four characters of the key. */
  readonly hint: string;
}

export interface HookKeyIndex {
  /** Places in the order of the text; they may overlap. */
  find(text: string): KeyPlace[];
}

/** A cut key counts until this many characters of it are missing: 2^42 guesses over HTTP are out of reach. */
const GUESSABLE = 6;
/** A part that is shorter says little, and may be part of a word. */
const MIN_WINDOW = 12;
/** Characters of a window that are looked up before the rest is read. */
const GRAM = 4;
const NO_CODE = 255;

/** Of each character of a key a number below 64; letters in any case are the same. */
const CODES = new Uint8Array(128).fill(NO_CODE);
for (const [index, character] of [...'abcdefghijklmnopqrstuvwxyz0123456789-_'].entries()) {
  CODES[character.charCodeAt(0)] = index;
  CODES[character.toUpperCase().charCodeAt(0)] = index;
}

export function hintOf(hookKey: string): string {
  return hookKey.slice(-4);
}

/** Keys of fewer than 18 characters, which the API does not take, are not found. */
export function createHookKeyIndex(hookKeys: Iterable<string>): HookKeyIndex {
  /** By length: every part of a key of that length, in lower case, with the key's hint. */
  const windows = new Map<number, Map<string, string>>();
  /** A bit for each beginning of a window. */
  const grams = new Uint8Array(1 << 21);
  for (const key of hookKeys) {
    const length = key.length - GUESSABLE;
    if (length < MIN_WINDOW) continue;
    const parts = windows.get(length) ?? new Map<string, string>();
    windows.set(length, parts);
    const folded = key.toLowerCase();
    for (let start = 0; start <= GUESSABLE; start += 1) {
      const part = folded.slice(start, start + length);
      parts.set(part, hintOf(key));
      const gram = gramOf(part);
      grams[gram >> 3] = (grams[gram >> 3] ?? 0) | (1 << (gram & 7));
    }
  }
  const lengths = [...windows];

  return {
    find(text) {
      const places: KeyPlace[] = [];
      if (lengths.length === 0) return places;
      let gram = 0;
      let run = 0;
      for (let at = 0; at < text.length; at += 1) {
        const unit = text.charCodeAt(at);
        const code = unit < 128 ? (CODES[unit] ?? NO_CODE) : NO_CODE;
        if (code === NO_CODE) {
          run = 0;
          continue;
        }
        gram = ((gram << 6) | code) & 0xffffff;
        run += 1;
        if (run < GRAM || ((grams[gram >> 3] ?? 0) & (1 << (gram & 7))) === 0) continue;
        const start = at - GRAM + 1;
        for (const [length, parts] of lengths) {
          const hint = parts.get(text.slice(start, start + length).toLowerCase());
          if (hint !== undefined) places.push({ start, end: start + length, hint });
        }
      }
      return places;
    },
  };
}

function gramOf(part: string): number {
  let gram = 0;
  for (let at = 0; at < GRAM; at += 1) gram = (gram << 6) | ((CODES[part.charCodeAt(at)] ?? 0) & 63);
  return gram;
}
