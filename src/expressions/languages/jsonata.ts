// JSONata: variables are bound as `$context`, `$nodes` and so on; `$` is the input document.

import jsonata from 'jsonata';
import { RE2JS } from 're2js';
import { NotPlainError } from '../plain.ts';
import type { Language } from './language.ts';

/** Nesting of one evaluation, so that endless recursion is a clear error long before memory runs out. */
const MAX_STACK = 5000;

/** JSONata's options that its types leave out (its source, `function jsonata`). */
interface Options {
  RegexEngine: new (pattern: RegExp) => { lastIndex: number; exec(text: string): RegExpMatch | null };
  stack: number;
}

type RegExpMatch = { [index: number]: string | undefined; readonly length: number; readonly index: number };

/** A regular expression as JSONata uses one, run by RE2 in linear time. */
class LinearRegExp {
  lastIndex = 0;
  readonly #pattern: RE2JS;

  constructor(pattern: RegExp) {
    this.#pattern = compileRegExp(pattern);
  }

  exec(text: string): RegExpMatch | null {
    const matcher = this.#pattern.matcher(text);
    if (this.lastIndex > text.length || !matcher.find(this.lastIndex)) {
      this.lastIndex = 0;
      return null;
    }
    const match: { [index: number]: string | undefined; length: number; index: number } = {
      length: matcher.groupCount() + 1,
      index: matcher.start(),
    };
    for (let group = 0; group < match.length; group++) match[group] = matcher.group(group) ?? undefined;
    this.lastIndex = matcher.end();
    return match;
  }
}

function compileRegExp(pattern: RegExp): RE2JS {
  let flags = 0;
  if (pattern.ignoreCase) flags |= RE2JS.CASE_INSENSITIVE;
  if (pattern.multiline) flags |= RE2JS.MULTILINE;
  return RE2JS.compile(RE2JS.translateRegExp(pattern.source), flags);
}

export const language: Language = {
  compile(expression) {
    const options: Options = { RegexEngine: LinearRegExp, stack: MAX_STACK };
    let compiled: jsonata.Expression;
    try {
      compiled = jsonata(expression, options as jsonata.JsonataOptions);
    } catch (error) {
      throw describe(error);
    }
    checkRegExps(compiled.ast());
    return async ({ input, variables }) => {
      const bindings: Record<string, unknown> = {};
      for (const [name, value] of Object.entries(variables)) bindings[name.slice(1)] = value;
      let result: unknown;
      try {
        result = await compiled.evaluate(input, bindings);
      } catch (error) {
        throw describe(error);
      }
      refuseFunctions(result);
      return result;
    };
  },
};

/** Compiles the expression's regular expressions now, so that one that RE2 does not know is found when it is saved. */
function checkRegExps(node: unknown): void {
  if (typeof node !== 'object' || node === null) return;
  if (node instanceof RegExp) {
    compileRegExp(node);
    return;
  }
  for (const child of Object.values(node)) checkRegExps(child);
}

/** JSONata's functions are objects that hold the whole environment: say what they are before anything walks into them. */
function refuseFunctions(result: unknown): void {
  if (typeof result !== 'object' || result === null) return;
  if ('_jsonata_lambda' in result || '_jsonata_function' in result) {
    throw new NotPlainError('The result is or holds a function; call it, or pick a value');
  }
  for (const member of Object.values(result)) refuseFunctions(member);
}

/** JSONata throws plain objects `{ code, position, token, message }`. */
function describe(error: unknown): Error {
  if (typeof error !== 'object' || error === null || !('message' in error)) return new Error(String(error));
  const position = 'position' in error && typeof error.position === 'number' ? ` (at character ${error.position})` : '';
  return new Error(`${String(error.message)}${position}`, { cause: error });
}
