// Keys of a list's members that stay with them when others come, go or move, so that what is typed in keeps its focus.

import { useState } from 'react';
import { moveItem, removeItem } from './update.ts';

export interface ItemKeys {
  readonly keys: readonly number[];
  append(): void;
  remove(index: number): void;
  move(from: number, to: number): void;
}

interface Known {
  readonly keys: readonly number[];
  readonly next: number;
}

function fitTo({ keys, next }: Known, length: number): Known {
  if (keys.length >= length) return { keys: keys.slice(0, length), next };
  const more = Array.from({ length: length - keys.length }, (_, index) => next + index);
  return { keys: [...keys, ...more], next: next + more.length };
}

/** @param length of the list as it is now: it may also change from outside, by undo */
export function useItemKeys(length: number): ItemKeys {
  const [known, setKnown] = useState<Known>(() => fitTo({ keys: [], next: 0 }, length));
  const current = known.keys.length === length ? known : fitTo(known, length);
  if (current !== known) setKnown(current);
  return {
    keys: current.keys,
    append: () => setKnown((before) => fitTo(before, before.keys.length + 1)),
    remove: (index) => setKnown((before) => ({ ...before, keys: removeItem(before.keys, index) })),
    move: (from, to) => setKnown((before) => ({ ...before, keys: moveItem(before.keys, from, to) })),
  };
}
