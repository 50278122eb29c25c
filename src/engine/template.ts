// Pure: `{{ $context.body.id }}` in any JSON value, compiled once and rendered with an execution's variables.

import { HooklineError } from '../errors.ts';
import { MAX_VALUE_SIZE, measureJson } from './json-value.ts';
import { compilePath, formatPath, pathOf, type Segment } from './path.ts';
import { costOfText, createPathBudget, type PathBudget } from './path-budget.ts';
import type { Scope, Template } from './plugin.ts';
import { type Said, say } from './say.ts';
import { readSecret } from './secret-vault.ts';

/** What one `{{…}}` names. */
export interface Reference {
  /** `$nodes` also where `$jobsMapByNodeKey` is written. */
  readonly root: string;
  /** The path behind the root. */
  readonly segments: readonly Segment[];
  /** What is written between the braces, without white space around it. */
  readonly text: string;
  /** The place inside the value, such as `headers[0].value`; empty for the value itself. */
  readonly at: string;
}

export interface CompiledTemplate extends Template {
  readonly references: readonly Reference[];
}

export interface TemplateOptions {
  /** Says which strings are taken as they are written, such as expressions. Default none. */
  readonly isVerbatim?: (segments: readonly Segment[]) => boolean;
}

export interface TemplateProblem extends Said {
  /** The place inside the value. */
  readonly at: string;
}

export interface TemplateInspection {
  readonly references: readonly Reference[];
  /** Every place that holds a template, also a wrong one. */
  readonly places: readonly string[];
  readonly problems: readonly TemplateProblem[];
}

/** A piece of text with templates: a string is literal. */
export type TextPiece = string | { readonly reference: Reference; read(scope: Scope, budget: PathBudget): unknown };

type Read = (scope: Scope) => unknown;
/** The budget is that of the whole value that is rendered. */
type Render = (scope: Scope, budget: PathBudget) => unknown;

/** The variables that a template may start with, and how each is read. */
const ROOTS: ReadonlyMap<string, { readonly name: string; readonly read: Read }> = new Map([
  ['$context', { name: '$context', read: (scope: Scope) => scope.$context }],
  ['$request', { name: '$request', read: (scope: Scope) => scope.$request }],
  ['$nodes', { name: '$nodes', read: (scope: Scope) => scope.$nodes }],
  ['$jobsMapByNodeKey', { name: '$nodes', read: (scope: Scope) => scope.$nodes }],
  ['$scopes', { name: '$scopes', read: (scope: Scope) => scope.$scopes }],
  ['$system', { name: '$system', read: (scope: Scope) => scope.$system }],
  ['$execution', { name: '$execution', read: (scope: Scope) => scope.$execution }],
  ['$resume', { name: '$resume', read: (scope: Scope) => scope.$resume }],
  ['$secrets', { name: '$secrets', read: (scope: Scope) => scope.$secrets }],
]);

/** Deeper values are refused, so that a cycle is an error and not an endless walk. */
const MAX_DEPTH = 200;

/**
 * Compiles every `{{…}}` in a JSON value.
 *
 * A string that is one template and nothing else keeps the value's type; what is missing is `undefined` at the top and
 * null inside objects and arrays. Otherwise templates become text: strings as they are, numbers and booleans as usual,
 * null and what is missing as nothing, objects and arrays as JSON. Keys of objects are never templates. A literal `{{`
 * is written `\{{`, a backslash just before a template `\\`. What holds no template comes back as it is, not copied.
 *
 * `ctx.` before the variable is accepted, as NocoBase writes it. Header names after `$context.headers` and
 * `$request.headers` may be written in any case. What rendering it once visits is counted: it throws `path_too_costly`.
 * @throws HooklineError `invalid_template`, naming the template and its place; `details` is `{ at }`
 */
export function compileTemplate(value: unknown, options: TemplateOptions = {}): CompiledTemplate {
  const walk = new Walk(options, (problem) => {
    throw new HooklineError('invalid_template', problem.at === '' ? problem.message : `${problem.message} (at ${problem.at})`, {
      details: { at: problem.at },
    });
  });
  const node = walk.visit(value, []);
  const { references } = walk;
  if (node.render === null) {
    const constant = node.constant;
    return { isConstant: true, references, render: () => constant };
  }
  const { render } = node;
  return { isConstant: false, references, render: (scope) => render(scope, createPathBudget()) };
}

/**
 * Splits text into literal strings and templates, for languages that take the templates' values as arguments.
 * @throws HooklineError `invalid_template`
 */
export function splitText(text: string, at: string): TextPiece[] {
  const pieces: TextPiece[] = [];
  let literal = '';
  scan(text, {
    literal(part) {
      literal += part;
    },
    template(source, isClosed) {
      if (literal !== '') pieces.push(literal);
      literal = '';
      pieces.push(compileReference(source, isClosed, at));
    },
  });
  if (literal !== '') pieces.push(literal);
  return pieces;
}

