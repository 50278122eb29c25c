// Measures what a job costs as loops grow, and what it costs to go on behind a loop. Usage: loops.ts <LoopParameters as JSON>.

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { makeSubject, parameters, quantile, round, until } from './hookline.ts';

export interface LoopParameters {
  readonly url: string;
  /** Rounds of the loops with a variable node inside. */
  readonly sizes: readonly number[];
  /** Rounds of the loops with an HTTP request inside. */
  readonly effectSizes: readonly number[];
  /** How long each of the two may measure, in milliseconds. */
  readonly limitMs: number;
}

export interface LoopCost {
  readonly size: number;
  /** Of one round, without what an execution costs whose loop has no round, in microseconds. */
  readonly perJobMicros: number;
  /** Processor time of this process alone, in microseconds; also right on a machine that is busy with something else. */
  readonly perJobCpuMicros: number;
}

export interface ResumeCost {
  /** What the loop before the wait was made of. */
  readonly behind: string;
  /** To read the execution from storage, in milliseconds. */
  readonly loadMs: number;
  /** From the call that resumes it to the node behind the wait, in milliseconds. */
  readonly goOnMs: number;
}

export interface LoopCosts {
  readonly variable: LoopCost[];
  readonly effect: LoopCost[];
  readonly resume: ResumeCost[];
}

/** Rounds that one size makes in one turn, and most repeats for that. */
const ROUNDS_A_TURN = 10_000;
const EFFECT_ROUNDS_A_TURN = 500;
const MAX_REPEATS = 100;
const MIN_TURNS = 3;
const RESUMES = 5;
/** The quick ones of many measurements: what else the machine does only ever makes them slower, the long ones most of all. */
const UNDISTURBED = 0.1;

const { url, sizes, effectSizes, limitMs } = parameters<LoopParameters>();

const server = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"ok":true}'));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const target = `127.0.0.1:${(server.address() as AddressInfo).port}`;

// The disk's own time is not what grows, and it would hide what does.
const subject = makeSubject({ databaseUrl: url, durability: 'normal', outboundAllow: [target] });
await subject.hookline.start();

const variable = { key: 'inner', type: 'variable', config: { value: '{{$scopes.each.item}}' } };
const effect = {
  key: 'inner',
  type: 'http-request',
  config: { method: 'POST', url: `http://${target}/`, body: { type: 'json', value: { item: '{{$scopes.each.item}}' } } },
};
const loop = (inner: object): object => ({
  key: 'each',
  type: 'loop',
  config: { over: '{{$context.body.items}}' },
  branches: { body: [inner] },
});
const itemsOf = (size: number): number[] => Array.from({ length: size }, (_, index) => index);

interface Time {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Sync, so that the answer is the end: from the acceptance to the commit. In turns, so that a busy moment harms all sizes alike. */
async function measure(inner: object, wanted: readonly number[], roundsATurn: number): Promise<LoopCost[]> {
  const hookKey = await subject.workflow([loop(inner)], 'sync');
  const runOne = async (size: number): Promise<Time> => {
    const body = { items: itemsOf(size) };
    const usedBefore = process.cpuUsage();
    const startedAt = performance.now();
    const { status, error } = await subject.accept(hookKey, body);
    if (status !== 'succeeded') throw new Error(`A loop of ${size} ended as ${status}: ${error?.message ?? ''}`);
    const wallMs = performance.now() - startedAt;
    const { user, system } = process.cpuUsage(usedBefore);
    return { wallMs, cpuMs: (user + system) / 1_000 };
  };
  const times = new Map<number, Time[]>([0, ...wanted].map((size) => [size, []]));
  const warm = wanted.at(-2) ?? 0;
  for (let index = 0; index < 3; index += 1) await runOne(warm);
  const until = performance.now() + limitMs;
  for (let turn = 0; turn < MIN_TURNS || performance.now() < until; turn += 1) {
    for (const [size, known] of times) {
      const repeats = Math.max(1, Math.min(MAX_REPEATS, Math.floor(roundsATurn / Math.max(size, 1))));
      for (let repeat = 0; repeat < repeats; repeat += 1) known.push(await runOne(size));
    }
  }
  const typical = (size: number): Time => {
    const known = times.get(size) ?? [];
    const of = (pick: (time: Time) => number): number => quantile(known.map(pick), UNDISTURBED);
    // Collections of garbage come now and then, and small loops pay their share of them too.
    const cpuMs = known.reduce((sum, time) => sum + time.cpuMs, 0) / known.length;
    return { wallMs: of(({ wallMs }) => wallMs), cpuMs };
  };
  const empty = typical(0);
  return wanted.map((size) => {
    const { wallMs, cpuMs } = typical(size);
    const perJob = (ms: number): number => round((ms * 1_000) / size, 2);
    return { size, perJobMicros: perJob(wallMs - empty.wallMs), perJobCpuMicros: perJob(cpuMs - empty.cpuMs) };
  });
}

async function measureResume(inner: object, size: number, behind: string): Promise<ResumeCost> {
  const { engine, executions } = subject.hookline;
  const hookKey = await subject.workflow([loop(inner), { key: 'wait', type: 'wait' }, { key: 'mark', type: 'bench-mark' }]);
  const loads: number[] = [];
  const goings: number[] = [];
  for (let index = 0; index < RESUMES; index += 1) {
    const { id } = await subject.accept(hookKey, { items: itemsOf(size) });
    await subject.untilStored('waiting', 1);
    let startedAt = performance.now();
    const stored = await executions.get(id);
    loads.push(performance.now() - startedAt);
    if (stored?.jobs.length !== size + 2) throw new Error(`${stored?.jobs.length} jobs are stored behind a loop of ${size}`);
    let goneOnAt = 0;
    subject.onMark = () => {
      goneOnAt = performance.now();
    };
    startedAt = performance.now();
    await engine.resume({ executionId: id, jobPath: 'wait' }, {});
    await until(() => goneOnAt > 0, 'a resumed execution to go on');
    goings.push(goneOnAt - startedAt);
    await until(async () => (await executions.countByStatus()).waiting === 0, 'the end of a resumed execution');
  }
  return { behind, loadMs: round(quantile(loads, 0.5), 1), goOnMs: round(quantile(goings, 0.5), 1) };
}

const largest = Math.max(...sizes);
const largestEffect = Math.max(...effectSizes);
const costs: LoopCosts = {
  variable: await measure(variable, sizes, ROUNDS_A_TURN),
  effect: await measure(effect, effectSizes, EFFECT_ROUNDS_A_TURN),
  resume: [
    await measureResume(variable, 10, '10 variables'),
    await measureResume(variable, largest, `${largest} variables`),
    await measureResume(effect, largestEffect, `${largestEffect} requests`),
  ],
};
await subject.hookline.stop();
server.closeAllConnections();
server.close();
console.log(JSON.stringify(costs));
