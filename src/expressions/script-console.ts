// Keeps what a script writes with `console`, up to a limit.

/** Most lines that are kept of one script. */
export const MAX_CONSOLE_LINES = 200;
/** Most that is kept of one script, in bytes of UTF-8. */
export const MAX_CONSOLE_BYTES = 64 * 1024;
/** The last line when there was more. */
export const CONSOLE_CUT = '… (the script wrote more; the rest is cut)';

export interface ScriptConsole {
  readonly lines: readonly string[];
  /** Adds a text, whose line breaks make lines of it. @returns false when nothing more is kept */
  write(text: string): boolean;
}

export function createScriptConsole(): ScriptConsole {
  const lines: string[] = [];
  let left = MAX_CONSOLE_BYTES - Buffer.byteLength(CONSOLE_CUT);
  let isFull = false;

  function add(line: string): void {
    if (isFull) return;
    const bytes = Buffer.byteLength(line);
    if (bytes <= left && lines.length < MAX_CONSOLE_LINES) {
      left -= bytes;
      lines.push(line);
      return;
    }
    isFull = true;
    if (lines.length === MAX_CONSOLE_LINES) lines.pop();
    // A long line keeps its beginning; a character that is cut in two is left out.
    const room = lines.length < MAX_CONSOLE_LINES - 1 ? left : 0;
    const start = Buffer.from(line)
      .subarray(0, room)
      .toString()
      .replace(/\uFFFD$/, '');
    if (start !== '') lines.push(start);
    lines.push(CONSOLE_CUT);
  }

  return {
    lines,
    write(text) {
      // Not `split`: a text of a million line breaks would make a million lines.
      let from = 0;
      while (!isFull) {
        const to = text.indexOf('\n', from);
        add(to < 0 ? text.slice(from) : text.slice(from, to));
        if (to < 0) break;
        from = to + 1;
      }
      return !isFull;
    },
  };
}
