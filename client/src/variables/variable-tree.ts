// Pure: everything that a template may name at one place of a workflow, as the tree that the picker shows.

import { FAILURE_BRANCH } from '../../../src/engine/model.ts';
import { appendSegment, formatPath, isRecord, joinPaths, pathOf, type Segment } from '../../../src/engine/path.ts';
import { isInside, readTree, relationOf, type TreeNode } from '../../../src/engine/tree.ts';
import { elementShape, type Shape, segmentsOf, shapeAt, shapeOf, shapeOfValue, typeOf, type ValueType } from './shape.ts';
import type { VariableSource } from './variable-source.tsx';

export type VariableGroup =
  | 'trigger'
  | 'headers'
  | 'query'
  | 'body'
  | 'nodes'
  | 'node'
  | 'scopes'
  | 'scope'
  | 'secrets'
  | 'system'
  | 'execution'
  | 'request'
  | 'resume';

export interface VariableEntry {
  /** Unique in the tree. */
  readonly id: string;
  /** What kind of heading it is; null for a value inside one. */
  readonly group: VariableGroup | null;
  /** An alias, a node's title or a name; empty for a heading that has a translated name. */
  readonly label: string;
  /** What stands beside the label when that is not the whole truth, such as the path behind an alias. */
  readonly detail: string;
  /** What goes between the braces; null: only a heading. */
  readonly template: string | null;
  /** Types seen; none when it was never seen. */
  readonly types: readonly ValueType[];
  /** In the latest run; undefined when it had none. */
  readonly value: unknown;
  /** The template of the list whose every element is meant; null when it is one value. */
  readonly list: string | null;
  readonly children: readonly VariableEntry[];
}

/** The parts of a webhook's `$context`. */
export const PARTS = ['headers', 'query', 'body'] as const;
export type Part = (typeof PARTS)[number];

export interface ContextVariable {
  /** Below `$context.<part>`. */
  readonly segments: readonly Segment[];
  readonly alias: string | undefined;
  /** As the trigger reads it. */
  readonly source: string;
}

/** What a webhook trigger was told to parse; undefined for other triggers, a part without any is there whole. */
export function contextVariables({
  document: { trigger },
}: Pick<VariableSource, 'document'>): Record<Part, ContextVariable[]> | undefined {
  if (trigger.type !== 'webhook') return undefined;
  const read = (part: Part): ContextVariable[] => {
    const list = trigger.config[part];
    return Array.isArray(list) ? list.flatMap((item: unknown) => contextVariable(part, item)) : [];
  };
  return { headers: read('headers'), query: read('query'), body: read('body') };
}

function contextVariable(part: Part, item: unknown): ContextVariable[] {
  if (!isRecord(item)) return [];
  const alias = typeof item.alias === 'string' && item.alias.trim() !== '' ? item.alias : undefined;
  const name = typeof item.name === 'string' && item.name !== '' ? item.name : undefined;
  if (part === 'headers') return name === undefined ? [] : [{ segments: [name.toLowerCase()], alias, source: name }];
  const source = typeof item.path === 'string' ? item.path : '';
  if (name !== undefined) return [{ segments: [name], alias, source }];
  // A JSONPath has no place of its own without a name.
  const segments = source === '' || source.startsWith('$') ? undefined : segmentsOf(source);
  return segments === undefined ? [] : [{ segments, alias, source }];
}

/** The tree for the node whose form is open. */
export function buildVariableTree(source: VariableSource): VariableEntry[] {
  const nodes = readTree(source.document.nodes).all;
  const open = nodes.find(({ key }) => key !== undefined && key === source.nodeKey);
  return [
    triggerEntry(source),
    ...(open ? [heading('nodes', 'nodes', nodeEntries(source, nodes, open))] : []),
    ...(open ? [heading('scopes', 'scopes', scopeEntries(source, open))] : []),
    heading('secrets', 'secrets', secretEntries(source)),
    heading('resume', 'resume', resumeEntries(source, nodes)),
    systemEntry(),
    executionEntry(source),
    requestEntry(source),
  ].filter(({ template, children }) => template !== null || children.length > 0);
}

/** The nodes that have run, with a result, by the time one runs; in the order they are written. */
export function earlierNodes({ types }: Pick<VariableSource, 'types'>, nodes: readonly TreeNode[], open: TreeNode): TreeNode[] {
  return nodes.filter((other) => {
    if (other.key === undefined || relationOf(open, other) !== 'earlier') return false;
    const flow = types.nodes.find(({ type }) => type === other.type)?.flow;
    if (flow === 'ending') return false;
    // Around the open node: one that runs its branches itself has no result before they are done, unless it has failed.
    return !isInside(open, other) || flow === 'branching' || isInFailureBranch(open, other);
  });
}

function isInFailureBranch(node: TreeNode, around: TreeNode): boolean {
  return node.segments[around.segments.length + 1] === FAILURE_BRANCH;
}

