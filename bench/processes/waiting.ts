// Fills a database with executions that wait, or starts on one. Usage: waiting.ts <WaitingParameters as JSON>.

import { keepBusy, makeSubject, memory, parameters, round } from './hookline.ts';

export interface WaitingParameters {
  readonly url: string;
  /** `fill`: accepts executions until so many wait. `start`: starts on the database as it is. */
  readonly step: 'fill' | 'start';
  /** Of the workflow that an earlier step has made. */
  readonly hookKey?: string | undefined;
  /** How many wait already. */
  readonly waiting: number;
  /** How many are to wait. */
  readonly count: number;
}

export interface WaitingMemory {
  readonly hookKey: string;
  /** To the end of `start`, in milliseconds. */
  readonly startMs: number;
  /** Resident memory and JavaScript heap after a collection. */
  readonly rssMb: number;
  readonly heapMb: number;
  /** Executions a second that were accepted and came to their wait; 0 for a start. */
  readonly perSecond: number;
}

/** What a start has left to do by itself is over by then, in milliseconds. */
const SETTLE_MS = 2_000;

const { url, step, hookKey: known, waiting, count } = parameters<WaitingParameters>();
const subject = makeSubject({ databaseUrl: url, durability: 'normal' });
const createdAt = performance.now();
await subject.hookline.start();
const startMs = round(performance.now() - createdAt, 0);

/** Half of them sleep for weeks, half wait for somebody to call. */
const hookKey =
  known ??
  (await subject.workflow([
    {
      key: 'which',
      type: 'condition',
      config: { engine: 'basic', test: { all: [{ left: '{{$context.body.sleeps}}', operator: 'equal', right: true }] } },
      branches: {
        true: [{ key: 'sleep', type: 'delay', config: { duration: 3, unit: 'weeks' } }],
        false: [{ key: 'callback', type: 'wait', config: { timeout: 8, unit: 'weeks' } }],
      },
    },
    { key: 'mark', type: 'bench-mark' },
  ]));

const startedAt = performance.now();
if (step === 'fill') {
  await keepBusy(64, count - waiting, (index) =>
    subject.accept(hookKey, { sleeps: index % 2 === 0, order: { id: `order_${index}`, note: 'x'.repeat(400) } }),
  );
  await subject.untilStored('waiting', count);
}
const perSecond = step === 'fill' ? round(((count - waiting) * 1_000) / (performance.now() - startedAt), 0) : 0;
await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
const result: WaitingMemory = { hookKey, startMs, ...memory(), perSecond };
await subject.hookline.stop();
if (subject.marks() > 0) throw new Error(`${subject.marks()} executions did not wait`);
console.log(JSON.stringify(result));
