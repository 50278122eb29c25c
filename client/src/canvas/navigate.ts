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

/**
 * Where one step up or down takes a node: past its neighbour, into that one's nearest branch, into the branch beside, or out of
 * the branches. Up takes back what down did. Undefined at the ends of the flow.
 */
export function placeBeside(document: Document, layout: Layout, key: string, step: 1 | -1): Place | undefined {
  const place = findNode(document, key)?.place;
  if (place === undefined) return undefined;
  const neighbour = listAt(document, place)[place.index + step];
  if (neighbour) {
    const branch = knownBranches(layout, neighbour.key).at(step === 1 ? 0 : -1);
    if (branch === undefined) return { ...place, index: step === 1 ? place.index + 2 : place.index - 1 };
    return endOf(document, { owner: neighbour.key, branch }, step);
  }
  const around = place.owner === null ? undefined : findNode(document, place.owner)?.place;
  if (place.owner === null || around === undefined) return undefined;
  const names = knownBranches(layout, place.owner);
  const index = names.indexOf(place.branch);
  const branch = index < 0 ? undefined : names[index + step];
  if (branch !== undefined) return endOf(document, { owner: place.owner, branch }, step);
  return step === 1 ? { ...around, index: around.index + 1 } : around;
}

/** Where a list is entered from above or from below. */
function endOf(document: Document, list: ListPlace, step: 1 | -1): Place {
  return { ...list, index: step === 1 ? 0 : listAt(document, list).length };
}

function knownBranches(layout: Layout, owner: string): readonly string[] {
  const branches = layout.nodes.find(({ key }) => key === owner)?.branches ?? [];
  return branches.filter(({ kind }) => kind !== 'unknown').map(({ name }) => name);
}

/** A node and those around it, from the inside out. */
function around(document: Document, key: string): readonly { readonly key: string; readonly place: Place }[] {
  const result: { key: string; place: Place }[] = [];
  for (
    let found = findNode(document, key);
    found;
    found = found.place.owner === null ? undefined : findNode(document, found.place.owner)
  )
    result.push({ key: found.node.key, place: found.place });
  return result;
}

/**
 * The neighbours from one node to another, in the innermost list that has both; a node deeper inside stands for the one around it.
 * Empty when one of them is no node.
 */
export function rangeOf(document: Document, from: string, to: string): readonly string[] {
  const others = around(document, to);
  for (const { place } of around(document, from)) {
    const other = others.find((one) => isSameList(one.place, place));
    if (other === undefined) continue;
    const [first, last] = [place.index, other.place.index].sort((a, b) => a - b);
    return listAt(document, place)
      .slice(first, (last ?? 0) + 1)
      .map(({ key }) => key);
  }
  return [];
}

/** The one of some nodes that is this node, or has it inside; undefined when none has. */
export function standInFor(document: Document, key: string, among: readonly string[]): string | undefined {
  return around(document, key).find((one) => among.includes(one.key))?.key;
}

/** The key that ends a range when its end goes one further up or down; the same at the end of the list. */
export function rangeEnd(document: Document, from: string, to: string, step: 1 | -1): string {
  const others = around(document, from);
  const end = around(document, to).find(({ place }) => others.some((one) => isSameList(one.place, place)));
  if (end === undefined) return to;
  return listAt(document, end.place)[end.place.index + step]?.key ?? end.key;
}
