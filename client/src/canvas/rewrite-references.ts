// Pure: other names for nodes, written wherever a template or an expression names them.

import type { Document, Node } from '../../../src/engine/model.ts';
import { compilePath, formatPath, isRecord, type Segment } from '../../../src/engine/path.ts';
import { findExpressions } from '../../../src/engine/tree.ts';

/** What a node type's description says of its strings: where expressions and scripts are. */
export interface Language {
  readonly type: string;
  readonly expressions: readonly string[];
  readonly scripts: readonly string[];
}

/** New keys by old ones; they are exchanged at once, so two may swap. */
export type Names = ReadonlyMap<string, string>;

const ROOTS: ReadonlySet<Segment> = new Set(['$nodes', '$jobsMapByNodeKey', '$scopes', '$resume']);

/** Languages whose only variables are `{{…}}`. */
const TEMPLATED: ReadonlySet<unknown> = new Set(['mathjs', 'formula', 'template']);

/** Renames nodes in a whole document: their keys, and every mention of them. */
export function rewriteDocument(document: Document, names: Names, languages: readonly Language[] = []): Document {
  const settings = document.settings && rewriteValue(document.settings, names);
  return {
    ...document,
    trigger: rewriteValue(document.trigger, names),
    nodes: rewriteNodes(document.nodes, names, languages),
    ...(settings === undefined ? {} : { settings }),
  };
}

/** The same for a list of nodes. What is not concerned stays the same object. */
export function rewriteNodes(nodes: readonly Node[], names: Names, languages: readonly Language[] = []): Node[] {
  const byType = new Map(languages.map((language) => [language.type, language]));
  const visitList = (list: readonly Node[]): Node[] => {
    const next = list.map(visit);
    return next.every((node, index) => node === list[index]) && Array.isArray(list) ? list : next;
  };
  const visit = (node: Node): Node => {
    const key = names.get(node.key) ?? node.key;
    const config = rewriteConfig(node, names, byType.get(node.type));
    let { branches } = node;
    if (branches !== undefined) {
      const before = branches;
      const entries = Object.entries(before).map(([name, list]) => [name, visitList(list)] as const);
      if (entries.some(([name, list]) => list !== before[name])) branches = Object.fromEntries(entries);
    }
    if (key === node.key && config === node.config && branches === node.branches) return node;
    return { ...node, key, config, ...(branches === undefined ? {} : { branches }) };
  };
  return visitList(nodes);
}

function rewriteConfig(node: Node, names: Names, language: Language | undefined): Record<string, unknown> {
  const { config, type } = node;
  const expressions = new Set(findExpressions(config, language?.expressions ?? []).map(({ segments }) => formatPath(segments)));
  const scripts = new Set(findExpressions(config, language?.scripts ?? []).map(({ segments }) => formatPath(segments)));
  const next = mapTexts(config, [], undefined, (text, place, around) => {
    if (scripts.has(place)) return text;
    if (expressions.has(place) && !TEMPLATED.has(around?.engine)) {
      return rewriteTemplates(rewriteExpression(text, names, around?.engine), names);
    }
    return rewriteTemplates(text, names);
  });
  // The one field that names a node outside of a template.
  const assigned = type === 'variable' && typeof config.assign === 'string' ? names.get(config.assign) : undefined;
  return assigned === undefined ? next : { ...next, assign: assigned };
}

function rewriteValue<Value extends object>(value: Value, names: Names): Value {
  return mapTexts(value, [], undefined, (text) => rewriteTemplates(text, names));
}

