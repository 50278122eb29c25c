import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from '../../../client/src/canvas/layout.ts';
import { shiftToSee } from '../../../client/src/canvas/view.ts';

const frame = { width: 800, height: 600 };
const card = { width: 256, height: 84 };
const map: Box = { x: 585, y: 435, width: 200, height: 150 };

describe('bringing a card into sight', () => {
  it('moves nothing while it is seen, however near the edge', () => {
    expect(shiftToSee({ x: 300, y: 200, ...card }, frame, [])).toEqual({ x: 0, y: 0 });
    expect(shiftToSee({ x: 540, y: 8, ...card }, frame, [map])).toEqual({ x: 0, y: 0 });
  });

  it('moves by the shortest way, and leaves a margin', () => {
    expect(shiftToSee({ x: 700, y: 200, ...card }, frame, [])).toEqual({ x: -188, y: 0 });
    expect(shiftToSee({ x: -500, y: -20, ...card }, frame, [])).toEqual({ x: 532, y: 52 });
  });

  it('shows the beginning of what is too large', () => {
    expect(shiftToSee({ x: -40, y: 100, width: 900, height: 84 }, frame, [])).toEqual({ x: 72, y: 0 });
  });

  it('comes out from under what lies over the canvas', () => {
    expect(shiftToSee({ x: 500, y: 480, ...card }, frame, [map])).toEqual({ x: 0, y: -143 });
    expect(shiftToSee({ x: 340, y: 480, ...card }, frame, [map])).toEqual({ x: -25, y: 0 });
  });

  it('goes into the frame alone when everything is covered', () => {
    expect(shiftToSee({ x: 900, y: 100, ...card }, frame, [{ x: 0, y: 0, ...frame }])).toEqual({ x: -388, y: 0 });
  });

  it('always ends in the frame and off what covers a corner, and then stands still', () => {
    const at = fc.integer({ min: -3000, max: 3000 });
    const corner = fc.record({ width: fc.integer({ min: 10, max: 300 }), height: fc.integer({ min: 10, max: 200 }) });
    fc.assert(
      fc.property(at, at, corner, fc.boolean(), fc.boolean(), (x, y, size, isRight, isLow) => {
        const cover = { ...size, x: isRight ? frame.width - size.width : 0, y: isLow ? frame.height - size.height : 0 };
        const shift = shiftToSee({ x, y, ...card }, frame, [cover]);
        const now = { x: x + shift.x, y: y + shift.y, ...card };
        expect(now.x >= 0 && now.x + now.width <= frame.width && now.y >= 0 && now.y + now.height <= frame.height).toBe(true);
        const isBeside = now.x + now.width <= cover.x || cover.x + cover.width <= now.x;
        expect(isBeside || now.y + now.height <= cover.y || cover.y + cover.height <= now.y).toBe(true);
        expect(shiftToSee(now, frame, [cover])).toEqual({ x: 0, y: 0 });
      }),
    );
  });
});
