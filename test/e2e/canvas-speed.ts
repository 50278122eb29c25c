// Measures the canvas in a browser: how much work it is to open it and to move it, and which frames came late.

import type { Page } from 'playwright-core';

export interface CanvasSpeed {
  /** From the start of the navigation to the frame that shows the first card, in milliseconds. */
  readonly openedMs: number;
  /** Work of the main thread for one movement of the mouse while it drags the canvas, in milliseconds. */
  readonly workPerMoveMs: number;
  /** Gaps between frames while it is dragged, in milliseconds, the shortest first. */
  readonly gaps: readonly number[];
}

const MOVES = 120;

declare global {
  interface Window {
    canvasSpeed?: { paintedAt?: number; gaps: number[] };
  }
}

/** Opens a page with a canvas and drags it by a free place near its left edge. */
export async function measureCanvas(page: Page, url: string): Promise<CanvasSpeed> {
  await page.addInitScript(() => {
    const speed: { paintedAt?: number; gaps: number[] } = { gaps: [] };
    window.canvasSpeed = speed;
    const observer = new MutationObserver(() => {
      if (document.querySelector('[data-node-key]') === null) return;
      observer.disconnect();
      // The second frame begins when the first one has been drawn.
      requestAnimationFrame(() =>
        requestAnimationFrame((at) => {
          speed.paintedAt = at;
        }),
      );
    });
    observer.observe(document, { childList: true, subtree: true });
  });
  await page.goto(url);
  await page.waitForFunction(() => window.canvasSpeed?.paintedAt !== undefined);
  const openedMs = await page.evaluate(() => window.canvasSpeed?.paintedAt ?? Number.NaN);

  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const work = async (): Promise<number> => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1_000;
  };
  const box = await page.locator('.react-flow__pane').boundingBox();
  const start = { x: (box?.x ?? 0) + 40, y: (box?.y ?? 0) + (box?.height ?? 600) / 2 };
  await page.evaluate(() => {
    const frames = {
      last: performance.now(),
      note(at: number): void {
        window.canvasSpeed?.gaps.push(at - frames.last);
        frames.last = at;
        requestAnimationFrame((next) => frames.note(next));
      },
    };
    requestAnimationFrame((at) => frames.note(at));
  });
  await page.mouse.move(start.x, start.y);
  await page.mouse.down();
  const before = await work();
  for (let move = 0; move < MOVES; move++) await page.mouse.move(start.x + 100 * Math.sin(move / 10), start.y - move * 2);
  const workPerMoveMs = ((await work()) - before) / MOVES;
  await page.mouse.up();
  const gaps = await page.evaluate(() => (window.canvasSpeed?.gaps ?? []).slice(1).sort((a, b) => a - b));
  await session.detach();
  return { openedMs, workPerMoveMs, gaps };
}
