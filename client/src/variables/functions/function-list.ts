// What completion says about a language's functions.

export interface FunctionInfo {
  readonly name: string;
  /** As it is called: `round(number, digits)`; `?` marks what may be left out. */
  readonly signature: string;
  /** One line in English, as the languages themselves are. */
  readonly help: string;
}

/** @param lines one function a line: `name(arguments) what it does` */
export function functionList(lines: string): FunctionInfo[] {
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      const [, signature = '', name = '', help = ''] = /^\s*(([\w.]+)\([^)]*\)) (.+)$/.exec(line) ?? [];
      if (name === '') throw new Error(`This line describes no function: ${line}`);
      return { name, signature, help };
    });
}