/** Finds all templates of a value and everything that is wrong with them; never throws. */
export function inspectTemplates(value: unknown, options: TemplateOptions = {}): TemplateInspection {
  const problems: TemplateProblem[] = [];
  const walk = new Walk(options, (problem) => problems.push(problem));
  walk.visit(value, []);
  return { references: walk.references, places: walk.places, problems };
}

/** Whether text holds a template, even one that is wrong. `\{{` is none. */
export function hasTemplate(text: string): boolean {
  return findTemplates(text).length > 0;
}

/** A template and where it stands in its text, braces included. */
export interface TemplatePlace {
  readonly from: number;
  readonly to: number;
  /** What is written between the braces. */
  readonly source: string;
  /** Whether its `}}` is there. */
  readonly isClosed: boolean;
}

/** Where the templates of a text stand, also wrong ones; never throws. */
export function findTemplates(text: string): TemplatePlace[] {
  const places: TemplatePlace[] = [];
  if (!text.includes('{{')) return places;
  scan(text, {
    literal() {},
    template(source, isClosed, from, to) {
      places.push({ from, to, source, isClosed });
    },
  });
  return places;
}

/** One part of a compiled value: a constant, or a function when templates are inside. */
type Compiled = { readonly render: null; readonly constant: unknown } | { readonly render: Render };

class Walk {
  readonly references: Reference[] = [];
  readonly places: string[] = [];
  readonly #isVerbatim: (segments: readonly Segment[]) => boolean;
  readonly #report: (problem: TemplateProblem) => void;

  constructor(options: TemplateOptions, report: (problem: TemplateProblem) => void) {
    this.#isVerbatim = options.isVerbatim ?? (() => false);
    this.#report = report;
  }

  visit(value: unknown, segments: Segment[]): Compiled {
    if (typeof value === 'string') return this.#visitString(value, segments);
    if (typeof value !== 'object' || value === null) return constant(value);
    if (segments.length >= MAX_DEPTH) {
      this.#report({ at: formatPath(segments), message: `The value is nested deeper than ${MAX_DEPTH} levels` });
      return constant(value);
    }
    return Array.isArray(value) ? this.#visitArray(value, segments) : this.#visitObject(value, segments);
  }

  #visitString(text: string, segments: readonly Segment[]): Compiled {
    if (!text.includes('{{') || this.#isVerbatim(segments)) return constant(text);
    const at = formatPath(segments);
    if (hasTemplate(text)) this.places.push(at);
    let pieces: TextPiece[];
    try {
      pieces = splitText(text, at);
    } catch (error) {
      if (!(error instanceof HooklineError)) throw error;
      this.#report({ at, message: error.message, text: error.text });
      return constant(text);
    }
    for (const piece of pieces) if (typeof piece !== 'string') this.references.push(piece.reference);
    const [first] = pieces;
    if (pieces.length === 1 && first !== undefined) {
      return typeof first === 'string' ? constant(first) : { render: first.read };
    }
    return { render: renderPieces(pieces) };
  }

  #visitArray(list: readonly unknown[], segments: Segment[]): Compiled {
    const parts = list.map((element, index) => this.#visitChild(element, index, segments));
    if (parts.every((part) => part.render === null)) {
      const elements = parts.map((part) => part.constant);
      return constant(elements.every((element, index) => element === list[index]) ? list : elements);
    }
    return { render: (scope, budget) => parts.map((part) => renderPart(part, scope, budget)) };
  }

  #visitObject(object: object, segments: Segment[]): Compiled {
    if (Object.hasOwn(object, '__proto__')) {
      this.#report({ at: formatPath(segments), message: 'The key "__proto__" is reserved' });
      return constant(object);
    }
    const entries = Object.entries(object);
    const keys = entries.map(([key]) => key);
    const parts = entries.map(([key, child]) => this.#visitChild(child, key, segments));
    if (parts.every((part) => part.render === null)) {
      const isSame = parts.every((part, index) => part.constant === entries[index]?.[1]);
      return constant(isSame ? object : Object.fromEntries(parts.map((part, index) => [keys[index] ?? '', part.constant])));
    }
    return {
      render(scope, budget) {
        const copy: Record<string, unknown> = {};
        for (let i = 0; i < parts.length; i++) {
          const key = keys[i];
          const part = parts[i];
          if (key !== undefined && part !== undefined) copy[key] = renderPart(part, scope, budget);
        }
        return copy;
      },
    };
  }

  #visitChild(value: unknown, segment: Segment, segments: Segment[]): Compiled {
    segments.push(segment);
    const part = this.visit(value, segments);
    segments.pop();
    return part;
  }
}

function constant(value: unknown): { readonly render: null; readonly constant: unknown } {
  return { render: null, constant: value };
}

function renderPart(part: Compiled, scope: Scope, budget: PathBudget): unknown {
  return part.render === null ? part.constant : (part.render(scope, budget) ?? null);
}

function renderPieces(pieces: readonly TextPiece[]): (scope: Scope, budget: PathBudget) => string {
  return (scope, budget) => {
    let text = '';
    for (const piece of pieces) {
      text += typeof piece === 'string' ? piece : toText(piece.read(scope, budget), piece.reference, budget);
      if (text.length > MAX_VALUE_SIZE) {
        throw new HooklineError('node_failed', `A text with templates becomes larger than ${MAX_VALUE_SIZE} characters.`);
      }
    }
    return text;
  };
}

