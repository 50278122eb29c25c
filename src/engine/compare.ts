// Pure: what changed from one revision's document to another's, in the words of the tree.

import type { Document, Node } from './model.ts';
import { appendSegment, getOwn, isRecord } from './path.ts';
import { walkNodes } from './tree.ts';
import { isSealed, replaceSealed } from './write-only.ts';

/** One value that differs; `before` or `after` is absent where there was none. */
export interface ValueChange {
  /** Inside the trigger or node: `config.status`, `title`, `type`. */
  path: string;
  before?: unknown;
  after?: unknown;
  /** A write-only value changed; neither value is shown. */
  secret?: true;
}

export interface Change {
  kind: 'added' | 'removed' | 'changed' | 'moved';
  /** The node's key; null for the trigger and the settings. */
  key: string | null;
  /** Where it is in the newer document, or was when it is gone: `nodes[0].branches.true[1]`, `trigger`. */
  path: string;
  /** `moved` only: where it was. */
  from?: string;
  /** `changed` only. */
  values?: ValueChange[];
}

interface Placed {
  readonly node: Node;
  readonly place: string;
}

/**
 * Sealed values are told apart by their text, and never shown.
 *
 * Nodes are recognised by their keys. One that stands elsewhere and differs gives two changes. A node does not move
 * because another was added, removed or moved before it.
 */
export function compareDocuments(before: Document, after: Document): Change[] {
  const changes: Change[] = [];
  const triggerValues: ValueChange[] = [];
  collectValues(before.trigger, after.trigger, '', triggerValues);
  if (triggerValues.length > 0) changes.push({ kind: 'changed', key: null, path: 'trigger', values: triggerValues });
  const settingsValues: ValueChange[] = [];
  collectValues(before.settings ?? {}, after.settings ?? {}, '', settingsValues);
  if (settingsValues.length > 0) changes.push({ kind: 'changed', key: null, path: 'settings', values: settingsValues });

  const old = placeNodes(before);
  const current = placeNodes(after);
  const moved = findMoved(before, after);
  for (const [key, { node, place }] of current) {
    const was = old.get(key);
    if (!was) {
      changes.push({ kind: 'added', key, path: place });
      continue;
    }
    if (moved.has(key)) changes.push({ kind: 'moved', key, path: place, from: was.place });
    const values: ValueChange[] = [];
    collectValues(describe(was.node), describe(node), '', values);
    if (values.length > 0) changes.push({ kind: 'changed', key, path: place, values });
  }
  for (const [key, { place }] of old) {
    if (!current.has(key)) changes.push({ kind: 'removed', key, path: place });
  }
  return changes;
}

/** A node without what is inside its branches: that is told node by node. */
function describe({ type, title, config }: Node): Record<string, unknown> {
  return { type, ...(title === undefined ? {} : { title }), config };
}

function placeNodes({ nodes }: Document): Map<string, Placed> {
  const placed = new Map<string, Placed>();
  walkNodes(nodes, (node, place) => placed.set(node.key, { node, place }));
  return placed;
}

/** The keys that are in another list, or stand in another order among the nodes that both lists have. */
function findMoved(before: Document, after: Document): Set<string> {
  const oldLists = listKeys(before);
  const newLists = listKeys(after);
  const oldListOf = new Map<string, string>();
  for (const [list, keys] of oldLists) for (const key of keys) oldListOf.set(key, list);
  const moved = new Set<string>();
  for (const [list, keys] of newLists) {
    const stayed = keys.filter((key) => oldListOf.get(key) === list);
    for (const key of keys) if (oldListOf.has(key) && oldListOf.get(key) !== list) moved.add(key);
    const order = new Map((oldLists.get(list) ?? []).map((key, index) => [key, index]));
    const kept = longestRising(stayed.map((key) => order.get(key) ?? 0));
    for (const [index, key] of stayed.entries()) if (!kept.has(index)) moved.add(key);
  }
  return moved;
}

/** Each list by what owns it, so that a node that moves does not move what is in its branches. */
function listKeys({ nodes }: Document): Map<string, string[]> {
  const lists = new Map<string, string[]>([['', nodes.map(({ key }) => key)]]);
  walkNodes(nodes, ({ key, branches }) => {
    for (const [name, list] of Object.entries(branches ?? {})) {
      lists.set(
        JSON.stringify([key, name]),
        list.map((node) => node.key),
      );
    }
  });
  return lists;
}

/** Indexes of a longest rising run, gaps allowed: the fewest nodes are called moved. */
function longestRising(numbers: readonly number[]): Set<number> {
  const previous: number[] = [];
  const lastOfLength: number[] = [];
  for (const [index, value] of numbers.entries()) {
    let low = 0;
    let high = lastOfLength.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((numbers[lastOfLength[middle] ?? 0] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    previous[index] = low === 0 ? -1 : (lastOfLength[low - 1] ?? -1);
    lastOfLength[low] = index;
  }
  const kept = new Set<number>();
  for (let index = lastOfLength.at(-1) ?? -1; index >= 0; index = previous[index] ?? -1) kept.add(index);
  return kept;
}

/** Lists of different length are told as one value: element by element would tell a removal as a change of all behind it. */
function collectValues(before: unknown, after: unknown, place: string, changes: ValueChange[]): void {
  if (isSealed(before) || isSealed(after)) {
    if (JSON.stringify(before) !== JSON.stringify(after)) changes.push({ path: place, secret: true });
  } else if (isRecord(before) && isRecord(after)) {
    for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
      collectValues(getOwn(before, key), getOwn(after, key), appendSegment(place, key), changes);
    }
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const index of before.keys()) collectValues(before[index], after[index], appendSegment(place, index), changes);
  } else if (JSON.stringify(before) !== JSON.stringify(after)) {
    changes.push({
      path: place,
      ...(before === undefined ? {} : { before: withoutSealed(before) }),
      ...(after === undefined ? {} : { after: withoutSealed(after) }),
    });
  }
}

function withoutSealed(value: unknown): unknown {
  return replaceSealed(value, () => undefined);
}
