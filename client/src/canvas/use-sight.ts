// Brings into sight what is chosen: a panel that opens, a window that shrinks or a flow that changes may have hidden it.

import { useReducedMotion } from '@mantine/hooks';
import type { ReactFlowInstance } from '@xyflow/react';
import { type RefObject, useCallback, useEffect, useRef } from 'react';
import type { Box, Layout, Point } from './layout.ts';
import type { CardNode } from './step-card.tsx';
import { shiftToSee } from './view.ts';

export interface SightOptions {
  readonly flow: ReactFlowInstance<CardNode>;
  readonly root: RefObject<HTMLElement | null>;
  readonly layout: Layout;
  readonly selected: string | null;
  /** The node that has the keyboard; null while the canvas does not have it. */
  readonly active: string | null;
  /** Somebody asks for this node, whenever it is another object. */
  readonly sought: { readonly key: string } | null | undefined;
}

export interface Sight {
  /** Brings a box or a point of the canvas into sight, by a short move; it stands still when it is seen already. */
  show(what: Point & Partial<Box>): void;
  showCard(key: string): void;
  /** How long a move of the canvas may take, in milliseconds: no time for people who do not want to see things move. */
  duration(ms: number): number;
}

export function useSight({ flow, root, layout, selected, active, sought }: SightOptions): Sight {
  const isStill = useReducedMotion(false, { getInitialValueInEffect: false });
  const duration = useCallback((ms: number) => (isStill ? 0 : ms), [isStill]);

  const show = useCallback(
    ({ x, y, width = 0, height = 0 }: Point & Partial<Box>): void => {
      const frame = root.current?.getBoundingClientRect();
      if (!root.current || !frame || frame.width === 0) return;
      const { x: left, y: top, zoom } = flow.getViewport();
      const box = { x: x * zoom + left, y: y * zoom + top, width: width * zoom, height: height * zoom };
      const shift = shiftToSee(box, frame, coversOf(root.current, frame));
      if (shift.x === 0 && shift.y === 0) return;
      void flow.setViewport({ x: left + shift.x, y: top + shift.y, zoom }, { duration: duration(150) });
    },
    [flow, root, duration],
  );

  const latest = useRef((_key: string): void => {});
  useEffect(() => {
    latest.current = (key) => {
      const box = layout.nodes.find((node) => node.key === key);
      if (box) show(box);
    };
  });
  const showCard = useCallback((key: string) => latest.current(key), []);

  // Another one is chosen, or the flow changed around it. Who has moved the canvas away is not brought back otherwise.
  const chosen = active ?? selected;
  const box = chosen === null ? undefined : layout.nodes.find((node) => node.key === chosen);
  const place = box && `${box.x} ${box.y}`;
  useEffect(() => (chosen === null || place === undefined ? undefined : soon(() => latest.current(chosen))), [chosen, place]);
  useEffect(() => (sought ? soon(() => latest.current(sought.key)) : undefined), [sought]);

  // A panel opened beside the canvas, or the window shrank.
  useEffect(() => {
    const element = root.current;
    if (!element || chosen === null) return;
    const observer = new ResizeObserver(() => latest.current(chosen));
    observer.observe(element);
    return () => observer.disconnect();
  }, [root, chosen]);

  return { show, showCard, duration };
}

/** With the next picture: a drawer over the canvas is on the page a moment later. @returns takes it back */
function soon(act: () => void): () => void {
  const frame = requestAnimationFrame(act);
  return () => cancelAnimationFrame(frame);
}

/** What lies over the canvas, from its corner. */
function coversOf(root: HTMLElement, frame: DOMRect): Box[] {
  const marked = root.ownerDocument.querySelectorAll<HTMLElement>('[data-covers-canvas], .react-flow__minimap');
  return [...marked].flatMap((element) => {
    const { offsetWidth: width, offsetHeight: height } = element;
    if (width === 0 || height === 0) return [];
    const { x, y } = restingPlace(element);
    return [{ x: x - frame.left, y: y - frame.top, width, height }];
  });
}

/** Where an element is when it has stopped sliding in. */
function restingPlace(element: HTMLElement): Point {
  let [x, y] = [element.offsetLeft, element.offsetTop];
  for (let around = element.offsetParent; around instanceof HTMLElement; around = around.offsetParent) {
    x += around.offsetLeft + around.clientLeft;
    y += around.offsetTop + around.clientTop;
  }
  return { x: x - window.scrollX, y: y - window.scrollY };
}
