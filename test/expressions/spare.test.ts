// A time-out costs the process of one evaluation and nothing of its neighbours: a spare process has their languages loaded.

import { afterEach, describe, expect, it } from 'vitest';
import type { Scope } from '../../src/engine/plugin.ts';
import type { ExpressionEvaluator } from '../../src/engine/ports.ts';
import { createEvaluator } from '../../src/expressions/evaluator.ts';
import type { PoolEvent } from '../../src/expressions/pool.ts';

const scope: Scope = {
  $context: {},
  $request: null,
  $nodes: {},
  $scopes: {},
  $system: { now: '' },
  $execution: {},
  $resume: {},
  $secrets: {},
};
const ENDLESS = '($f := function($n) { $f($n + 1) }; $f(0))';

let evaluator: ExpressionEvaluator | undefined;
let events: PoolEvent[] = [];
afterEach(async () => {
  await evaluator?.close();
  evaluator = undefined;
});

function start(maxWorkers: number): (expression: string) => Promise<unknown> {
  events = [];
  const made = createEvaluator({ timeoutMs: 1000, maxWorkers, memoryMb: 96, onEvent: (event) => void events.push(event) });
  evaluator = made;
  return (expression) =>
    made.evaluate('jsonata', expression, scope, { hasSource: false }).catch((error: { code: string }) => error.code);
}

const count = (kind: 'worker' | 'spare'): number => events.filter((event) => 'started' in event && event.started === kind).length;
const loads = (): number => events.filter((event) => 'loaded' in event).length;

describe('the spare process', () => {
  it('is not started for evaluations that are quick', async () => {
    const run = start(1);
    for (let index = 0; index < 20; index++) expect(await run(`${index}`)).toBe(index);
    expect(events).toEqual([{ started: 'worker' }, { loaded: 'jsonata' }]);
  });

  it('takes the place of a process that was killed, and is replaced itself', async () => {
    const run = start(1);
    const outcomes = await Promise.all([run(ENDLESS), run(ENDLESS), run('"fine"')]);
    expect(outcomes).toEqual(['expression_timeout', 'expression_timeout', 'fine']);
    // Never more than one beside those that work: one was taken for each time-out, and one stands ready.
    expect([count('worker'), count('spare')]).toEqual([1, 3]);
    expect(loads()).toBeLessThanOrEqual(4);
  }, 60_000);

  it('loads a language ahead of the tasks, which load nothing', async () => {
    const run = start(2);
    expect(await run('1')).toBe(1);
    const endless = run(ENDLESS);
    for (let index = 0; index < 20; index++) expect(await run(`${index}`)).toBe(index);
    expect(await endless).toBe('expression_timeout');
    await expect.poll(loads, { timeout: 60_000 }).toBe(3);
    // Both processes are warm by now.
    expect(await Promise.all([run('1'), run('2'), run('3')])).toEqual([1, 2, 3]);
    expect(count('worker')).toBe(2);
    expect(loads()).toBeLessThanOrEqual(4);
  }, 120_000);
});
