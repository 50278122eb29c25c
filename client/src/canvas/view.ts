// Pure: which part of the canvas is seen at first, how it moves to show something, and how the map shows cards.

import { type Box, type Layout, type Point, SIZES } from './layout.ts';
import type { CardNode } from './step-card.tsx';

/** Of the canvas on the screen, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Below this, opening shows the beginning of a large flow rather than all of it. */
const READABLE_ZOOM = 0.7;
/** Kept free around what is shown, in pixels. */
export const MARGIN = 32;
/** Height of what a comparison says at the top, in pixels. */
export const LEGEND = 112;

/** Marks an element that may lie over the canvas: what is chosen is not left below it. */
export const COVERS = { 'data-covers-canvas': true } as const;

/** Before the first one is known. */
export const EMPTY_LAYOUT: Layout = {
  nodes: [],
  lines: [],
  slots: [],
  labels: [],
  frames: [],
  ends: [],
  bounds: { x: 0, y: 0, width: 0, height: 0 },
};

/** The class of a card's mark on the map. */
export function mapClass({ data }: CardNode): string {
  const { problems, run, marks, isSelected } = data;
  const state = isSelected
    ? 'selected'
    : problems.length > 0
      ? 'problem'
      : (run?.status ?? marks[0] ?? (run === null ? 'faded' : 'plain'));
  return `hl-map-${state}`;
}

/** How much smaller a flow must be drawn to be seen as a whole. */
function fittingZoom({ bounds }: Layout, { width, height }: Size, top: number): number {
  return Math.min((width - 2 * MARGIN) / bounds.width, (height - MARGIN - top) / bounds.height, 1);
}

/** Whether a flow can be seen, and read, as a whole. */
export function isSeenWhole(layout: Layout, size: Size): boolean {
  return fittingZoom(layout, size, MARGIN) >= READABLE_ZOOM;
}

/** All of a small flow, the beginning of a large one. @param top space that is left free above */
export function viewOf(layout: Layout, size: Size, top: number) {
  const { bounds } = layout;
  const { width, height } = size;
  const fitting = fittingZoom(layout, size, top);
  if (fitting >= READABLE_ZOOM) {
    const y = Math.max(top, Math.min((height - bounds.height * fitting) / 2, 3 * MARGIN));
    return { x: width / 2 - (bounds.x + bounds.width / 2) * fitting, y, zoom: fitting };
  }
  const zoom = Math.max(READABLE_ZOOM, Math.min(0.9, (width - 2 * MARGIN) / (2.4 * SIZES.card.width)));
  return { x: width / 2, y: top, zoom };
}

/** Of the card's edges, in pixels: further out, it is not seen any more. */
const NEAR = 4;

/** How far something between two edges must be moved to be seen; 0 when it is. */
function shiftInto(start: number, length: number, size: number): number {
  const end = start + length;
  if (start >= NEAR && end <= size - NEAR) return 0;
  // What is too long begins in sight.
  if (start < MARGIN || length > size - 2 * MARGIN) return MARGIN - start;
  return size - MARGIN - end;
}

/**
 * How a box on the screen must be moved to be seen whole: into the frame, and out from under what covers a part of it.
 * The shortest way; no move at all when it is seen. Where there is no room beside what covers, the frame alone counts.
 * @param covers in pixels from the corner of the frame, as the box
 */
export function shiftToSee(box: Box, frame: Size, covers: readonly Box[]): Point {
  const isFree = (shift: Point): boolean => covers.every((cover) => !isOver(moved(box, shift), cover));
  const isInside = ({ x, y }: Point): boolean =>
    shiftInto(box.x + x, box.width, frame.width) === 0 && shiftInto(box.y + y, box.height, frame.height) === 0;
  const into = { x: shiftInto(box.x, box.width, frame.width), y: shiftInto(box.y, box.height, frame.height) };
  if (isFree(into)) return into;
  const xs = [into.x];
  const ys = [into.y];
  for (const cover of covers) {
    xs.push(cover.x - GAP - box.x - box.width, cover.x + cover.width + GAP - box.x);
    ys.push(cover.y - GAP - box.y - box.height, cover.y + cover.height + GAP - box.y);
  }
  const free = xs.flatMap((x) => ys.map((y) => ({ x, y }))).filter((shift) => isInside(shift) && isFree(shift));
  return (
    free.reduce<Point | undefined>((best, shift) => (best && lengthOf(best) <= lengthOf(shift) ? best : shift), undefined) ?? into
  );
}

/** Left between a card and what would cover it, in pixels. */
const GAP = 14;

function moved(box: Box, { x, y }: Point): Box {
  return { ...box, x: box.x + x, y: box.y + y };
}

function isOver(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function lengthOf({ x, y }: Point): number {
  return Math.hypot(x, y);
}