/** Every text of a JSON value, with its place and the object around it; what does not change is not copied. */
function mapTexts<Value>(
  value: Value,
  segments: readonly Segment[],
  around: Record<string, unknown> | undefined,
  change: (text: string, place: string, around: Record<string, unknown> | undefined) => string,
): Value;
function mapTexts(
  value: unknown,
  segments: readonly Segment[],
  around: Record<string, unknown> | undefined,
  change: (text: string, place: string, around: Record<string, unknown> | undefined) => string,
): unknown {
  if (typeof value === 'string') return change(value, formatPath(segments), around);
  if (Array.isArray(value)) {
    const next = value.map((item: unknown, index) => mapTexts(item, [...segments, index], around, change));
    return next.every((item, index) => item === value[index]) ? value : next;
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(
    ([name, item]) => [name, mapTexts(item, [...segments, name], value, change)] as const,
  );
  return entries.every(([name, item]) => item === value[name]) ? value : Object.fromEntries(entries);
}

/** Rewrites inside `{{…}}`; `\{{` is literal, and text around templates is never touched. */
export function rewriteTemplates(text: string, names: Names): string {
  if (!text.includes('{{')) return text;
  let result = '';
  let from = 0;
  for (;;) {
    const open = text.indexOf('{{', from);
    if (open < 0) return result + text.slice(from);
    let slashes = 0;
    while (open - slashes > from && text[open - slashes - 1] === '\\') slashes++;
    result += text.slice(from, open + 2);
    from = open + 2;
    if (slashes % 2 === 1) continue;
    const close = findClose(text, from);
    if (close < 0) return result + text.slice(from);
    result += rewritePath(text.slice(from, close), names);
    from = close;
  }
}

/** Where `}}` closes; braces inside a quoted name do not count. */
function findClose(text: string, from: number): number {
  let quote = '';
  for (let i = from; i < text.length; i++) {
    const letter = text.charAt(i);
    if (quote !== '') {
      if (letter === '\\') i++;
      else if (letter === quote) quote = '';
    } else if ((letter === '"' || letter === "'") && text[i - 1] === '[') quote = letter;
    else if (letter === '}' && text[i + 1] === '}') return i;
  }
  return text.indexOf('}}', from);
}

function rewritePath(inside: string, names: Names): string {
  const text = inside.trim();
  let segments: readonly Segment[];
  try {
    segments = compilePath(text).segments;
  } catch {
    // A template that is wrong is the check's business.
    return inside;
  }
  const start = segments[0] === 'ctx' ? 1 : 0;
  const root = segments[start];
  const key = segments[start + 1];
  const name = typeof key === 'string' && root !== undefined && ROOTS.has(root) ? names.get(key) : undefined;
  if (name === undefined) return inside;
  return inside.replace(text, () => formatPath(segments.with(start + 1, name)));
}

const ROOT = '\\$(?:nodes|jobsMapByNodeKey|scopes|resume)';
/** `$nodes.key`, `$nodes."key"`, `"$nodes".key`, `$['$nodes']['key']`: the root, what is between, the key in its quotes. */
const REFERENCE = new RegExp(
  `((?:(?<![\\w$])${ROOT}(?!\\w)|"${ROOT}"|'${ROOT}'|\`${ROOT}\`)\\]?)(?:(\\s*\\.\\s*)(?:(["'\`])([\\w-]+)\\3|([A-Za-z_][\\w-]*))|(\\s*\\[\\s*)(["'\`])([\\w-]+)\\7(?=\\s*\\]))`,
  'y',
);
const LOOKUP = new RegExp(`(\\$lookup\\(\\s*${ROOT}\\s*,\\s*)(["'])([\\w-]+)\\2`, 'y');
const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\/\*[\s\S]*?\*\//y;

/** Rewrites the text of an expression (JSONata, JSONPath, JMESPath); quoted text and comments stay as they are. */
export function rewriteExpression(text: string, names: Names, engine: unknown): string {
  if (!text.includes('$')) return text;
  let result = '';
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  while (at < text.length) {
    const reference = match(REFERENCE);
    const lookup = reference ? null : match(LOOKUP);
    const other = reference || lookup ? null : match(QUOTED);
    if (reference) {
      const [all, root = '', dot, quote = '', quotedKey, bare, bracket, bracketQuote = '', bracketKey] = reference;
      if (bracket !== undefined && bracketKey !== undefined) {
        result += `${root}${bracket}${bracketQuote}${names.get(bracketKey) ?? bracketKey}${bracketQuote}`;
      } else if (quotedKey !== undefined) {
        result += `${root}${dot}${quote}${names.get(quotedKey) ?? quotedKey}${quote}`;
      } else {
        result += `${root}${dot}${bareName(bare ?? '', names, engine)}`;
      }
      at += all.length;
    } else if (lookup) {
      const [all, before = '', quote = '', key = ''] = lookup;
      result += `${before}${quote}${names.get(key) ?? key}${quote}`;
      at += all.length;
    } else if (other) {
      result += other[0];
      at += other[0].length;
    } else {
      result += text.charAt(at);
      at += 1;
    }
  }
  return result;
}

/** In JSONPath a bare name may hold `-`; elsewhere that is a minus, and a name with it is quoted. */
function bareName(text: string, names: Names, engine: unknown): string {
  if (engine === 'jsonpath') return names.get(text) ?? text;
  const [name = '', ...rest] = text.split(/(?=-)/);
  const next = names.get(name);
  if (next === undefined) return text;
  const quote = next.includes('-') ? (engine === 'jmespath' ? '"' : '`') : '';
  return `${quote}${next}${quote}${rest.join('')}`;
}
