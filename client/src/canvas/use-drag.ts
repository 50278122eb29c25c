// Moving a node with the mouse or a finger: it follows the pointer, the places that can take it show, and the nearest one gets it.

import type { ReactFlowInstance } from '@xyflow/react';
import { type PointerEvent as ReactPointerEvent, type RefObject, useCallback, useEffect, useRef, useState } from 'react';
import type { Point, Slot } from './layout.ts';
import type { CardNode } from './step-card.tsx';

/** How far the pointer goes before a press is a drag, in pixels. */
const THRESHOLD = 6;
/** How long a finger rests on a node before it picks it up, in milliseconds: less than until browsers open a menu of their own. */
const HOLD_MS = 380;
/** How far a finger may tremble meanwhile, in pixels. */
const TREMBLE = 10;
/** Where the preview is from the pointer, in pixels: a finger would hide it. */
const BESIDE_POINTER = { x: 12, y: 8 };
const ABOVE_FINGER = { x: -60, y: -64 };
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
  /** A finger rested on a node and left it where it was. @param at on the screen */
  onHeld(key: string, at: Point): void;
}

export interface DragHandle {
  readonly drag: Drag | null;
  /** A pointer went down on a card. */
  press(key: string, card: Element, event: ReactPointerEvent): void;
  /** Whether the press that has just ended was a drag; then it is no click. */
  hasDragged(): boolean;
}

/** A mouse drags at once. A finger rests on the card until that is picked up; before, it moves the canvas, and two zoom. */
export function useDrag({ flow, root, preview, slotsOf, onDrop, onHeld }: DragOptions): DragHandle {
  const [drag, setDrag] = useState<Drag | null>(null);
  const stop = useRef<(() => void) | null>(null);
  const dragged = useRef(false);
  const latest = useRef({ slotsOf, onDrop, onHeld });
  useEffect(() => {
    latest.current = { slotsOf, onDrop, onHeld };
  });
  useEffect(() => () => stop.current?.(), []);

  const press = useCallback(
    (key: string, card: Element, event: ReactPointerEvent) => {
      dragged.current = false;
      const isTouch = event.pointerType === 'touch';
      // What the canvas goes by when this press comes to it: only fingers move it from a card.
      card.classList.toggle('nopan', !isTouch);
      if (event.button !== 0 || (isTouch && !event.isPrimary)) return;
      const { pointerId } = event;
      const start = { x: event.clientX, y: event.clientY };
      let now = start;
      let hasMoved = false;
      let current: Drag | null = null;
      let frame = 0;
      let hold: number | undefined;

      const placePreview = (): void => {
        if (!preview.current) return;
        const box = root.current?.getBoundingClientRect();
        const { x, y } = isTouch ? ABOVE_FINGER : BESIDE_POINTER;
        const left = Math.max(4, now.x - (box?.left ?? 0) + x);
        preview.current.style.transform = `translate(${left}px, ${now.y - (box?.top ?? 0) + y}px)`;
      };
      const update = (): void => {
        placePreview();
        if (current === null || !hasMoved) return;
        const target = nearest(current.slots, flow.screenToFlowPosition(now));
        if (target === current.target) return;
        current = { ...current, target };
        setDrag(current);
      };
      const panAtEdge = (): void => {
        frame = requestAnimationFrame(panAtEdge);
        const box = root.current?.getBoundingClientRect();
        if (!box || !hasMoved) return;
        const x = edgeStep(now.x, box.left, box.right);
        const y = edgeStep(now.y, box.top, box.bottom);
        if (x === 0 && y === 0) return;
        const viewport = flow.getViewport();
        void flow.setViewport({ ...viewport, x: viewport.x + x, y: viewport.y + y });
        update();
      };
      const pickUp = (): void => {
        current = { key, slots: latest.current.slotsOf(key), target: undefined };
        if (current.slots.length === 0 && !isTouch) {
          end();
          return;
        }
        dragged.current = true;
        placePreview();
        setDrag(current);
        frame = requestAnimationFrame(panAtEdge);
      };
      const onMove = (move: PointerEvent): void => {
        if (move.pointerId !== pointerId) return;
        now = { x: move.clientX, y: move.clientY };
        const distance = Math.hypot(now.x - start.x, now.y - start.y);
        if (current === null) {
          if (isTouch) {
            if (distance > TREMBLE) end();
            return;
          }
          if (distance < THRESHOLD) return;
          pickUp();
        }
        hasMoved ||= distance >= (isTouch ? TREMBLE : THRESHOLD);
        update();
      };
      const onUp = (up: PointerEvent): void => {
        if (up.pointerId !== pointerId) return;
        const wasHeld = current !== null && !hasMoved;
        // What the browser makes of a touch afterwards, a click, is not meant.
        if (isTouch && current) window.addEventListener('touchend', prevent, { capture: true, passive: false, once: true });
        const { target } = current ?? {};
        end();
        if (wasHeld) latest.current.onHeld(key, now);
        else if (target) latest.current.onDrop(key, target);
      };
      const onCancel = (canceled: PointerEvent): void => {
        if (canceled.pointerId === pointerId) end();
      };
      // A second finger means the canvas.
      const onOther = (down: PointerEvent): void => {
        if (down.pointerId !== pointerId && current === null) end();
      };
      const onKey = (pressed: KeyboardEvent): void => {
        if (pressed.key !== 'Escape' || current === null) return;
        pressed.stopPropagation();
        end();
      };
      // The canvas would follow the finger that carries a node.
      const onTouchMove = (move: TouchEvent): void => {
        if (current === null) return;
        if (move.cancelable) move.preventDefault();
        move.stopPropagation();
      };
      const onContextMenu = (asked: Event): void => {
        asked.preventDefault();
        asked.stopPropagation();
      };
      const listeners = new AbortController();
      const end = (): void => {
        window.clearTimeout(hold);
        cancelAnimationFrame(frame);
        listeners.abort();
        stop.current = null;
        current = null;
        setDrag(null);
      };
      stop.current?.();
      stop.current = end;
      const { signal } = listeners;
      window.addEventListener('pointermove', onMove, { signal });
      window.addEventListener('pointerup', onUp, { signal });
      window.addEventListener('pointercancel', onCancel, { signal });
      window.addEventListener('keydown', onKey, { signal, capture: true });
      if (!isTouch) return;
      window.addEventListener('pointerdown', onOther, { signal });
      window.addEventListener('touchmove', onTouchMove, { signal, capture: true, passive: false });
      window.addEventListener('contextmenu', onContextMenu, { signal, capture: true });
      hold = window.setTimeout(pickUp, HOLD_MS);
    },
    [flow, root, preview],
  );

  return { drag, press, hasDragged: () => dragged.current };
}

function prevent(event: Event): void {
  if (event.cancelable) event.preventDefault();
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
