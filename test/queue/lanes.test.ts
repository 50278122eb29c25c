// The lanes of the embedded queue, without a queue.

import { describe, expect, it } from 'vitest';
import type { Lane } from '../../src/engine/model.ts';
import type { ClaimedExecution } from '../../src/engine/ports.ts';
import { Lanes } from '../../src/queue/lanes.ts';
import { makeExecution } from '../engine/running.ts';

const claimed = (id: string, lane: Lane): ClaimedExecution => ({ execution: makeExecution({ id, lane }), signals: [] });

function fill(lanes: Lanes, lane: Lane, ...ids: string[]): void {
  for (const id of ids) lanes.add(lane, claimed(id, lane));
}

const takeAll = (lanes: Lanes): (string | undefined)[] => {
  const ids: (string | undefined)[] = [];
  while (lanes.peek()) ids.push(lanes.take()?.execution.id);
  return ids;
};

describe('lanes', () => {
  const a: Lane = { name: 'a', limit: 1 };
  const b: Lane = { name: 'b', limit: 2 };

  it('take turns, each within its limit and in order of id', () => {
    const lanes = new Lanes({ window: 100, concurrency: 10 });
    fill(lanes, a, '3', '1', '2');
    fill(lanes, b, '6', '4', '5');
    expect(takeAll(lanes)).toEqual(['1', '4', '5']);
    expect([lanes.waiting, lanes.blocked]).toEqual([3, 3]);
    lanes.end('a');
    lanes.end('b');
    expect(takeAll(lanes)).toEqual(['2', '6']);
  });

  it('follow a limit that is lowered or raised', () => {
    const lanes = new Lanes({ window: 100, concurrency: 10 });
    fill(lanes, b, '1', '2', '3');
    expect(lanes.take()?.execution.id).toBe('1');
    fill(lanes, { name: 'b', limit: 1 }, '4');
    expect(takeAll(lanes)).toEqual([]);
    fill(lanes, { name: 'b', limit: 3 }, '5');
    expect(takeAll(lanes)).toEqual(['2', '3']);
  });

  it('are read again when they are behind and little is left, until all is in memory', () => {
    const lanes = new Lanes({ window: 4, concurrency: 10 });
    fill(lanes, a, '1', '2', '3', '4');
    expect(lanes.hasRoom(a)).toBe(false);
    lanes.leaveBehind(a);
    expect([lanes.isBehind('a'), lanes.behind(), lanes.thirsty()]).toEqual([true, ['a'], []]);
    lanes.take();
    lanes.end('a');
    lanes.take();
    expect(lanes.thirsty()).toEqual(['a']);
    const refill = lanes.refill('a');
    // Room for four, two that wait, and one that runs.
    expect(refill?.limit).toBe(7);
    lanes.leaveBehind(a);
    refill?.end(true);
    expect(lanes.isBehind('a')).toBe(true);
    lanes.refill('a')?.end(true);
    expect([lanes.isBehind('a'), lanes.behind(), lanes.thirsty()]).toEqual([false, [], []]);
    expect(lanes.refill('a')).toBeUndefined();
  });

  it('begin anew when nothing of them was left', () => {
    const lanes = new Lanes({ window: 4, concurrency: 10 });
    fill(lanes, a, '1');
    takeAll(lanes);
    lanes.end('a');
    fill(lanes, a, '2', '3');
    expect(takeAll(lanes)).toEqual(['2']);
  });
});
