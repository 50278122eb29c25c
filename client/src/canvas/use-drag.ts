// Moving a node with the mouse: it follows the pointer, the places that can take it show, and the nearest one gets it.

import type { ReactFlowInstance } from '@xyflow/react';
import { type PointerEvent as ReactPointerEvent, type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import type { Slot } from './layout.ts';
import type { CardNode } from './step-card.tsx';

/** How far the pointer goes before a press is a drag, in pixels. */
const THRESHOLD = 6;
/** How near a place must be to take the node, in pixels of the canvas. */
const REACH = { x: 190, y: 90 };
/** From the edge of the canvas, where it begins to move along. */
const EDGE = 48;
const PAN_STEP = 12;

export interface Drag {
  readonly key: string;
  readonly slots: readonly Slot[];
  readonly target: Slot | undefined;
}

export interface DragOptions {
  readonly flow: ReactFlowInstance<CardNode>;
  readonly root: RefObject<HTMLDivElement | null>;
  /** Follows the pointer; shown by the drag alone. */
  readonly preview: RefObject<HTMLDivElement | null>;
  slotsOf(key: string): readonly Slot[];
  onDrop(key: string, slot: Slot): void;
}

export interface DragHandle {
  readonly drag: Drag | null;
  press(key: string, event: ReactPointerEvent): void;
  /** Whether the press that has just ended was a drag; then it is no click. */
  hasDragged(): boolean;
}

export function useDrag({ flow, root, preview, slotsOf, onDrop }: DragOptions): DragHandle {
  const [drag, setDrag] = useState<Drag | null>(null);
  const stop = useRef<(() => void) | null>(null);
  const dragged = useRef(false);
  const latest = useRef({ slotsOf, onDrop });
  useEffect(() => {
    latest.current = { slotsOf, onDrop };
  });
  useEffect(() => () => stop.current?.(), []);

  const press = useCallback(
    (key: string, event: ReactPointerEvent) => {
      dragged.current = false;
      // Fingers move the canvas; they move nodes through the menu.
      if (event.button !== 0 || event.pointerType === 'touch') return;
      const start = { x: event.clientX, y: event.clientY };
      let now = start;
      let current: Drag | null = null;
      let frame = 0;

      const update = (): void => {
        if (current === null) return;
        const point = flow.screenToFlowPosition(now);
        const target = nearest(current.slots, point);
        if (preview.current) {
          const box = root.current?.getBoundingClientRect();
          preview.current.style.transform = `translate(${now.x - (box?.left ?? 0) + 12}px, ${now.y - (box?.top ?? 0) + 8}px)`;
        }
        if (target === current.target) return;
        current = { ...current, target };
        setDrag(current);
      };
      const panAtEdge = (): void => {
        frame = requestAnimationFrame(panAtEdge);
        const box = root.current?.getBoundingClientRect();
        if (!box) return;
        const x = edgeStep(now.x, box.left, box.right);
        const y = edgeStep(now.y, box.top, box.bottom);
        if (x === 0 && y === 0) return;
        const viewport = flow.getViewport();
        void flow.setViewport({ ...viewport, x: viewport.x + x, y: viewport.y + y });
        update();
      };
      const onMove = (move: PointerEvent): void => {
        now = { x: move.clientX, y: move.clientY };
        if (current === null) {
          if (Math.hypot(now.x - start.x, now.y - start.y) < THRESHOLD) return;
          current = { key, slots: latest.current.slotsOf(key), target: undefined };
          if (current.slots.length === 0) {
            end();
            return;
          }
          dragged.current = true;
          setDrag(current);
          frame = requestAnimationFrame(panAtEdge);
        }
        update();
      };
      const onUp = (): void => {
        const { target } = current ?? {};
        end();
        if (target) latest.current.onDrop(key, target);
      };
      const onKey = (pressed: KeyboardEvent): void => {
        if (pressed.key !== 'Escape') return;
        pressed.stopPropagation();
        end();
      };
      const end = (): void => {
        cancelAnimationFrame(frame);
        window.removeEventListener('pointermove', onMove);
        window.removeEventListener('pointerup', onUp);
        window.removeEventListener('pointercancel', end);
        window.removeEventListener('keydown', onKey, true);
        stop.current = null;
        current = null;
        setDrag(null);
      };
      stop.current?.();
      stop.current = end;
      window.addEventListener('pointermove', onMove);
      window.addEventListener('pointerup', onUp);
      window.addEventListener('pointercancel', end);
      window.addEventListener('keydown', onKey, true);
    },
    [flow, root, preview],
  );

  return { drag, press, hasDragged: () => dragged.current };
}

function nearest(slots: readonly Slot[], { x, y }: { x: number; y: number }): Slot | undefined {
  let best: Slot | undefined;
  let least = 1;
  for (const slot of slots) {
    const distance = Math.hypot((slot.x - x) / REACH.x, (slot.y - y) / REACH.y);
    if (distance < least) {
      least = distance;
      best = slot;
    }
  }
  return best;
}

function edgeStep(at: number, start: number, end: number): number {
  if (at < start + EDGE) return PAN_STEP;
  return at > end - EDGE ? -PAN_STEP : 0;
}
