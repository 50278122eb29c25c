// Pure: what a node that has just been added is configured with, and which types may be added, in groups.

import type { Document, Mode, Node } from '../../../src/engine/model.ts';
import type { NodeDescription } from '../../../src/engine/registry.ts';
import { newKey } from './edit.ts';

const firstTest = { all: [{ left: '', operator: 'equal', right: '' }] };

/** Beginnings of the built-in types that are of no use without: a place to type into, and their branches. */
const BEGINNINGS: ReadonlyMap<string, Record<string, unknown>> = new Map<string, Record<string, unknown>>([
  ['condition', { engine: 'basic', test: firstTest }],
  ['multi-conditions', { cases: [{ key: 'first', engine: 'basic', test: firstTest }], otherwise: 'continue' }],
  ['parallel', { branches: [{ key: 'first' }, { key: 'second' }] }],
  ['response', { status: 200 }],
  ['delay', { duration: 5, unit: 'minutes' }],
  ['calculation', { engine: 'mathjs', expression: '' }],
  ['json-query', { engine: 'jsonata', expression: '' }],
  ['http-request', { method: 'GET', url: '' }],
]);

/** A new node of a type, with a key of its own. */
export function newNode(document: Document, type: string): Node {
  return { key: newKey(document, type), type, config: structuredClone(BEGINNINGS.get(type) ?? {}) };
}

export const GROUPS = ['decide', 'data', 'outside', 'time', 'finish', 'more'] as const;
export type Group = (typeof GROUPS)[number];

const GROUP_OF: ReadonlyMap<string, Group> = new Map<string, Group>([
  ...['condition', 'multi-conditions', 'loop', 'parallel'].map((type) => [type, 'decide'] as const),
  ...['calculation', 'variable', 'json-query', 'json-mapping', 'date-calculation', 'javascript'].map(
    (type) => [type, 'data'] as const,
  ),
  ...['http-request', 'send-webhook', 'subflow'].map((type) => [type, 'outside'] as const),
  ...['delay', 'wait'].map((type) => [type, 'time'] as const),
  ...['response', 'output', 'end'].map((type) => [type, 'finish'] as const),
]);

/** Where a type is offered; types from elsewhere by how the flow passes through them. */
export function groupOf({ type, flow, branches }: NodeDescription): Group {
  const known = GROUP_OF.get(type);
  if (known) return known;
  if (flow === 'ending') return 'finish';
  return flow === 'branching' || branches === null || branches.length > 0 ? 'decide' : 'more';
}

/** Types that always wait have no place where a caller waits for the answer; those that may wait are checked with their configuration. */
const ALWAYS_WAITS: ReadonlySet<string> = new Set(['delay', 'wait']);

export function isAllowed({ type, modes }: NodeDescription, mode: Mode): boolean {
  return modes.includes(mode) && !(mode === 'sync' && ALWAYS_WAITS.has(type));
}
