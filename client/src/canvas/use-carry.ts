// Moving a node without dragging: it is picked up, the arrow keys go from place to place, and it is put down; or a place is pointed at.

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { Document } from '../../../src/engine/model.ts';
import type { Place } from './edit.ts';
import type { Layout, Slot } from './layout.ts';
import { dropSlots, isSameList } from './navigate.ts';

export interface CarryOptions {
  readonly document: Document;
  readonly layout: Layout;
  titleOf(key: string): string;
  placeText(slot: Slot): string;
  announce(message: string): void;
  /** A place was chosen: it should be seen. */
  onTarget(slot: Slot): void;
  onDrop(key: string, slot: Slot): void;
}

export interface Carry {
  /** The node that is being moved. */
  readonly key: string;
  readonly slots: readonly Slot[];
  readonly target: Slot | undefined;
}

export interface CarryHandle {
  readonly carry: Carry | null;
  pickUp(key: string): void;
  step(by: 1 | -1): void;
  /** @param isMeant false: it stays where it was */
  putDown(isMeant: boolean): void;
  /** Puts it down at a place that was pointed at. */
  putDownAt(place: Place): void;
}

export interface Carried {
  readonly key: string;
  readonly index: number;
}

/** @param carried what `useState` holds for it, since what is drawn depends on it before the layout is known */
export function useCarry(
  [carried, setCarried]: readonly [Carried | null, (next: Carried | null) => void],
  { document, layout, titleOf, placeText, announce, onTarget, onDrop }: CarryOptions,
): CarryHandle {
  const { t } = useTranslation('canvas');
  const key = carried?.key;
  const slots = useMemo(() => (key === undefined ? [] : dropSlots(document, layout, key)), [key, document, layout]);
  const target = carried ? slots[carried.index] : undefined;

  const choose = (next: Carried, among: readonly Slot[]): void => {
    const slot = among[next.index];
    if (slot === undefined) return;
    setCarried(next);
    announce(t('carrying', { title: titleOf(next.key), place: placeText(slot), number: next.index + 1, total: among.length }));
    onTarget(slot);
  };

  return {
    carry: carried && { key: carried.key, slots, target },
    pickUp(wanted) {
      const among = dropSlots(document, layout, wanted);
      const own = layout.nodes.find((node) => node.key === wanted)?.y ?? 0;
      // The first place below is the likeliest.
      const index = among.findIndex(({ y }) => y > own);
      choose({ key: wanted, index: Math.max(0, index) }, among);
    },
    step(by) {
      if (carried && slots.length > 0) choose({ ...carried, index: (carried.index + by + slots.length) % slots.length }, slots);
    },
    putDownAt(place) {
      setCarried(null);
      const slot = slots.find((one) => isSameList(one, place) && one.index === place.index);
      if (carried && slot) onDrop(carried.key, slot);
      else announce(t('carryStopped'));
    },
    putDown(isMeant) {
      setCarried(null);
      if (carried && target && isMeant) onDrop(carried.key, target);
      else announce(t('carryStopped'));
    },
  };
}
