// Pure: reads JSON from outside, with a depth limit and errors that say where the text broke.

import { HooklineError } from '../errors.ts';
import { findJsonFault } from './json-fault.ts';

/** Deepest nesting of objects and arrays that is read, unless told otherwise; `{}` is one level. */
const DEFAULT_MAX_JSON_DEPTH = 64;

export interface JsonOptions {
  /** Levels of objects and arrays. Default 64. */
  readonly maxDepth?: number;
}

/**
 * Reads JSON as `JSON.parse` does (of equal keys the last wins) and refuses the key `__proto__`, also when it is written
 * with escapes. A byte order mark at the start is ignored, as RFC 8259 section 8.1 allows.
 * @throws HooklineError `invalid_json` with a message that names line and column; `details` is `{ line, column }`
 */
export function parseJson(text: string, options: JsonOptions = {}): unknown {
  const maxDepth = options.maxDepth ?? DEFAULT_MAX_JSON_DEPTH;
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  let value: unknown;
  try {
    value = JSON.parse(source);
  } catch {
    // V8's message quotes the text, which may hold secrets: it is not passed on.
    throw fault(source, maxDepth);
  }
  if (typeof value === 'object' && value !== null && !isAcceptable(value, maxDepth)) throw fault(source, maxDepth);
  return value;
}

// Looking at the finished value costs a tenth of parsing; scanning the text for brackets costs as much as parsing.
function isAcceptable(container: object, levelsLeft: number): boolean {
  if (levelsLeft <= 0) return false;
  if (Array.isArray(container)) {
    for (const element of container) {
      if (typeof element === 'object' && element !== null && !isAcceptable(element, levelsLeft - 1)) return false;
    }
    return true;
  }
  const record = container as Record<string, unknown>;
  for (const key in record) {
    if (key === '__proto__') return false;
    const child = record[key];
    if (typeof child === 'object' && child !== null && !isAcceptable(child, levelsLeft - 1)) return false;
  }
  return true;
}

function fault(text: string, maxDepth: number): HooklineError {
  const { at, hint } = findJsonFault(text, maxDepth) ?? { at: 0, hint: 'it cannot be read' };
  const line = countLines(text, at);
  const column = at - text.lastIndexOf('\n', at - 1);
  return new HooklineError('invalid_json', `The JSON is wrong at line ${line}, column ${column}: ${hint}.`, {
    details: { line, column },
  });
}

function countLines(text: string, end: number): number {
  let lines = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < end; at = text.indexOf('\n', at + 1)) lines++;
  return lines;
}
