// Pure: which part of the canvas is seen at first, how it moves to show something, and how the map shows cards.

import { type Layout, SIZES } from './layout.ts';
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

/** How far something between two edges must be moved to be seen. */
export function shiftInto(start: number, end: number, size: number): number {
  if (start < MARGIN) return MARGIN - start;
  return end > size - MARGIN ? Math.max(size - MARGIN - end, MARGIN - start) : 0;
}
