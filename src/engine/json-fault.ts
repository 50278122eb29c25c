// Pure: finds where and why a text is not the JSON that we accept; runs only after reading it has failed.

/** The first thing that is wrong. */
export interface JsonFault {
  /** Offset in UTF-16 units; the text's length when it ends too early. */
  readonly at: number;
  /** A short clause for people. Never quotes more than the key `__proto__`, since bodies may hold secrets. */
  readonly hint: string;
}

/**
 * Reads the text by the grammar of RFC 8259. V8's own messages have a position only sometimes, and in another form in
 * each version. Keeps its own stack, so that depth is no danger.
 * @returns undefined when nothing is wrong
 */
export function findJsonFault(text: string, maxDepth: number): JsonFault | undefined {
  const open: ('}' | ']')[] = [];
  let at = skipSpace(text, 0);
  if (at === text.length) return { at, hint: 'it is empty' };
  // What may stand here: a value; a value or the end of an empty array; a key; a key or `}`; what follows a value.
  let expected: 'value' | 'element' | 'key' | 'member' | 'next' = 'value';
  for (;;) {
    at = skipSpace(text, at);
    const letter = text.charAt(at);
    const closer = open.at(-1);
    if (expected === 'next') {
      if (closer === undefined) return letter === '' ? undefined : { at, hint: 'nothing may follow the value' };
      if (letter === closer) {
        open.pop();
        at++;
      } else if (letter === ',') {
        expected = closer === '}' ? 'key' : 'value';
        at++;
      } else {
        return letter === '' ? endsEarly(text, closer) : { at, hint: `a comma or \`${closer}\` is expected` };
      }
    } else if (letter === '' && closer !== undefined) {
      return endsEarly(text, closer);
    } else if (letter === closer && (expected === 'element' || expected === 'member')) {
      open.pop();
      at++;
      expected = 'next';
    } else if (expected === 'key' || expected === 'member') {
      const end = readKey(text, at);
      if (typeof end !== 'number') return end;
      at = end;
      expected = 'value';
    } else if (letter === '{' || letter === '[') {
      if (open.length >= maxDepth) return { at, hint: `it is nested deeper than ${maxDepth} levels` };
      open.push(letter === '{' ? '}' : ']');
      expected = letter === '{' ? 'member' : 'element';
      at++;
    } else {
      const end = readScalar(text, at);
      if (typeof end !== 'number') return end;
      at = end;
      expected = 'next';
    }
  }
}

function endsEarly(text: string, closer: string): JsonFault {
  return { at: text.length, hint: `it ends too early; \`${closer}\` is missing` };
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (' \t\n\r'.includes(text.charAt(at)) && at < text.length) at++;
  return at;
}

/** @returns where the value after the colon begins */
function readKey(text: string, start: number): number | JsonFault {
  if (text.charAt(start) !== '"') {
    const isTrailing = text.charAt(start) === '}';
    return { at: start, hint: isTrailing ? 'no comma may stand before `}`' : 'a name in double quotes is expected' };
  }
  const end = readString(text, start);
  if (typeof end !== 'number') return end;
  if (JSON.parse(text.slice(start, end)) === '__proto__') return { at: start, hint: 'the name "__proto__" is not allowed' };
  const colon = skipSpace(text, end);
  return text.charAt(colon) === ':' ? colon + 1 : { at: colon, hint: 'a colon is expected' };
}

/** @returns where the text, number or word ends */
function readScalar(text: string, start: number): number | JsonFault {
  const letter = text.charAt(start);
  if (letter === '"') return readString(text, start);
  if (letter === '-' || isDigit(letter)) return readNumber(text, start);
  for (const word of ['true', 'false', 'null']) {
    if (text.startsWith(word, start)) return start + word.length;
  }
  return { at: start, hint: hintFor(letter) };
}

function hintFor(letter: string): string {
  if (letter === ']' || letter === '}') return `a value is expected; no comma or colon may stand before \`${letter}\``;
  if (letter === "'") return 'text needs double quotes';
  if (letter === '/') return 'comments are not allowed';
  if (letter === '+' || letter === '.') return 'a number starts with a digit or `-`';
  return 'a value is expected: an object, an array, text in double quotes, a number, true, false or null';
}

function readString(text: string, start: number): number | JsonFault {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return { at, hint: 'line breaks and other control characters in text must be escaped, such as \\n' };
    if (code !== 0x5c) continue;
    at++;
    const letter = text.charAt(at);
    if (letter === 'u') {
      for (let digit = 1; digit <= 4; digit++) {
        if (!isHexDigit(text.charAt(at + digit))) return { at: at - 1, hint: '\\u needs four hexadecimal digits' };
      }
      at += 4;
    } else if (letter !== '' && !'"\\/bfnrt'.includes(letter)) {
      return { at: at - 1, hint: 'this escape is unknown; a backslash in text is written \\\\' };
    }
  }
  return { at: start, hint: 'this text is not closed; its last quote is missing' };
}

function readNumber(text: string, start: number): number | JsonFault {
  let at = text.charAt(start) === '-' ? start + 1 : start;
  if (text.charAt(at) === '0' && isDigit(text.charAt(at + 1))) return { at, hint: 'a number may not start with 0' };
  const whole = skipDigits(text, at);
  if (whole === at) return { at, hint: 'a digit is expected' };
  at = whole;
  if (text.charAt(at) === '.') {
    const fraction = skipDigits(text, at + 1);
    if (fraction === at + 1) return { at: fraction, hint: 'a digit is expected' };
    at = fraction;
  }
  if (text.charAt(at) === 'e' || text.charAt(at) === 'E') {
    at++;
    if (text.charAt(at) === '+' || text.charAt(at) === '-') at++;
    const exponent = skipDigits(text, at);
    if (exponent === at) return { at, hint: 'a digit is expected' };
    at = exponent;
  }
  return at;
}

function skipDigits(text: string, start: number): number {
  let at = start;
  while (isDigit(text.charAt(at))) at++;
  return at;
}

function isDigit(letter: string): boolean {
  return letter >= '0' && letter <= '9';
}

function isHexDigit(letter: string): boolean {
  return isDigit(letter) || (letter >= 'a' && letter <= 'f') || (letter >= 'A' && letter <= 'F');
}
