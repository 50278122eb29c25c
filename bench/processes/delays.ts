// Measures how late executions go on behind a delay. Usage: delays.ts <DelayParameters as JSON>.

import { keepBusy, makeSubject, parameters, quantile, round, until } from './hookline.ts';

export interface DelayParameters {
  readonly url: string;
  readonly count: number;
  /** Over how long the ends of the delays are spread, in milliseconds. */
  readonly spreadMs: number;
}

/** From the end of the delay to the node behind it, in milliseconds. */
export interface Lateness {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** From the first execution to the end of the first delay, in milliseconds: all of them wait by then. */
const LEAD_MS = 4_000;

const { url, count, spreadMs } = parameters<DelayParameters>();
const subject = makeSubject({ databaseUrl: url, durability: 'full' });
await subject.hookline.start();
const hookKey = await subject.workflow([
  { key: 'delay', type: 'delay', config: { until: '{{$context.body.at}}' } },
  { key: 'mark', type: 'bench-mark', config: { value: '{{$context.body.at}}' } },
]);

/** @returns how late each one was, in milliseconds */
async function measure(executions: number): Promise<number[]> {
  const late: number[] = [];
  subject.onMark = (at) => late.push(Date.now() - Number(at));
  const first = Date.now() + LEAD_MS;
  await keepBusy(64, executions, (index) => subject.accept(hookKey, { at: Math.round(first + (index * spreadMs) / executions) }));
  await subject.untilStored('waiting', executions);
  if (Date.now() > first) throw new Error('The first delay was over before all executions waited');
  await until(() => late.length >= executions, 'the ends of the delays');
  return late;
}

// A few first, for the compilers.
await measure(Math.ceil(count / 5));
const late = await measure(count);
await subject.untilStored('succeeded', Math.ceil(count / 5) + count);
await subject.hookline.stop();
const lateness: Lateness = {
  p50Ms: round(quantile(late, 0.5), 1),
  p99Ms: round(quantile(late, 0.99), 1),
  maxMs: round(Math.max(...late), 1),
};
console.log(JSON.stringify(lateness));