function toText(value: unknown, reference: Reference, budget: PathBudget): string {
  if (typeof value === 'string') {
    budget.spend(costOfText(value.length), reference.text);
    return value;
  }
  if (value === null || value === undefined) return '';
  if (typeof value !== 'object') return String(value);
  try {
    // Before it is written: values that are found many times take more memory as text than they ever had.
    measureJson(value, (count, characters) => budget.spend(count + costOfText(characters), reference.text));
    return JSON.stringify(value) ?? '';
  } catch (cause) {
    if (cause instanceof HooklineError) throw cause;
    throw invalid(reference.text, reference.at, { message: 'its value cannot be written as JSON' }, cause);
  }
}

function compileReference(source: string, isClosed: boolean, at: string): TextPiece {
  const text = source.trim();
  if (!isClosed) {
    const said = say('template.unclosed', { template: `{{${cut(text)}`, ...BRACES });
    throw new HooklineError('invalid_template', said.message, { details: { at }, text: said.text });
  }
  if (text === '') throw invalid(text, at, say('template.empty', { open: BRACES.open, escaped: BRACES.escaped }));
  const [root, ...segments] = parseSegments(text, at);
  const found = typeof root === 'string' ? ROOTS.get(root) : undefined;
  if (found === undefined) {
    const names = [...ROOTS.keys()].join(', ');
    throw invalid(text, at, say('template.unknownVariable', { name: JSON.stringify(root ?? ''), names }));
  }
  const [part, header] = segments;
  if ((root === '$context' || root === '$request') && part === 'headers' && typeof header === 'string') {
    segments[1] = header.toLowerCase();
  }
  const reference: Reference = { root: found.name, segments, text, at };
  const { read } = found;
  if (found.name === '$secrets') {
    if (typeof part !== 'string' || segments.length > 1) throw invalid(text, at, say('template.noSecretName'));
    return { reference, read: (scope) => readSecret(scope.$secrets, part) };
  }
  // All results at once are those so far: the node that keeps them must not become a part of its own result.
  if (segments.length === 0) return { reference, read: found.name === '$nodes' ? (scope) => ({ ...scope.$nodes }) : read };
  const path = pathOf(segments, text);
  return { reference, read: (scope, budget) => path.get(read(scope), budget) };
}

function parseSegments(text: string, at: string): Segment[] {
  try {
    const segments = [...compilePath(text).segments];
    if (segments[0] === 'ctx') segments.shift();
    return segments;
  } catch (cause) {
    if (!(cause instanceof HooklineError)) throw cause;
    throw invalid(text, at, cause, cause);
  }
}

/** Given as parameters: in the sentences themselves they would be places to fill in. */
const BRACES = { open: '{{', close: '}}', escaped: '\\{{' } as const;

function invalid(text: string, at: string, detail: Said, cause?: unknown): HooklineError {
  const said = say('template.wrong', { template: `{{${cut(text)}}}`, detail });
  return new HooklineError('invalid_template', said.message, { details: { at }, text: said.text, cause });
}

function cut(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}

interface Scanner {
  literal(part: string): void;
  /** `from` and `to` are where it stands in the text, braces included. */
  template(source: string, isClosed: boolean, from: number, to: number): void;
}

/** Walks text from template to template. Backslashes count only directly before `{{`: two are one, an odd one escapes. */
function scan(text: string, scanner: Scanner): void {
  let from = 0;
  for (;;) {
    const open = text.indexOf('{{', from);
    if (open < 0) break;
    let slashes = 0;
    while (open - slashes > from && text.charCodeAt(open - slashes - 1) === 0x5c) slashes++;
    const isEscaped = slashes % 2 === 1;
    const before = text.slice(from, open - slashes) + '\\'.repeat(slashes >> 1) + (isEscaped ? '{{' : '');
    if (before !== '') scanner.literal(before);
    from = open + 2;
    if (isEscaped) continue;
    const close = findClose(text, from);
    const end = close < 0 ? text.length : close + 2;
    scanner.template(close < 0 ? text.slice(from) : text.slice(from, close), close >= 0, open, end);
    from = end;
  }
  if (from < text.length) scanner.literal(text.slice(from));
}

/** Where `}}` closes a template; braces inside a quoted name do not count. */
function findClose(text: string, from: number): number {
  const plain = text.indexOf('}}', from);
  if (plain < 0) return -1;
  let quote = 0;
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (quote !== 0) {
      if (code === 0x5c) i++;
      else if (code === quote) quote = 0;
    } else if ((code === 0x22 || code === 0x27) && text.charCodeAt(i - 1) === 0x5b) {
      quote = code;
    } else if (code === 0x7d && text.charCodeAt(i + 1) === 0x7d) {
      return i;
    }
  }
  // An open quote: let the path's grammar say so.
  return plain;
}
