// Measures how many executions a second go through the queue of one process. Usage: queue.ts <QueueParameters as JSON>.

import { keepBusy, makeSubject, parameters, round, type Subject, until } from './hookline.ts';

export interface QueueParameters {
  readonly url: string;
  readonly isPostgres: boolean;
  /** Executions of each part. */
  readonly count: number;
}

export interface QueueRates {
  /** Accepted a second while nothing is executed. */
  readonly acceptOnly: number;
  /** Accepted and executed a second, both at once, until the last one has ended. */
  readonly through: number;
  /** Executed a second while nothing is accepted. */
  readonly workedOff: number;
}

const CALLERS = 64;
const WARM_UP = 1_000;
const { url, isPostgres, count } = parameters<QueueParameters>();
const options = { databaseUrl: url, durability: 'full' } as const;

const FLOW = [
  {
    key: 'paid',
    type: 'condition',
    config: { engine: 'basic', test: { all: [{ left: '{{$context.body.payment.status}}', operator: 'equal', right: 'paid' }] } },
    branches: {
      true: [{ key: 'ok', type: 'variable', config: { value: '{{$context.body.payment.id}}' } }],
      false: [{ key: 'no', type: 'variable', config: { value: 'not paid' } }],
    },
  },
  { key: 'mark', type: 'bench-mark' },
];

/** About 1 KB. */
const body = (index: number): object => ({
  payment: { id: `pay_${index}`, status: index % 2 === 0 ? 'paid' : 'failed', amount: { value: '49.95', currency: 'EUR' } },
  customer: { name: 'A. Jansen', email: 'a.jansen@example.org', locale: 'nl_NL' },
  note: 'x'.repeat(750),
});

const perSecond = (startedAt: number, executions = count): number =>
  round((executions * 1_000) / (performance.now() - startedAt), 0);

async function accept(subject: Subject, hookKey: string, executions: number): Promise<void> {
  await keepBusy(CALLERS, executions, (index) => subject.accept(hookKey, body(index)));
}

/** Nodes tell when they run; what counts is that the ends are stored. */
async function untilDone(subject: Subject, marks: number, stored: number): Promise<void> {
  await until(() => subject.marks() >= marks, `${marks} executions to run`);
  await subject.untilStored('succeeded', stored);
}

const first = makeSubject(options);
await first.hookline.start();
const hookKey = await first.workflow(FLOW);
const gateKey = await first.workflow([{ key: 'gate', type: 'bench-gate' }]);
await accept(first, hookKey, WARM_UP);
await untilDone(first, WARM_UP, WARM_UP);
let startedAt = performance.now();
await accept(first, hookKey, count);
await untilDone(first, WARM_UP + count, WARM_UP + count);
const through = perSecond(startedAt);
await first.hookline.stop();

// Nothing is executed: on PostgreSQL a web process leaves that to others, on SQLite one execution holds the only place.
const web = makeSubject({ ...options, ...(isPostgres ? { role: 'web' } : { concurrency: 1 }) });
await web.hookline.start();
if (!isPostgres) await web.accept(gateKey, {});
startedAt = performance.now();
await accept(web, hookKey, count);
const acceptOnly = perSecond(startedAt);
await web.hookline.stop();

const worker = makeSubject(options);
worker.openGate();
startedAt = 0;
worker.onMark = () => {
  if (startedAt === 0) startedAt = performance.now();
};
await worker.hookline.start();
await untilDone(worker, count, WARM_UP + 2 * count + (isPostgres ? 0 : 1));
const workedOff = perSecond(startedAt);
await worker.hookline.stop();

const rates: QueueRates = { acceptOnly, through, workedOff };
console.log(JSON.stringify(rates));
