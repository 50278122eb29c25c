import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterEach, describe, expect, it } from 'vitest';
import type { ExpressionEngine, Scope } from '../../src/engine/plugin.ts';
import type { ExpressionEvaluator } from '../../src/engine/ports.ts';
import { createEvaluator } from '../../src/expressions/evaluator.ts';

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
afterEach(async () => {
  await evaluator?.close();
  evaluator = undefined;
});

function start(options: { timeoutMs?: number; maxWorkers?: number; memoryMb?: number } = {}) {
  const made = createEvaluator({ timeoutMs: 400, maxWorkers: 1, memoryMb: 96, ...options });
  evaluator = made;
  return (engine: ExpressionEngine, expression: string, signal?: AbortSignal) =>
    made.evaluate(engine, expression, scope, { hasSource: false, ...(signal === undefined ? {} : { signal }) });
}

describe('an expression that never ends', () => {
  it.each([
    ['jsonata', ENDLESS],
    ['mathjs', 'f(n) = n < 0 ? 0 : sum(map(1:1000, g(x) = f(n + 1))); map(1:1000000000, g(x) = x)'],
    ['jsonata', '[1..9999999].([1..9999999].$sum([1..9999999]))'],
  ] as const)('is stopped: %s %s', async (engine, expression) => {
    const run = start();
    const error = await run(engine, expression).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expect.stringMatching(/^expression_(timeout|failed)$/) });
    expect(await run('jsonata', '1 + 1')).toBe(2);
  });

  it('does not fail the expressions that wait behind it', async () => {
    const run = start({ maxWorkers: 1 });
    const endless = run('jsonata', ENDLESS).catch((reason: unknown) => reason);
    const others = Array.from({ length: 20 }, (_, index) => run('jsonata', `${index} * 2`));
    expect(await Promise.all(others)).toEqual(Array.from({ length: 20 }, (_, index) => index * 2));
    expect(await endless).toMatchObject({ code: 'expression_timeout' });
  });

  it('does not use up the time of those that wait', async () => {
    const run = start({ maxWorkers: 1, timeoutMs: 300 });
    const results = await Promise.allSettled([
      run('jsonata', ENDLESS),
      run('jsonata', ENDLESS),
      run('jsonata', ENDLESS),
      run('jsonata', '"fine"'),
    ]);
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason.code))).toEqual([
      'expression_timeout',
      'expression_timeout',
      'expression_timeout',
      'fine',
    ]);
  });

  it('leaves the other processes alone', async () => {
    const run = start({ maxWorkers: 2 });
    const endless = run('jsonata', ENDLESS).catch((reason: unknown) => reason);
    for (let index = 0; index < 50; index++) expect(await run('jsonata', `${index}`)).toBe(index);
    expect(await endless).toMatchObject({ code: 'expression_timeout' });
  });
});

describe('an expression that needs too much memory', () => {
  it.each([
    ['jsonata', '($f := function($l, $n) { $n = 0 ? $l : $f([$l, $l], $n - 1) }; $count($f([1..1000], 40)))'],
    ['jsonata', '$join([1..9000000].$string($))'],
    ['mathjs', 'zeros(30000, 30000)'],
    ['formula', 'LEN(REPT("x", 100000000) & REPT("y", 400000000))'],
  ] as const)('fails alone: %s %s', async (engine, expression) => {
    const run = start({ memoryMb: 64, timeoutMs: 5000 });
    const [outcome] = await Promise.allSettled([run(engine, expression)]);
    if (outcome?.status === 'rejected') expect(outcome.reason.code).toMatch(/^expression_(failed|timeout)$/);
    expect(await run('jsonata', '1')).toBe(1);
  });
});

describe('aborting', () => {
  it('ends a running expression with the reason of the signal', async () => {
    const run = start({ timeoutMs: 60_000 });
    await run('jsonata', '1');
    const controller = new AbortController();
    const endless = run('jsonata', ENDLESS, controller.signal).catch((reason: unknown) => reason);
    const reason = new Error('cancelled');
    controller.abort(reason);
    expect(await endless).toBe(reason);
    expect(await run('jsonata', '2')).toBe(2);
  });

  it('takes a waiting expression out of the line', async () => {
    const run = start({ timeoutMs: 300 });
    const endless = run('jsonata', ENDLESS).catch((reason: unknown) => reason);
    const controller = new AbortController();
    const waiting = run('jsonata', '1', controller.signal).catch((reason: unknown) => reason);
    controller.abort('gone');
    expect(await waiting).toBe('gone');
    expect(await endless).toMatchObject({ code: 'expression_timeout' });
  });

  it('refuses at once when the signal is aborted already', async () => {
    const run = start();
    await expect(run('jsonata', '1', AbortSignal.abort('over'))).rejects.toBe('over');
  });
});

describe('closing', () => {
  it('refuses what runs, what waits and what comes', async () => {
    const run = start({ timeoutMs: 60_000 });
    await run('jsonata', '1');
    const running = run('jsonata', ENDLESS).catch((reason: unknown) => reason);
    const waiting = run('jsonata', '1').catch((reason: unknown) => reason);
    await evaluator?.close();
    expect(await running).toMatchObject({ code: 'shutting_down' });
    expect(await waiting).toMatchObject({ code: 'shutting_down' });
    await expect(run('jsonata', '1')).rejects.toMatchObject({ code: 'shutting_down' });
  });

  it('is quick when no expression has ever run', async () => {
    start();
    await evaluator?.close();
  });
});

describe('a server that is killed', () => {
  it('leaves no endless expression behind', async () => {
    const script = `
      import { createPool } from './src/expressions/pool.ts';
      const pool = createPool({ timeoutMs: 600000, maxWorkers: 1, memoryMb: 64 });
      const task = { kind: 'evaluate', engine: 'jsonata', names: [], values: [], variables: {}, input: null };
      await pool.run({ ...task, expression: '1' });
      pool.run({ ...task, expression: ${JSON.stringify(ENDLESS)} });
      const { execFileSync } = await import('node:child_process');
      console.log(execFileSync('ps', ['-o', 'pid=', '--ppid', String(process.pid)], { encoding: 'utf8' }).trim().split('\\n')[0]);
    `;
    const server = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(createInterface(server.stdout), 'line');
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    server.kill('SIGKILL');
    await expect.poll(() => isAlive(pid)).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // No such process: that is the answer.
    return false;
  }
}