/** A node's title, or else its type's. */
export function nodeTitle({ document, types }: Pick<VariableSource, 'document' | 'types'>, node: TreeNode): string {
  const written: unknown = pathOf(node.segments).get(document);
  const title = isRecord(written) && typeof written.title === 'string' ? written.title.trim() : '';
  if (title !== '') return title;
  return types.nodes.find(({ type }) => type === node.type)?.title ?? node.key ?? '';
}

function triggerEntry(source: VariableSource): VariableEntry {
  const shape = shapeOf(source.learned?.context ?? [], source.learned?.variables.context);
  const configured = contextVariables(source);
  if (configured === undefined) return { ...valueEntry('$context', '', shape), group: 'trigger' };
  const parts = PARTS.map((part) => partEntry(part, configured[part], shape.children.get(part) ?? EMPTY));
  return { ...blank, id: 'trigger', group: 'trigger', template: '$context', types: ['object'], children: parts };
}

function partEntry(part: Part, configured: readonly ContextVariable[], shape: Shape): VariableEntry {
  const template = `$context.${part}`;
  const whole = { ...valueEntry(template, '', shape), group: part };
  if (configured.length === 0) return whole;
  const seen = new Set<string>();
  const children = configured.flatMap(({ segments, alias, source }, index) => {
    const path = formatPath(segments);
    if (seen.has(path)) return [];
    seen.add(path);
    const found = shapeAt(shape, segments) ?? EMPTY;
    const value = pathOf(segments).get(shape.value) ?? found.value;
    // What is parsed twice, such as an object and a value in it, stands in the tree twice.
    const entry = valueEntry(joinPaths(template, path), alias ?? source, { ...found, value }, `${template} ${index}`);
    return [{ ...entry, types: value === undefined ? entry.types : [typeOf(value)], detail: alias === undefined ? '' : source }];
  });
  return { ...whole, children };
}

function nodeEntries(source: VariableSource, nodes: readonly TreeNode[], open: TreeNode): VariableEntry[] {
  return earlierNodes(source, nodes, open).flatMap((node) => {
    if (node.key === undefined) return [];
    const shape = shapeOf(source.learned?.nodes[node.key] ?? [], source.learned?.variables.nodes?.[node.key]);
    const title = nodeTitle(source, node);
    const entry = valueEntry(appendSegment('$nodes', node.key), title, shape);
    return [{ ...entry, group: 'node', detail: title === node.key ? '' : node.key }];
  });
}

/** Loops around the node, the innermost first; other nodes around it when runs have shown that they give something. */
function scopeEntries(source: VariableSource, open: TreeNode): VariableEntry[] {
  const entries: VariableEntry[] = [];
  for (let around = open.parent; around !== undefined; around = around.parent) {
    const { key, type } = around;
    if (key === undefined || isInFailureBranch(open, around)) continue;
    const learned = source.learned?.scopes[key] ?? [];
    if (type !== 'loop' && learned.length === 0) continue;
    const paths = type === 'loop' ? [...LOOP_PATHS, ...learned] : learned;
    const shape = shapeOf(paths, source.learned?.variables.scopes?.[key]);
    const title = nodeTitle(source, around);
    const entry = valueEntry(appendSegment('$scopes', key), title, shape);
    entries.push({ ...entry, group: 'scope', detail: title === key ? '' : key });
  }
  return entries;
}

/** What a loop gives before it has ever run. */
const LOOP_PATHS = [
  { path: 'item', types: [] },
  { path: 'index', types: ['number' as const] },
  { path: 'length', types: ['number' as const] },
];

function secretEntries({ learned }: VariableSource): VariableEntry[] {
  return (learned?.secrets ?? []).map((name) => leaf(appendSegment('$secrets', name), name, ['string']));
}

/** Nodes that somebody outside resumes: their URLs are there before they wait, so that they can be sent. */
function resumeEntries({ document, types }: VariableSource, nodes: readonly TreeNode[]): VariableEntry[] {
  const resumable = new Set(types.nodes.filter(({ isResumable }) => isResumable).map(({ type }) => type));
  return nodes.flatMap((node) => {
    if (node.key === undefined || node.type === undefined || !resumable.has(node.type)) return [];
    const title = nodeTitle({ document, types }, node);
    return [{ ...leaf(appendSegment('$resume', node.key), title, ['string']), detail: title === node.key ? '' : node.key }];
  });
}

function systemEntry(): VariableEntry {
  return heading('system', 'system', [leaf('$system.now', 'now', ['string'])]);
}

function executionEntry({ learned, workflowId }: VariableSource): VariableEntry {
  const { id, createdAt } = learned?.execution ?? {};
  return heading('execution', 'execution', [
    leaf('$execution.id', 'id', ['string'], id),
    leaf('$execution.workflowId', 'workflowId', ['string'], workflowId),
    leaf('$execution.revision', 'revision', ['number']),
    leaf('$execution.createdAt', 'createdAt', ['string'], createdAt),
  ]);
}

