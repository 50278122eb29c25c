// Pure: reads a text past the escapes of JSON, URLs, forms, XML and HTML, and keeps where in the text each character came from.

/** A text without escapes. */
export interface PlainText {
  /** Made to be compared with other plain texts, not to be shown: backslashes are gone, and a space is a plus. */
  readonly text: string;
  /** The part of the original text that these characters of the plain one came from. */
  range(start: number, end: number): readonly [number, number];
}

/**
 * PHP writes `\/` in JSON, Go `\u0026`, .NET `\u002B` and `%2f`; JSON inside JSON has several backslashes, a URL in a URL `%252F`.
 * JavaScript and Python write `\x2f`, JavaScript `\u{2f}` and, by its old `escape`, `%u002f`.
 */
const ESCAPES = new RegExp(
  [
    '\\\\+(?:u(?<unit>[0-9a-f]{4})|u\\{0{0,5}(?<point>[0-9a-f]{1,6})\\}|x(?<byte>[0-9a-f]{2}))?',
    '%u(?<old>[0-9a-f]{4})',
    '(?<bytes>(?:%(?:25)*[0-9a-f]{2})+)',
    '&(?:amp;)*(?:#0{0,9}(?<decimal>\\d{1,7})|#x0{0,9}(?<hex>[0-9a-f]{1,6})|(?<name>amp|lt|gt|quot|apos));',
  ].join('|'),
  'gi',
);
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const MAX_CODE_POINT = 0x10ffff;

/** What is left of an escaped character without its backslash; forms write a space as plus. */
const SAME: Readonly<Record<string, string>> = { ' ': '+', '\b': 'b', '\f': 'f', '\n': 'n', '\r': 'r', '\t': 't' };
const SAME_PATTERN = /[ \b\f\n\r\t]/g;
const HAS_ESCAPES = /[\\%&]/;
const LETTER_OR_DIGIT = /^[A-Za-z0-9]$/;

/** Escapes in escapes in escapes: more layers than anybody writes. */
const MAX_LAYERS = 8;

/** Reads layer below layer, until nothing is escaped any more. */
export function readEscaped(original: string): PlainText {
  let plain = readLayer(original);
  for (let layer = 1; layer < MAX_LAYERS && HAS_ESCAPES.test(plain.text); layer += 1) {
    const [above, below] = [plain, readLayer(plain.text)];
    if (below.text === above.text) break;
    plain = { text: below.text, range: (start, end) => above.range(...below.range(start, end)) };
  }
  return plain;
}

/** The text alone, in a fraction of the time: what most texts are looked at for is not in them. */
export function plainTextOf(original: string): string {
  let text = original;
  for (let layer = 0; layer < MAX_LAYERS && HAS_ESCAPES.test(text); layer += 1) {
    const below = alike(text.replace(ESCAPES, (...match) => decode(match.at(-1))));
    if (below === text) break;
    text = below;
  }
  return alike(text);
}

function readLayer(original: string): PlainText {
  if (!HAS_ESCAPES.test(original)) return { text: alike(original), range: (start, end) => [start, end] };
  const starts: number[] = [];
  const ends: number[] = [];
  let text = '';
  let at = 0;
  const copyTo = (end: number): void => {
    text += original.slice(at, end);
    for (; at < end; at += 1) {
      starts.push(at);
      ends.push(at + 1);
    }
  };
  for (const match of original.matchAll(ESCAPES)) {
    copyTo(match.index);
    at += match[0].length;
    const decoded = decode(match.groups ?? {});
    text += decoded;
    for (let count = decoded.length; count > 0; count -= 1) {
      starts.push(match.index);
      ends.push(at);
    }
  }
  copyTo(original.length);

  return {
    text: alike(text),
    range(start, end) {
      let first = starts[start] ?? original.length;
      // The backslashes of an escaped character are a part of it.
      if (!LETTER_OR_DIGIT.test(original[first] ?? '')) while (original[first - 1] === '\\') first -= 1;
      return [first, ends[end - 1] ?? original.length];
    },
  };
}

function alike(text: string): string {
  return text.replace(SAME_PATTERN, (character) => SAME[character] ?? character);
}

/** Nothing for backslashes alone: what follows them is meant. */
function decode({ unit, point, byte, old, bytes, decimal, hex, name }: Readonly<Record<string, string | undefined>>): string {
  const code16 = unit ?? byte ?? old;
  if (code16 !== undefined) return String.fromCharCode(Number.parseInt(code16, 16));
  if (bytes !== undefined) return Buffer.from(bytes.replace(/%(?:25)*(?=[0-9a-f]{2})/gi, ''), 'hex').toString('utf8');
  if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? '';
  if (decimal === undefined && hex === undefined && point === undefined) return '';
  const code = decimal === undefined ? Number.parseInt(hex ?? point ?? '', 16) : Number(decimal);
  return code <= MAX_CODE_POINT ? String.fromCodePoint(code) : '';
}
