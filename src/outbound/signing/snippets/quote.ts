// Pure: writes a text as a literal of a programming language. Parts of custom profiles are anybody's text: nothing of it may become code.

/**
 * In double quotes; everything but plain ASCII is escaped.
 * @param special plain characters that mean something inside the quotes, besides `"` and the backslash
 * @param escapeOther of a code point
 */
function createQuote(special: string, escapeOther: (codePoint: number) => string): (text: string) => string {
  const escaped = new Set(['"', '\\', ...special]);
  return (text) => {
    const characters = Array.from(text, (character) => {
      if (escaped.has(character)) return `\\${character}`;
      return /^[\x20-\x7e]$/.test(character) ? character : escapeOther(character.codePointAt(0) ?? 0);
    });
    return `"${characters.join('')}"`;
  };
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** UTF-16 units. Java reads such escapes before anything else: a line break must not be one. */
function utf16(codePoint: number): string {
  if (codePoint === 0x0a) return '\\n';
  if (codePoint === 0x0d) return '\\r';
  return Array.from({ length: codePoint > 0xffff ? 2 : 1 }, (_, index) => {
    return `\\u${hex(String.fromCodePoint(codePoint).charCodeAt(index), 4)}`;
  }).join('');
}

const utf32 = (codePoint: number): string => (codePoint > 0xffff ? `\\U${hex(codePoint, 8)}` : `\\u${hex(codePoint, 4)}`);
const braced = (codePoint: number): string => `\\u{${hex(codePoint, 1)}}`;

/** JavaScript, Java, C#. */
export const quoteUtf16 = createQuote('', utf16);
/** Python, Go. */
export const quoteUtf32 = createQuote('', utf32);
export const quotePhp = createQuote('$', braced);
export const quoteRuby = createQuote('#', braced);

/** In single quotes nothing has a meaning. */
export function quoteShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