/** What every request has. */
const REQUEST_PATHS: readonly { readonly path: string; readonly types: ValueType[] }[] = [
  { path: 'method', types: ['string'] },
  { path: 'url', types: ['string'] },
  { path: 'headers', types: ['object'] },
  { path: 'query', types: ['object'] },
  { path: 'body', types: [] },
  { path: 'rawBody', types: ['string'] },
  { path: 'address', types: ['string'] },
];

function requestEntry({ document, learned }: VariableSource): VariableEntry {
  const known = document.trigger.type === 'webhook' ? REQUEST_PATHS : [];
  const shape = shapeOf([...known, ...(learned?.request ?? [])], learned?.variables.request ?? undefined);
  if (shape.children.size === 0) return heading('request', 'request', []);
  return { ...valueEntry('$request', '', shape), group: 'request' };
}

const EMPTY: Shape = { types: new Set(), value: undefined, alias: undefined, children: new Map() };

const blank: Omit<VariableEntry, 'id'> = {
  group: null,
  label: '',
  detail: '',
  template: null,
  types: [],
  value: undefined,
  list: null,
  children: [],
};

function heading(id: string, group: VariableGroup, children: readonly VariableEntry[]): VariableEntry {
  return { ...blank, id, group, children };
}

function leaf(template: string, label: string, types: readonly ValueType[], value?: unknown): VariableEntry {
  return { ...blank, id: template, label, template, types, value };
}

function valueEntry(template: string, label: string, shape: Shape, id = template): VariableEntry {
  const children: VariableEntry[] = [];
  const elements = elementShape(shape);
  for (const [name, child] of elements?.children ?? []) {
    if (typeof name === 'string')
      children.push(everyEntry(appendSegment(template, name), name, child, [name], { template, id, value: shape.value }));
  }
  for (const [segment, child] of shape.children) {
    const name = typeof segment === 'number' ? `[${segment}]` : segment;
    const entry = valueEntry(appendSegment(template, segment), child.alias ?? name, child, appendSegment(id, segment));
    children.push(child.alias === undefined ? entry : { ...entry, detail: name });
  }
  return { ...blank, id, label, template, types: [...shape.types], value: shape.value, children };
}

/** A name of a list's elements: the list of what each has there. */
function everyEntry(
  template: string,
  label: string,
  shape: Shape,
  segments: readonly Segment[],
  list: { readonly template: string; readonly id: string; readonly value: unknown },
): VariableEntry {
  const children = [...shape.children].flatMap(([name, child]) =>
    typeof name === 'string' ? [everyEntry(appendSegment(template, name), name, child, [...segments, name], list)] : [],
  );
  const value = list.value === undefined ? undefined : pathOf(segments).get(list.value);
  return {
    ...blank,
    id: `${list.id}*${formatPath(segments)}`,
    label,
    template,
    types: ['array'],
    value,
    list: list.template,
    children,
  };
}

/** What is inside a value, such as the source of a query. Paths begin in it. */
export function entriesOfValue(value: unknown): readonly VariableEntry[] {
  return valueEntry('', '', shapeOfValue(value)).children;
}

export interface FoundVariable {
  readonly entry: VariableEntry;
  /** What stands above it, from the outside in. */
  readonly trail: readonly VariableEntry[];
}

/** Entries that can be inserted and have every word of the question, in any case; those whose name begins with it first. */
export function searchVariables(
  tree: readonly VariableEntry[],
  question: string,
  nameOf: (entry: VariableEntry) => string,
  limit = 200,
): FoundVariable[] {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean);
  const found: (FoundVariable & { readonly rank: number })[] = [];
  // What is parsed twice, such as an object and a value in it, is found once.
  const seen = new Set<string>();
  const visit = (entries: readonly VariableEntry[], trail: readonly VariableEntry[], above: string): void => {
    for (const entry of entries) {
      const own = `${nameOf(entry)} ${entry.detail} ${entry.template ?? ''}`.toLowerCase();
      const whole = `${above} ${own}`;
      // Headings are there to be opened; without a question only what is in them is wanted.
      const isWanted = words.length > 0 || entry.group === null || entry.group === 'node' || entry.group === 'scope';
      if (entry.template !== null && isWanted && !seen.has(entry.template) && words.every((word) => whole.includes(word))) {
        seen.add(entry.template);
        const [first = ''] = words;
        const rank = nameOf(entry).toLowerCase().startsWith(first) ? 0 : words.some((word) => own.includes(word)) ? 1 : 2;
        found.push({ entry, trail, rank });
      }
      visit(entry.children, [...trail, entry], whole);
    }
  };
  visit(tree, [], '');
  return found.sort((left, right) => left.rank - right.rank).slice(0, limit);
}
