// Pure: the lines of a JSON value that are visible when some of its parts are open, and those that are found.

import { appendSegment } from '../../../src/engine/path.ts';
import { isContainer } from './shape.ts';

export interface JsonLine {
  /** The path, as templates write it; empty for the whole. */
  readonly id: string;
  readonly parent: string | null;
  /** A name, an index, or empty for the whole. */
  readonly name: string;
  readonly value: unknown;
  readonly level: number;
  readonly position: number;
  readonly size: number;
  readonly canOpen: boolean;
  readonly isOpen: boolean;
  /** Members that are left out behind this one, since there are too many. */
  readonly hidden: number;
}

/** Most members of one part that are shown at once; further ones on demand. */
export const MEMBERS_SHOWN = 100;
/** Most lines that a search finds. */
const MAX_FOUND = 200;

export interface JsonView {
  readonly open: ReadonlySet<string>;
  /** How many members of a part are shown, where it is not `MEMBERS_SHOWN`. */
  readonly shown: ReadonlyMap<string, number>;
}

export function visibleLines(value: unknown, { open, shown }: JsonView): JsonLine[] {
  const lines: JsonLine[] = [];
  const visit = (
    item: unknown,
    id: string,
    name: string,
    level: number,
    parent: string | null,
    place: [number, number],
  ): void => {
    const members = membersOf(item);
    const isOpen = members.length > 0 && open.has(id);
    const limit = shown.get(id) ?? MEMBERS_SHOWN;
    lines.push(line(item, id, name, level, parent, place, isOpen, isOpen ? Math.max(0, members.length - limit) : 0));
    if (!isOpen) return;
    for (const [index, [segment, member]] of members.slice(0, limit).entries()) {
      visit(member, appendSegment(id, segment), nameOf(segment), level + 1, id, [index + 1, members.length]);
    }
  };
  visit(value, '', '', 1, null, [1, 1]);
  return lines;
}

/** Every part whose name or value has the text, in any case, by its whole path. */
export function foundLines(value: unknown, question: string): JsonLine[] {
  const wanted = question.toLowerCase();
  const lines: JsonLine[] = [];
  const visit = (item: unknown, id: string, name: string): void => {
    if (lines.length >= MAX_FOUND) return;
    const members = membersOf(item);
    const text = isContainer(item) ? name : `${name} ${String(item)}`;
    if (id !== '' && text.toLowerCase().includes(wanted)) lines.push(line(item, id, id, 1, null, [0, 0], false, 0));
    for (const [segment, member] of members) visit(member, appendSegment(id, segment), nameOf(segment));
  };
  visit(value, '', '');
  return lines.map((found, index) => ({ ...found, canOpen: false, position: index + 1, size: lines.length }));
}

/** Open at first: from the outside in, as long as it stays short. */
export function openAtFirst(value: unknown, maxLines = 30): Set<string> {
  const open = new Set<string>();
  let count = 1;
  let level: [string, unknown][] = [['', value]];
  while (level.length > 0) {
    const next: [string, unknown][] = [];
    for (const [id, item] of level) {
      const members = membersOf(item);
      if (members.length === 0 || count + members.length > maxLines) continue;
      count += members.length;
      open.add(id);
      for (const [segment, member] of members) next.push([appendSegment(id, segment), member]);
    }
    level = next;
  }
  // What is looked at is never a closed box.
  open.add('');
  return open;
}

function membersOf(item: unknown): [string | number, unknown][] {
  if (Array.isArray(item)) return item.map((member: unknown, index) => [index, member]);
  return isContainer(item) ? Object.entries(item) : [];
}

function nameOf(segment: string | number): string {
  return typeof segment === 'number' ? String(segment) : segment;
}

function line(
  value: unknown,
  id: string,
  name: string,
  level: number,
  parent: string | null,
  [position, size]: [number, number],
  isOpen: boolean,
  hidden: number,
): JsonLine {
  return { id, parent, name, value, level, position, size, canOpen: membersOf(value).length > 0, isOpen, hidden };
}
