// Pure: JSONPath expressions such as `$.items[*].sku`, without scripts and with a counted budget.

import { JSONPath } from 'jsonpath-plus';
import { HooklineError } from '../errors.ts';
import { type JsonPathElements, toElements, walkJsonPath } from './json-path-walker.ts';
import { FORBIDDEN_NAMES } from './model.ts';
import { MAX_PATH_LENGTH } from './path.ts';
import { createPathBudget, type PathBudget } from './path-budget.ts';

export interface CompiledJsonPath {
  readonly text: string;
  /**
   * Everything the expression finds, in the order of the document; `[]` when nothing. Own properties only.
   * @param budget what it may still visit; default: one of its own
   * @throws HooklineError `path_too_costly` when it would visit more; `invalid_path` when the value is nested deeper than 1000
   *   levels
   */
  get(value: unknown, budget?: PathBudget): unknown[];
}

const MAX_DESCENTS = 2;

/** Whether text is a JSONPath and not a path: it is `$`, or starts with `$.` or `$[`. (`$ref` is an ordinary name.) */
export function isJsonPath(text: string): boolean {
  return text.startsWith('$') && (text.length === 1 || text[1] === '.' || text[1] === '[');
}

/**
 * Compiles a JSONPath in the dialect of jsonpath-plus, without its scripts (`[?(…)]`, `[(…)]`), which would be code.
 * At most two `..`; `^` (parent) once, and behind it only names; unions `[a,b]` of different names or indexes, written
 * without quotes. What an expression visits in a value is counted and limited, whatever it looks like.
 * @throws HooklineError `invalid_path`
 */
export function compileJsonPath(text: string): CompiledJsonPath {
  if (text.length > MAX_PATH_LENGTH) throw invalid(text, `it is longer than ${MAX_PATH_LENGTH} characters`);
  if (!isJsonPath(text)) throw invalid(text, 'it must start with `$.` or `$[`');
  if (!areBracketsClosed(text)) throw invalid(text, 'a bracket or quote is not closed');
  const parts = splitElements(text);
  checkElements(text, parts);
  const elements = toElements(parts[0] === '$' ? parts.slice(1) : parts);
  return { text, get: (value, budget = createPathBudget()) => evaluate(text, elements, value, budget) };
}

function evaluate(text: string, elements: JsonPathElements, value: unknown, budget: PathBudget): unknown[] {
  if (typeof value !== 'object' || value === null) return text === '$' && value !== undefined ? [value] : [];
  return walkJsonPath(elements, text, value, budget);
}

/** The parts as jsonpath-plus splits them. */
function splitElements(text: string): readonly unknown[] {
  try {
    return JSONPath.toPathArray(text);
  } catch (cause) {
    throw invalid(text, 'it cannot be read', cause);
  }
}

function checkElements(text: string, elements: readonly unknown[]): asserts elements is readonly string[] {
  let descents = 0;
  let hasParent = false;
  for (const [index, element] of elements.entries()) {
    if (typeof element !== 'string' || element === '') throw invalid(text, 'a name is missing, or a `#` stands before a digit');
    if (index === 0) continue;
    const parts = isScript(element) ? [element] : element.split(',');
    if (parts.length > 1) checkUnion(text, parts);
    for (const part of parts) {
      checkPart(text, part);
      if (part === '..') descents++;
      if (hasParent && isFan(part)) throw invalid(text, 'behind `^` there may only be names and indexes');
    }
    if (parts.includes('^')) hasParent = true;
  }
  if (descents > MAX_DESCENTS) throw invalid(text, `it has more than ${MAX_DESCENTS} recursive descents (\`..\`)`);
}

/** Each element may be found once: `[a,a]` and `[*,a]` would double the work of all that follows. */
function checkUnion(text: string, parts: readonly string[]): void {
  const names = new Set(parts.map(withoutEscape));
  if (names.size < parts.length || parts.some((part) => isFan(part) || part === '~')) {
    throw invalid(text, 'a union, such as `[a,b]` or `[0,2]`, holds different names or indexes and nothing else');
  }
}

function withoutEscape(part: string): string {
  return part.startsWith('`') ? part.slice(1) : part;
}

function checkPart(text: string, part: string): void {
  if (isScript(part)) throw invalid(text, 'filters and scripts, such as `[?(…)]`, are not supported; use a JSONata expression');
  const name = withoutEscape(part);
  if (name === '') throw invalid(text, 'a name is missing');
  if (FORBIDDEN_NAMES.has(name)) throw invalid(text, `the name "${name}" is reserved`);
  if (name.includes("'") || name.includes('"')) throw invalid(text, 'names in a union are written without quotes: `[a,b]`');
  if (part === '$') throw invalid(text, '`$` may stand only at the start');
  if (part.startsWith('@') && !TYPE_OPERATORS.has(part)) throw invalid(text, `there is no "${part}"`);
}

const TYPE_OPERATORS: ReadonlySet<string> = new Set(
  ['null', 'boolean', 'number', 'string', 'integer', 'nonFinite', 'scalar', 'array', 'object'].map((type) => `@${type}()`),
);

function isScript(part: string): boolean {
  return part.startsWith('?') || part.startsWith('(');
}

/** Whether a part can lead to more than one place. */
function isFan(part: string): boolean {
  return part === '*' || part === '..' || part === '^' || part.includes(':');
}

function areBracketsClosed(text: string): boolean {
  let isOpen = false;
  let quote = '';
  for (const letter of text) {
    if (quote !== '') {
      if (letter === quote) quote = '';
    } else if (isOpen && (letter === "'" || letter === '"')) {
      quote = letter;
    } else if (letter === '[' && !isOpen) {
      isOpen = true;
    } else if (letter === ']') {
      if (!isOpen) return false;
      isOpen = false;
    }
  }
  return !isOpen && quote === '';
}

function invalid(text: string, what: string, cause?: unknown): HooklineError {
  const shown = text.length > 100 ? `${text.slice(0, 100)}…` : text;
  return new HooklineError('invalid_path', `The JSONPath ${JSON.stringify(shown)} is wrong: ${what}.`, { cause });
}
