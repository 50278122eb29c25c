// The contract of the storage port for executions that wait, are resumed, claimed and run again: every storage has to pass it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ExecutionWithJobs, Job, Signal } from '../../src/engine/model.ts';
import type { ExecutionUpdate, ExecutionWrite } from '../../src/engine/ports.ts';
import type { OpenStorage } from '../../src/storage/storage.ts';
import { type ContractStorage, executionId, makeExecution, makeJob, makeUpdate, makeWorkflow, START } from './contract.ts';

const ID = executionId(1);
const OTHER = executionId(2);
const WAITING = { status: 'waiting', finishedAt: null } as const;
const RUNNING = { status: 'running', finishedAt: null } as const;

const waitingJob = (path: string, change: Partial<Job> = {}): Job =>
  makeJob(path, { status: 'waiting', output: undefined, wait: { until: null, kind: 'node' }, finishedAt: null, ...change });

/** Runs the contract over a storage that `open` makes anew, and empty, for each test. */
export function durableContract(name: string, open: () => Promise<ContractStorage>): void {
  describe(`${name} keeps the storage contract of durable executions:`, () => {
    let opened: ContractStorage;
    let storage: OpenStorage;

    beforeEach(async () => {
      opened = await open();
      storage = opened.storage;
    });
    afterEach(() => opened.cleanUp());

    const commit = (...unit: [ExecutionWrite, ...ExecutionWrite[]]) => storage.executions.commit(...unit);
    const add = async (...changes: (Partial<ExecutionWithJobs> & { id: string })[]) => {
      await Promise.all(changes.map((change) => commit({ insert: makeExecution(change.id, change) })));
    };
    const update = (id: string, change: Partial<ExecutionUpdate>) => commit({ update: makeUpdate(id, change) });
    const signal = (executionId: string, jobPath: string, value: Omit<Signal, 'jobPath'> = {}) =>
      commit({ signal: { executionId, jobPath, ...value } });
    /** Makes an execution that this process runs. */
    const addRunning = async (id: string, change: Partial<ExecutionWithJobs> = {}) => {
      await add({ ...change, id, status: 'queued' });
      expect(await storage.executions.claim(id, START + 1)).toBeDefined();
    };
    const stateOf = async (id: string) => {
      const stored = await storage.executions.get(id);
      return stored && { status: stored.status, wakeAt: stored.wakeAt };
    };
    const paths = async (id: string) => (await storage.executions.signals(id)).map(({ jobPath }) => jobPath);
    const outcomes = async (promises: Promise<void>[]) =>
      (await Promise.allSettled(promises)).map((result) => (result.status === 'fulfilled' ? 'stored' : result.reason.code));

    describe('records', () => {
      test('parent, depth, lane, output and the time to wake come back', async () => {
        const execution = makeExecution(ID, {
          status: 'waiting',
          source: 'subflow',
          parent: { executionId: OTHER, jobPath: 'each[3]/call', isAwaited: true },
          depth: 3,
          lane: { name: 'w1:abc', limit: 2 },
          wakeAt: START + 9,
          startedAt: START + 1,
          jobs: [waitingJob('a', { wait: { until: START + 9, kind: 'retry', due: { error: { code: 'x', message: 'y' } } } })],
        });
        await commit({ insert: execution });
        expect(await storage.executions.get(ID)).toEqual(execution);
        await add({ id: OTHER, status: 'succeeded', output: { deep: [null, '\0', 1] } });
        expect((await storage.executions.get(OTHER))?.output).toEqual({ deep: [null, '\0', 1] });
        expect((await storage.executions.list({ limit: 9, statuses: ['waiting'] })).items).toMatchObject([
          { id: ID, source: 'subflow', wakeAt: START + 9 },
        ]);
      });

      test('an update keeps the lane, the parent and the depth, and a final one keeps the output', async () => {
        const origin = { lane: { name: 'l', limit: 1 }, depth: 1, parent: { executionId: 'p', jobPath: 'c', isAwaited: false } };
        await addRunning(ID, origin);
        await update(ID, { ...WAITING, startedAt: START + 1, wakeAt: START + 5, jobs: [waitingJob('a')] });
        expect(await storage.executions.get(ID)).toMatchObject({ ...origin, status: 'waiting', wakeAt: START + 5 });
        expect(await storage.executions.claim(ID, START + 6)).toBeDefined();
        await update(ID, { output: [1, 'two'], jobs: [makeJob('a')], sequence: 1 });
        expect(await storage.executions.get(ID)).toMatchObject({
          ...origin,
          status: 'succeeded',
          output: [1, 'two'],
          wakeAt: null,
        });
      });

      test('a time to wake is kept only while it waits', async () => {
        await addRunning(ID);
        await update(ID, { ...WAITING, status: 'queued', wakeAt: START + 5 });
        expect(await stateOf(ID)).toEqual({ status: 'queued', wakeAt: null });
        await addRunning(OTHER);
        await update(OTHER, { status: 'canceled', wakeAt: START + 5, isForced: true });
        expect(await stateOf(OTHER)).toEqual({ status: 'canceled', wakeAt: null });
        expect(await storage.executions.nextWakeAt()).toBeNull();
      });

      test('a list gives sources and failures whatever texts the rest of the record has', async () => {
        const error = { code: 'node_failed', message: 'back\\slash \\u0000 \0 / \\/ "quoted" \\' };
        const odd = { texts: ['\0', '\uD800', '\\u0000', '\\\\u0000', '\\', '\\/', '/'] };
        await add(
          {
            id: ID,
            status: 'error',
            source: 'trigger',
            request: null,
            context: odd,
            error,
            jobs: [makeJob('a', { output: odd })],
          },
          { id: OTHER, status: 'error', source: 'failure', request: null, context: odd, replayOf: ID },
        );
        expect((await storage.executions.list({ limit: 9 })).items).toMatchObject([
          { id: OTHER, source: 'failure', error: null, replayOf: ID },
          { id: ID, source: 'trigger', error, replayOf: null },
        ]);
        expect((await storage.executions.get(ID))?.context).toEqual(odd);
      });
    });

    describe('units', () => {
      test('the writes of one unit are stored together, in their order', async () => {
        await addRunning(ID);
        await commit(
          { insert: makeExecution(OTHER) },
          { update: makeUpdate(ID, { ...WAITING, jobs: [waitingJob('call')] }) },
          { signal: { executionId: ID, jobPath: 'call', output: 5 } },
          { insert: makeExecution(executionId(3), { status: 'succeeded' }) },
        );
        expect(await stateOf(ID)).toEqual({ status: 'queued', wakeAt: null });
        expect(await storage.executions.signals(ID)).toEqual([{ jobPath: 'call', output: 5 }]);
        expect(await stateOf(OTHER)).toMatchObject({ status: 'queued' });
        expect(await stateOf(executionId(3))).toMatchObject({ status: 'succeeded' });
      });

      test('two writes of one execution in one unit are stored one after the other', async () => {
        await commit(
          { insert: makeExecution(ID, { status: 'queued' }) },
          { update: makeUpdate(ID, { status: 'canceled', isForced: true, jobs: [makeJob('a')] }) },
        );
        const stored = await storage.executions.get(ID);
        expect(stored).toMatchObject({ status: 'canceled', workflowId: 'w1', jobs: [{ path: 'a' }] });
      });

      test.each<[string, string, (ended: string) => [ExecutionWrite, ...ExecutionWrite[]]]>([
        ['update', 'ownership_lost', (ended) => [{ insert: makeExecution(OTHER) }, { update: makeUpdate(ended) }]],
        [
          'signal',
          'execution_ended',
          (ended) => [{ insert: makeExecution(OTHER) }, { signal: { executionId: ended, jobPath: 'a' } }],
        ],
      ])('nothing of a unit is stored when its %s is refused, and the other units are', async (_, code, unit) => {
        await addRunning(ID, { jobs: [] });
        await update(ID, { status: 'failed' });
        const others = [10, 11, 12].map((n) => ({ insert: makeExecution(executionId(n)) }));
        const [first, ...rest] = others.map((one) => () => commit(one));
        const results = await outcomes([...(first ? [first()] : []), commit(...unit(ID)), ...rest.map((run) => run())]);
        expect(results).toEqual(['stored', code, 'stored', 'stored']);
        expect(await storage.executions.get(OTHER)).toBeUndefined();
        expect(await opened.countRows('executions')).toBe(4);
        expect(await opened.countRows('signals')).toBe(0);
      });

      test('a refused unit between others of its kind leaves them stored', async () => {
        await Promise.all([1, 2, 3].map((n) => addRunning(executionId(n))));
        await update(executionId(2), { status: 'canceled', isForced: true });
        const ends = [1, 2, 3].map((n) => update(executionId(n), { ...RUNNING, jobs: [makeJob('a')], sequence: 1 }));
        expect(await outcomes(ends)).toEqual(['stored', 'ownership_lost', 'stored']);
        expect(await opened.countRows('execution_jobs')).toBe(2);
        const signals = [1, 2, 3].map((n) => signal(executionId(n), 'a'));
        expect(await outcomes(signals)).toEqual(['stored', 'execution_ended', 'stored']);
      });

      test('hundreds of units with several writes at once are all stored', async () => {
        const numbers = Array.from({ length: 150 }, (_, n) => n);
        await Promise.all(numbers.map((n) => addRunning(executionId(n))));
        await Promise.all(
          numbers.map((n) =>
            commit(
              { update: makeUpdate(executionId(n), { ...WAITING, jobs: [waitingJob('call')] }) },
              { insert: makeExecution(executionId(1000 + n)) },
            ),
          ),
        );
        expect(await opened.countRows('executions')).toBe(300);
        expect(await storage.executions.countByStatus()).toMatchObject({ waiting: 150, queued: 150, running: 0 });
      });
    });

    describe('ends', () => {
      test('what is final stays as it is, whoever writes', async () => {
        await addRunning(ID);
        await update(ID, { status: 'canceled', isForced: true, jobs: [makeJob('a')] });
        const before = await storage.executions.get(ID);
        const late = [
          update(ID, { jobs: [makeJob('b')], sequence: 2 }),
          update(ID, { ...RUNNING, jobs: [makeJob('b')], sequence: 2 }),
          update(ID, { ...WAITING, wakeAt: 5, jobs: [waitingJob('b')], sequence: 2 }),
          update(ID, { status: 'canceled', isForced: true }),
        ];
        expect(await outcomes(late)).toEqual(late.map(() => 'ownership_lost'));
        expect(await storage.executions.get(ID)).toEqual(before);
        expect(await opened.countRows('execution_jobs')).toBe(0);
      });

      test('of two ends at the same moment the first one is stored', async () => {
        await addRunning(ID);
        const ends = [update(ID, { status: 'succeeded' }), update(ID, { status: 'canceled', isForced: true })];
        expect(await outcomes(ends)).toEqual(['stored', 'ownership_lost']);
        expect(await stateOf(ID)).toMatchObject({ status: 'succeeded' });
      });

      test('an update of a deleted execution leaves no job and no signal behind', async () => {
        const unit = makeUpdate(ID, { ...WAITING, jobs: [waitingJob('a')], takenSignals: ['b'] });
        expect(await outcomes([commit({ update: unit }), signal(ID, 'a')])).toEqual(['ownership_lost', 'execution_ended']);
        for (const table of ['executions', 'execution_jobs', 'signals']) expect(await opened.countRows(table)).toBe(0);
      });

      test('a forced update ends what is queued, runs or waits', async () => {
        await addRunning(ID);
        await add({ id: OTHER }, { id: executionId(3), status: 'waiting', wakeAt: START + 9 });
        for (const id of [ID, OTHER, executionId(3)]) {
          await update(id, { status: 'canceled', isForced: true });
          expect(await stateOf(id)).toEqual({ status: 'canceled', wakeAt: null });
        }
      });
    });

    describe('signals', () => {
      test('a signal is kept with its value, and wakes an execution that waits', async () => {
        await add({ id: ID, status: 'waiting', wakeAt: START + 9, jobs: [waitingJob('a'), waitingJob('b')] });
        await signal(ID, 'each[3]/a', { output: { odd: '\0 \uD800', list: [1, null] } });
        expect(await stateOf(ID)).toEqual({ status: 'queued', wakeAt: null });
        const error = { code: 'subflow_failed', message: 'It failed.', details: { id: 'x' } };
        await signal(ID, 'b', { error });
        await signal(ID, 'c');
        const stored = await storage.executions.signals(ID);
        expect(stored.find(({ jobPath }) => jobPath === 'each[3]/a')?.output).toEqual({ odd: '\0 \uD800', list: [1, null] });
        expect(stored.find(({ jobPath }) => jobPath === 'b')).toEqual({ jobPath: 'b', error });
        expect(stored.find(({ jobPath }) => jobPath === 'c')).toEqual({ jobPath: 'c' });
        expect(await storage.executions.signals(OTHER)).toEqual([]);
        expect(await storage.executions.signals('none')).toEqual([]);
      });

      test('a signal for an execution that runs or is queued leaves its status alone', async () => {
        await addRunning(ID);
        await add({ id: OTHER });
        await signal(ID, 'a');
        await signal(OTHER, 'a');
        expect(await stateOf(ID)).toMatchObject({ status: 'running' });
        expect(await stateOf(OTHER)).toMatchObject({ status: 'queued' });
      });

      test('a second signal for the same job is refused by name, also at the same moment', async () => {
        await add({ id: ID, status: 'waiting' });
        const same = [1, 2, 3].map((output) => signal(ID, 'a', { output }));
        expect((await outcomes(same)).sort()).toEqual(['already_resumed', 'already_resumed', 'stored']);
        const [kept] = await storage.executions.signals(ID);
        expect(await outcomes([signal(ID, 'a', { output: 4 }), signal(ID, 'b')])).toEqual(['already_resumed', 'stored']);
        expect((await storage.executions.signals(ID)).find(({ jobPath }) => jobPath === 'a')).toEqual(kept);
      });

      test('a signal for an execution that has ended is refused by name, also when it has one', async () => {
        await addRunning(ID);
        await signal(ID, 'a', { output: 1 });
        await update(ID, { status: 'timed_out' });
        const late = [signal(ID, 'b'), signal(ID, 'a'), signal(OTHER, 'a')];
        expect(await outcomes(late)).toEqual(late.map(() => 'execution_ended'));
      });

      test('an optional signal that would be refused is left out, and the rest of its unit is stored', async () => {
        await add({ id: ID, status: 'waiting' }, { id: OTHER, status: 'canceled' });
        const optional = (executionId: string, output: number): ExecutionWrite => ({
          signal: { executionId, jobPath: 'call', output, isOptional: true },
        });
        await commit({ insert: makeExecution(executionId(3)) }, optional(ID, 1));
        expect(await stateOf(ID)).toMatchObject({ status: 'queued' });
        await commit({ insert: makeExecution(executionId(4)) }, optional(ID, 2));
        await commit({ insert: makeExecution(executionId(5)) }, optional(OTHER, 3));
        await commit({ insert: makeExecution(executionId(6)) }, optional(executionId(9), 4));
        expect(await storage.executions.signals(ID)).toEqual([{ jobPath: 'call', output: 1 }]);
        expect(await opened.countRows('signals')).toBe(1);
        for (const n of [3, 4, 5, 6]) expect(await stateOf(executionId(n))).toMatchObject({ status: 'queued' });
      });

      test('an execution that would wait is queued when a signal is there already', async () => {
        await addRunning(ID);
        await addRunning(OTHER);
        await signal(ID, 'a', { output: 1 });
        await update(ID, { ...WAITING, wakeAt: START + 5, jobs: [waitingJob('a')] });
        await update(OTHER, { ...WAITING, wakeAt: START + 5, jobs: [waitingJob('a')] });
        expect(await stateOf(ID)).toEqual({ status: 'queued', wakeAt: null });
        expect(await stateOf(OTHER)).toEqual({ status: 'waiting', wakeAt: START + 5 });
        expect(await paths(ID)).toEqual(['a']);
      });

      test('signals that an update has taken are gone with it and wake nobody', async () => {
        await addRunning(ID);
        await addRunning(OTHER);
        for (const id of [ID, OTHER]) for (const path of ['a', 'b']) await signal(id, path);
        await update(ID, { ...WAITING, jobs: [makeJob('a'), waitingJob('c')], takenSignals: ['a', 'b'] });
        await update(OTHER, { ...WAITING, jobs: [makeJob('a'), waitingJob('c')], takenSignals: ['a'] });
        expect(await stateOf(ID)).toMatchObject({ status: 'waiting' });
        expect(await stateOf(OTHER)).toMatchObject({ status: 'queued' });
        expect(await paths(ID)).toEqual([]);
        expect(await paths(OTHER)).toEqual(['b']);
        // What was taken may come again: a job in a later round of a loop without a path of its own.
        await signal(ID, 'a');
        expect(await stateOf(ID)).toMatchObject({ status: 'queued' });
      });

      test('a final update takes its signals along, and one that is refused takes none', async () => {
        await addRunning(ID);
        await signal(ID, 'a');
        await signal(ID, 'b');
        await update(ID, { status: 'failed', takenSignals: ['a'], jobs: [makeJob('a')] });
        expect(await paths(ID)).toEqual(['b']);
        expect(await outcomes([update(ID, { takenSignals: ['b'] })])).toEqual(['ownership_lost']);
        expect(await paths(ID)).toEqual(['b']);
      });

      test('signals and waits at the same moment never miss each other', async () => {
        const ids = Array.from({ length: 60 }, (_, n) => executionId(n));
        await Promise.all(ids.map((id) => addRunning(id)));
        const wait = (id: string) => update(id, { ...WAITING, jobs: [waitingJob('a')] });
        const both = (id: string, n: number) => (n % 2 === 0 ? [wait(id), signal(id, 'a')] : [signal(id, 'a'), wait(id)]);
        await Promise.all(ids.flatMap(both));
        expect(await storage.executions.countByStatus()).toMatchObject({ queued: 60, waiting: 0, running: 0 });
      });
    });

    describe('claims', () => {
      test('a queued execution is claimed with its jobs and signals, and is running', async () => {
        await add({ id: ID, jobs: [makeJob('a')], lane: { name: 'l', limit: 1 } });
        await signal(ID, 'b', { output: 2 });
        const claimed = await storage.executions.claim(ID, START + 7);
        const execution = { status: 'running', startedAt: START + 7, jobs: [{ path: 'a' }], lane: { name: 'l', limit: 1 } };
        expect(claimed).toMatchObject({ execution, signals: [{ jobPath: 'b', output: 2 }] });
        expect(await storage.executions.get(ID)).toEqual(claimed?.execution);
        expect(await paths(ID)).toEqual(['b']);
      });

      test('an execution that waits is claimed when its time has come, and keeps its start', async () => {
        await add({ id: ID, status: 'waiting', wakeAt: START + 5, startedAt: START + 1, jobs: [waitingJob('a')] });
        expect(await storage.executions.claim(ID, START + 4)).toBeUndefined();
        expect(await stateOf(ID)).toEqual({ status: 'waiting', wakeAt: START + 5 });
        const claimed = await storage.executions.claim(ID, START + 5);
        expect(claimed?.execution).toMatchObject({ status: 'running', wakeAt: null, startedAt: START + 1 });
        expect(await storage.executions.nextWakeAt()).toBeNull();
      });

      test('what this process runs it may claim again', async () => {
        await addRunning(ID);
        expect((await storage.executions.claim(ID, START + 9))?.execution.startedAt).toBe(START + 1);
      });

      test('what is final, waits without an end, is deleted or never was is not claimed', async () => {
        await add({ id: ID, status: 'succeeded' }, { id: OTHER, status: 'waiting' });
        for (const id of [ID, OTHER, executionId(9), 'none', "' OR 1=1", '\0']) {
          expect(await storage.executions.claim(id, START + 99)).toBeUndefined();
        }
        expect(await stateOf(ID)).toMatchObject({ status: 'succeeded' });
        expect(await stateOf(OTHER)).toMatchObject({ status: 'waiting' });
      });
    });

    describe('lists for the queue', () => {
      const idsOf = (claimed: { execution: ExecutionWithJobs }[]) => claimed.map(({ execution }) => execution.id);

      test('the oldest come with their signals', async () => {
        await add({ id: ID }, { id: OTHER });
        await signal(OTHER, 'b');
        await signal(OTHER, 'a', { output: 1 });
        const [first, second] = await storage.executions.listOldest('queued', 9);
        expect(first?.signals).toEqual([]);
        expect(second?.signals).toHaveLength(2);
        expect(second?.signals).toEqual(expect.arrayContaining([{ jobPath: 'b' }, { jobPath: 'a', output: 1 }]));
      });

      test('the oldest of one lane, and those outside some lanes', async () => {
        const lanes = ['a', null, "b' OR '1'='1", 'a', null, 'c'];
        await add(...lanes.map((lane, n) => ({ id: executionId(n), lane: lane === null ? null : { name: lane, limit: 1 } })));
        await addRunning(executionId(8), { lane: { name: 'a', limit: 1 } });
        const numbers = async (lanesFilter: { only?: string; without?: string[] }, limit = 9) => {
          const ids = idsOf(await storage.executions.listOldest('queued', limit, lanesFilter));
          return ids.map((id) => lanes.findIndex((_, n) => executionId(n) === id));
        };
        expect(await numbers({})).toEqual([0, 1, 2, 3, 4, 5]);
        expect(await numbers({ without: [] })).toEqual([0, 1, 2, 3, 4, 5]);
        expect(await numbers({ only: 'a' })).toEqual([0, 3]);
        expect(await numbers({ only: 'a' }, 1)).toEqual([0]);
        expect(await numbers({ only: "b' OR '1'='1" })).toEqual([2]);
        expect(await numbers({ only: 'none' })).toEqual([]);
        expect(await numbers({ only: '\0' })).toEqual([]);
        expect(await numbers({ without: ['a', '\0'] })).toEqual([1, 2, 4, 5]);
        expect(await numbers({ without: ['a', "b' OR '1'='1", 'c'] })).toEqual([1, 4]);
        expect(await numbers({ without: ['a'] }, 2)).toEqual([1, 2]);
        expect(idsOf(await storage.executions.listOldest('running', 9, { only: 'a' }))).toEqual([executionId(8)]);
      });

      test('what is due comes with the earliest first, and nothing that waits longer or for ever', async () => {
        const wakes = [30, 10, null, 20, 40];
        await add(
          ...wakes.map((wake, n) => ({
            id: executionId(n),
            status: 'waiting' as const,
            wakeAt: wake === null ? null : START + wake,
            jobs: [waitingJob('a')],
          })),
          { id: executionId(8) },
        );
        expect(await storage.executions.nextWakeAt()).toBe(START + 10);
        expect(await storage.executions.listDue(START + 9, 9)).toEqual([]);
        expect(idsOf(await storage.executions.listDue(START + 30, 9))).toEqual([1, 3, 0].map((n) => executionId(n)));
        expect(idsOf(await storage.executions.listDue(START + 30, 2))).toEqual([1, 3].map((n) => executionId(n)));
        const [first] = await storage.executions.listDue(START + 10, 1);
        expect(first).toMatchObject({ execution: { jobs: [{ path: 'a', status: 'waiting' }] }, signals: [] });
        await signal(executionId(1), 'a');
        expect(await storage.executions.nextWakeAt()).toBe(START + 20);
        expect(idsOf(await storage.executions.listDue(START + 20, 9))).toEqual([executionId(3)]);
      });

      test('a time to wake may lie in any year', async () => {
        const far = 8_640_000_000_000_000;
        await add({ id: ID, status: 'waiting', wakeAt: far }, { id: OTHER, status: 'waiting', wakeAt: -far });
        expect(await storage.executions.nextWakeAt()).toBe(-far);
        expect(idsOf(await storage.executions.listDue(START, 9))).toEqual([OTHER]);
        expect(await stateOf(ID)).toEqual({ status: 'waiting', wakeAt: far });
      });
    });

    describe('running again', () => {
      test('a final execution is queued again with only the given jobs, in the same record', async () => {
        const execution = makeExecution(ID, { jobs: [makeJob('a')], lane: { name: 'l', limit: 1 }, depth: 1 });
        const response = { status: 200, headers: {}, body: 'accepted' };
        await commit({ insert: { ...execution, response } });
        await storage.executions.claim(ID, START + 1);
        await update(ID, { ...RUNNING, jobs: [makeJob('b')], sequence: 1 });
        await signal(ID, 'late');
        const error = { code: 'node_failed', message: 'x' };
        await update(ID, { status: 'error', response, error, output: 5, jobs: [makeJob('c', { status: 'error' })], sequence: 2 });
        await storage.executions.reopen(ID, [makeJob('a'), makeJob('b', { output: "\0 ' \\ $1 ? :x" })]);
        const jobs = [makeJob('a'), makeJob('b', { output: "\0 ' \\ $1 ? :x" })];
        expect(await storage.executions.get(ID)).toEqual({ ...execution, jobs });
        expect(await opened.countRows('execution_jobs')).toBe(1);
        expect(await opened.countRows('signals')).toBe(0);

        const claimed = await storage.executions.claim(ID, START + 50);
        expect(claimed?.execution.startedAt).toBe(START + 50);
        await update(ID, { startedAt: START + 50, jobs: [makeJob('c')], sequence: 1 });
        const stored = await storage.executions.get(ID);
        expect(stored).toMatchObject({ status: 'succeeded', error: null });
        expect(stored?.jobs.map(({ path }) => path)).toEqual(['a', 'b', 'c']);
      });

      test('without jobs it begins anew', async () => {
        await add({ id: ID, status: 'failed', startedAt: 1, finishedAt: 2, jobs: [makeJob('a')] });
        await storage.executions.reopen(ID, []);
        expect(await storage.executions.get(ID)).toEqual(makeExecution(ID));
      });

      test('one that has not ended is a conflict and stays as it is', async () => {
        await addRunning(ID, { jobs: [makeJob('a')] });
        await add({ id: OTHER, status: 'waiting', wakeAt: START + 9 });
        for (const id of [ID, OTHER]) {
          const before = await storage.executions.get(id);
          await expect(storage.executions.reopen(id, [])).rejects.toMatchObject({ code: 'conflict' });
          expect(await storage.executions.get(id)).toEqual(before);
        }
      });

      test('one that does not exist is not found', async () => {
        for (const id of [ID, 'none', '\0']) {
          await expect(storage.executions.reopen(id, [])).rejects.toMatchObject({ code: 'execution_not_found' });
        }
      });

      test('of several at the same moment one succeeds', async () => {
        await add({ id: ID, status: 'failed' });
        const again = [1, 2, 3].map((n) => storage.executions.reopen(ID, [makeJob(`a${n}`)]));
        expect((await outcomes(again)).sort()).toEqual(['conflict', 'conflict', 'stored']);
        expect((await storage.executions.get(ID))?.jobs).toHaveLength(1);
      });
    });

    describe('deletion', () => {
      test('signals go with their executions, by age and with the workflow', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), { trigger: { type: 'webhook', config: {} }, nodes: [] });
        await add({ id: ID, status: 'waiting' }, { id: OTHER, status: 'waiting' }, { id: executionId(3), workflowId: 'w2' });
        for (const id of [ID, OTHER, executionId(3)]) await signal(id, 'a');
        await update(ID, { status: 'canceled', isForced: true });
        expect(await storage.executions.deleteOld('canceled', START + 9, 9)).toBe(1);
        expect(await opened.countRows('signals')).toBe(2);
        await storage.workflows.delete('w1');
        expect(await opened.countRows('signals')).toBe(1);
        expect(await paths(executionId(3))).toEqual(['a']);
      });
    });

    test('what waits is there after the database is opened again', async () => {
      await add({ id: ID, status: 'waiting', wakeAt: START + 9, jobs: [waitingJob('a')] }, { id: OTHER, status: 'waiting' });
      await signal(OTHER, 'a', { output: 1 });
      const before = await storage.executions.get(ID);
      await storage.close();
      storage = await opened.reopen();
      expect(await storage.executions.get(ID)).toEqual(before);
      expect(await storage.executions.nextWakeAt()).toBe(START + 9);
      expect(await storage.executions.claim(OTHER, START + 10)).toMatchObject({ signals: [{ jobPath: 'a', output: 1 }] });
    });
  });
}
