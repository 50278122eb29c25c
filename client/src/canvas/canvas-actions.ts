// What the parts of the canvas ask of it; the functions stay the same, so that nothing is drawn again because of them.

import { createContext, use, useLayoutEffect, useMemo, useRef } from 'react';
import type { ListPlace, Place } from './edit.ts';
import type { Point } from './layout.ts';

export interface CanvasActions {
  select(key: string): void;
  /** Opens a node's menu at a point of the screen. */
  openMenu(key: string, at: Point): void;
  /** Opens a branch's menu at a point of the screen. */
  openBranchMenu(list: ListPlace, at: Point): void;
  /** Opens the choice of node types at a point of the screen; while a node is being moved, puts it down there. */
  openPicker(place: Place, at: Point): void;
  /** Shows another round of a loop. */
  showRound(key: string, round: number): void;
}

export const CanvasActionsContext = createContext<CanvasActions | null>(null);

/** @throws Error outside of a canvas */
export function useCanvasActions(): CanvasActions {
  const actions = use(CanvasActionsContext);
  if (actions === null) throw new Error('This part belongs inside a canvas.');
  return actions;
}

/** The same object for ever, whose functions do what the newest ones do. */
export function useStableActions(newest: CanvasActions): CanvasActions {
  const latest = useRef(newest);
  useLayoutEffect(() => {
    latest.current = newest;
  });
  return useMemo(
    () => ({
      select: (key) => latest.current.select(key),
      openMenu: (key, at) => latest.current.openMenu(key, at),
      openBranchMenu: (list, at) => latest.current.openBranchMenu(list, at),
      openPicker: (place, at) => latest.current.openPicker(place, at),
      showRound: (key, round) => latest.current.showRound(key, round),
    }),
    [],
  );
}
