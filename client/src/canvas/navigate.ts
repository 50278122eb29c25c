// Pure: how the arrow keys walk the tree, and where a node that was picked up may be put down.

import type { Document } from '../../../src/engine/model.ts';
import { findNode, findNodes, isListWithin, type ListPlace, listAt, type Place } from './edit.ts';
import type { Layout, Slot } from './layout.ts';
import { TRIGGER } from './paths.ts';

export type Direction = 'next' | 'previous' | 'left' | 'right' | 'first' | 'last';

/**
 * The key that an arrow leads to from another one; the same when there is nothing.
 * Next: into the first branch that has nodes, else behind the node, else behind the node around it. Previous: the other way.
 * Left and right: the same step in the branch beside, or the nearest that it has; from a node with branches right goes in.
 */
export function neighbourOf(document: Document, layout: Layout, key: string, direction: Direction): string {
  const order = layout.nodes.map((node) => node.key);
  if (direction === 'first') return order[0] ?? key;
  if (direction === 'last') return order.at(-1) ?? key;
  const found = findNode(document, key);
  if (found === undefined) return direction === 'next' ? (document.nodes[0]?.key ?? key) : key;
  const { place } = found;
  if (direction === 'next') return firstInside(layout, document, key) ?? behind(document, place) ?? key;
  if (direction === 'previous') {
    if (place.index > 0) return listAt(document, place)[place.index - 1]?.key ?? key;
    return place.owner ?? TRIGGER;
  }
  return beside(document, layout, place, direction) ?? key;
}

function branchNames(layout: Layout, owner: string): readonly string[] {
  return layout.nodes.find(({ key }) => key === owner)?.branches.map(({ name }) => name) ?? [];
}

function firstInside(layout: Layout, document: Document, owner: string): string | undefined {
  for (const branch of branchNames(layout, owner)) {
    const first = listAt(document, { owner, branch })[0];
    if (first) return first.key;
  }
  return undefined;
}

function behind(document: Document, place: Place): string | undefined {
  const next = listAt(document, place)[place.index + 1];
  if (next) return next.key;
  const around = place.owner === null ? undefined : findNode(document, place.owner);
  return around && behind(document, around.place);
}

function beside(document: Document, layout: Layout, place: Place, direction: 'left' | 'right'): string | undefined {
  for (let here: Place | undefined = place; here?.owner != null; here = findNode(document, here.owner)?.place) {
    const names = branchNames(layout, here.owner);
    const step = direction === 'right' ? 1 : -1;
    for (let index = names.indexOf(here.branch) + step; index >= 0 && index < names.length; index += step) {
      const list = listAt(document, { owner: here.owner, branch: names[index] ?? '' });
      const node = list[Math.min(here.index, list.length - 1)];
      if (node) return node.key;
    }
  }
  return undefined;
}

export function isSameList(a: ListPlace, b: ListPlace): boolean {
  return a.owner === b.owner && a.branch === b.branch;
}

/** The places where a node may be put down, from top to bottom as they are written; not those that leave it where it is. */
export function dropSlots(document: Document, layout: Layout, key: string): readonly Slot[] {
  const from = findNodes(document).get(key)?.place;
  if (from === undefined) return [];
  return layout.slots
    .filter((slot) => !isListWithin(document, slot, key))
    .filter((slot) => !isSameList(slot, from) || (slot.index !== from.index && slot.index !== from.index + 1));
}
