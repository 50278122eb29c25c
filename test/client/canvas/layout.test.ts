import { describe, expect, it } from 'vitest';
import { layoutDocument, type PlacedNode } from '../../../client/src/canvas/layout.ts';
import { linePath } from '../../../client/src/canvas/line-path.ts';
import { TRIGGER } from '../../../client/src/canvas/paths.ts';
import { bigDocument, condition, documentOf, nodeTypes, readExample, step } from './support.ts';

const answer = (key: string) => ({ key, type: 'response', config: { status: 200 } });

function overlaps(nodes: readonly PlacedNode[]): string[] {
  const found: string[] = [];
  for (const [index, a] of nodes.entries()) {
    for (const b of nodes.slice(index + 1)) {
      if (a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height)
        found.push(`${a.key} ${b.key}`);
    }
  }
  return found;
}

describe('the layout', () => {
  it('puts the trigger at the top and branches side by side below their node', () => {
    const { nodes, labels, slots, ends } = layoutDocument(readExample('payment-callback'), nodeTypes);
    const [trigger, paid, accept, refuse] = nodes;
    expect(nodes.map(({ key }) => key)).toEqual([TRIGGER, 'paid', 'accept', 'refuse']);
    expect(paid?.x).toBe(trigger?.x);
    expect(accept?.y).toBe(refuse?.y);
    expect((accept?.x ?? 0) + (refuse?.x ?? 0)).toBe(2 * (paid?.x ?? 0));
    expect(labels.map(({ label }) => label.name)).toEqual(['true', 'false']);
    // Behind a response nothing can stand, and nothing merges.
    expect(slots).toHaveLength(3);
    expect(ends).toEqual([]);
  });

  it('offers a place in an empty branch and at the end of what goes on', () => {
    const { slots, ends } = layoutDocument(documentOf(condition('paid', { true: [answer('yes')] })), nodeTypes);
    expect(slots.filter(({ isEmpty }) => isEmpty)).toMatchObject([{ owner: 'paid', branch: 'false', index: 0 }]);
    expect(ends.find(({ isLast }) => isLast)).toMatchObject({ owner: null });
  });

  it('draws a way past the branches where only a failure takes one', () => {
    const call = {
      key: 'call',
      type: 'http-request',
      config: {},
      onFailure: 'branch' as const,
      branches: { failure: [step('tell')] },
    };
    const { lines, nodes } = layoutDocument(documentOf(call, step('next')), nodeTypes);
    expect(lines.filter(({ kind }) => kind === 'bypass')).toHaveLength(1);
    expect(nodes.find(({ key }) => key === 'next')?.x).toBe(nodes.find(({ key }) => key === 'call')?.x);
  });

  it('puts a frame around what a loop repeats', () => {
    const loop = { key: 'each', type: 'loop', config: { over: 3 }, branches: { body: [step('a'), step('b')] } };
    const { frames, nodes } = layoutDocument(documentOf(loop), nodeTypes);
    const [frame] = frames;
    expect(frame).toMatchObject({ owner: 'each', branch: 'body' });
    for (const key of ['a', 'b']) {
      const node = nodes.find((one) => one.key === key);
      expect(node && frame && node.x > frame.x && node.y > frame.y && node.y + node.height < frame.y + frame.height).toBe(true);
    }
  });

  it('lets nothing overlap in a large flow, and everything lie inside the bounds', () => {
    const { nodes, bounds } = layoutDocument(bigDocument(300), nodeTypes);
    expect(nodes.length).toBeGreaterThanOrEqual(300);
    expect(overlaps(nodes)).toEqual([]);
    for (const { x, y, width, height } of nodes) {
      expect(x).toBeGreaterThanOrEqual(bounds.x);
      expect(x + width).toBeLessThanOrEqual(bounds.x + bounds.width);
      expect(y + height).toBeLessThanOrEqual(bounds.height);
    }
  });

  it('rounds the corners of lines', () => {
    expect(
      linePath([
        { x: 0, y: 0 },
        { x: 0, y: 40 },
      ]),
    ).toBe('M0,0L0,40');
    expect(
      linePath([
        { x: 0, y: 0 },
        { x: 0, y: 40 },
        { x: 50, y: 40 },
      ]),
    ).toBe('M0,0L0,30Q0,40 10,40L50,40');
  });
});
