// The contract of the queue port: every queue has to pass it, on a real storage.

import { afterEach, describe, expect, test, vi } from 'vitest';
import { createIdSource } from '../../src/engine/id.ts';
import type { ExecutionWithJobs, Lane } from '../../src/engine/model.ts';
import type { ClaimedExecution, ExecutionUpdate, Queue } from '../../src/engine/ports.ts';
import { HooklineError } from '../../src/errors.ts';
import type { OpenStorage } from '../../src/storage/storage.ts';
import { PATIENCE } from '../patience.ts';
import { makeDocument, makeExecution, makeJob, makeWorkflow } from '../storage/contract.ts';

export interface QueueSettings {
  /** Most executions that run at once. */
  readonly concurrency: number;
  /** Most executions kept in memory while they wait; a queue without such a window takes no notice. */
  readonly window: number;
}

export interface ContractQueue {
  /** Not started. */
  readonly queue: Queue;
  /** A new, empty database with the tables of now; open as the process of `queue` has it open. */
  readonly storage: OpenStorage;
  /**
   * Stores an execution as a process that was killed has left it: `running` belongs to that process, which is known to be
   * dead before `queue.start` or within a moment of it; `queued` and `waiting` come with the tasks that a commit adds.
   */
  leaveBehind(execution: ExecutionWithJobs): Promise<void>;
  /** Called last, after `queue.stop()`, when nothing runs any more. */
  cleanUp(): Promise<void>;
}

/** How long something that has to happen may take. */

const idAt = createIdSource();

/** A new execution, accepted now. */
function accepted(change: Partial<ExecutionWithJobs> = {}): ExecutionWithJobs {
  const createdAt = Date.now();
  const plain = { parent: null, depth: 0, output: null, lane: null, wakeAt: null };
  return makeExecution(idAt(createdAt), { createdAt, ...plain, ...change });
}

function several(count: number, change: Partial<ExecutionWithJobs> = {}): ExecutionWithJobs[] {
  return Array.from({ length: count }, () => accepted(change));
}

/** An execution that waits at a node named `pause`. */
function waitingUntil(wakeAt: number | null, change: Partial<ExecutionWithJobs> = {}): ExecutionWithJobs {
  const wait = { until: wakeAt, kind: 'node' as const };
  const pause = makeJob('pause', { status: 'waiting', output: null, finishedAt: null, wait });
  return accepted({ status: 'waiting', startedAt: Date.now(), wakeAt, jobs: [pause], ...change });
}

const idsOf = (executions: readonly ExecutionWithJobs[]): string[] => executions.map(({ id }) => id);

/** The end of an execution, as the engine commits it. */
function endOf({ id, startedAt, lane }: ExecutionWithJobs, change: Partial<ExecutionUpdate> = {}): ExecutionUpdate {
  const now = Date.now();
  const result = { response: null, error: null, output: null, jobs: [], sequence: 1, takenSignals: [] };
  return { id, status: 'succeeded', startedAt: startedAt ?? now, finishedAt: now, wakeAt: null, lane, ...result, ...change };
}

/** The first, the last, the second, the last but one, … */
function shuffled<Item>(items: readonly Item[]): Item[] {
  return items.map((_, index) => items[index % 2 === 0 ? index / 2 : items.length - (index + 1) / 2] as Item);
}

/** Runs the contract over a queue and a storage that `open` makes anew for each test. */
export function queueContract(name: string, open: (settings: QueueSettings) => Promise<ContractQueue>): void {
  describe(`${name} keeps the queue contract:`, () => {
    let opened: ContractQueue;
    /** Ids in the order in which their runs began; one that began twice is there twice. */
    let started: string[] = [];
    let ended: string[] = [];
    let running = 0;
    let mostAtOnce = 0;
    let mostInLane = new Map<string, number>();
    let inLane = new Map<string, number>();
    /** Runs that are held back until `release`. */
    let held: { readonly id: string; go(): void }[] = [];
    let holds: (execution: ExecutionWithJobs) => boolean = () => false;
    /** What a run does; by default it commits its end. */
    let act: (claimed: ClaimedExecution) => Promise<void>;

    async function begin(settings: Partial<QueueSettings> = {}): Promise<void> {
      [started, ended, held] = [[], [], []];
      [running, mostAtOnce, mostInLane, inLane] = [0, 0, new Map(), new Map()];
      holds = () => false;
      act = end;
      opened = await open({ concurrency: 8, window: 100, ...settings });
      await opened.storage.workflows.insert(makeWorkflow('w1', { mode: 'async' }), makeDocument());
    }

    async function end({ execution }: ClaimedExecution): Promise<void> {
      await opened.storage.executions.commit({ update: endOf(execution) });
      ended.push(execution.id);
    }

    async function run(claimed: ClaimedExecution): Promise<void> {
      const { id, lane } = claimed.execution;
      started.push(id);
      running += 1;
      mostAtOnce = Math.max(mostAtOnce, running);
      const sharing = (inLane.get(lane?.name ?? '') ?? 0) + 1;
      inLane.set(lane?.name ?? '', sharing);
      mostInLane.set(lane?.name ?? '', Math.max(mostInLane.get(lane?.name ?? '') ?? 0, sharing));
      try {
        if (holds(claimed.execution)) await new Promise<void>((resolve) => void held.push({ id, go: resolve }));
        await act(claimed);
      } finally {
        running -= 1;
        inLane.set(lane?.name ?? '', (inLane.get(lane?.name ?? '') ?? 0) - 1);
      }
    }

    /** As the engine accepts: commits, then tells the queue. */
    async function commit(execution: ExecutionWithJobs): Promise<void> {
      await opened.storage.executions.commit({ insert: execution });
      opened.queue.push({ execution, signals: [] });
    }

    /** Lets go what is held back, and holds back nothing more. */
    function release(): void {
      holds = () => false;
      for (const { go } of held.splice(0)) go();
    }

    const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, PATIENCE);
    const allEnded = (count: number): Promise<void> => until(() => expect(ended).toHaveLength(count));

    /** Time for what must not happen: the storage has answered often meanwhile. */
    async function aMoment(): Promise<void> {
      for (let count = 0; count < 20; count += 1) await opened.storage.executions.countByStatus();
    }

    afterEach(async () => {
      await opened.queue.stop();
      release();
      await until(() => expect(running).toBe(0));
      await opened.cleanUp();
    });

    test('what is pushed runs at once, as it is stored', async () => {
      await begin();
      await opened.queue.start(run);
      let taken: ClaimedExecution | undefined;
      act = async (claimed) => {
        taken = structuredClone(claimed);
        await end(claimed);
      };
      const execution = accepted({ lane: { name: 'w1', limit: 2 } });
      await commit(execution);
      await allEnded(1);
      const { status: _, startedAt: __, ...stored } = execution;
      expect(taken).toMatchObject({ execution: stored, signals: [] });
      expect(await opened.storage.executions.countByStatus()).toMatchObject({ queued: 0, running: 0, succeeded: 1 });
    });

    test('what waits runs at its time and not before, however it was told of', async () => {
      await begin();
      const wakeAt = Date.now() + 400;
      await opened.leaveBehind(waitingUntil(wakeAt));
      await opened.queue.start(run);
      const times: number[] = [];
      act = async (claimed) => {
        times.push(Date.now());
        await end(claimed);
      };
      await commit(waitingUntil(wakeAt));
      await commit(waitingUntil(wakeAt + 100));
      await allEnded(3);
      expect(Math.min(...times)).toBeGreaterThanOrEqual(wakeAt);
      expect(Math.max(...times)).toBeGreaterThanOrEqual(wakeAt + 100);
    });

    test('what waits for a time in the past runs at once', async () => {
      await begin();
      await opened.queue.start(run);
      await commit(waitingUntil(Date.now() - 60_000));
      await allEnded(1);
    });

    test('what waits for weeks, or for somebody, does not run and keeps nothing else waiting', async () => {
      await begin();
      await opened.queue.start(run);
      await commit(waitingUntil(Date.now() + 60 * 24 * 3_600_000));
      await commit(waitingUntil(null));
      const soon = waitingUntil(Date.now() + 50);
      await commit(soon);
      await allEnded(1);
      await aMoment();
      expect(started).toEqual([soon.id]);
    });

    test('what was canceled while it waited does not run when its time comes', async () => {
      await begin();
      await opened.queue.start(run);
      const canceled = waitingUntil(Date.now() + 150);
      await commit(canceled);
      await opened.storage.executions.commit({ update: endOf(canceled, { status: 'canceled', isForced: true }) });
      const later = waitingUntil(Date.now() + 200);
      await commit(later);
      await allEnded(1);
      expect(started).toEqual([later.id]);
    });

    test('a run that waits is gone on with at its time, with its jobs', async () => {
      await begin();
      await opened.queue.start(run);
      const counts: number[] = [];
      act = async (claimed) => {
        const { execution } = claimed;
        counts.push(execution.jobs.length);
        if (counts.length > 1) return end(claimed);
        const wakeAt = Date.now() + 100;
        const { jobs } = waitingUntil(wakeAt);
        await opened.storage.executions.commit({
          update: endOf(execution, { status: 'waiting', finishedAt: null, wakeAt, jobs }),
        });
        opened.queue.push({ execution: { ...execution, status: 'waiting', wakeAt, jobs }, signals: [] });
      };
      await commit(accepted());
      await allEnded(1);
      expect(counts).toEqual([0, 1]);
    });

    test('a signal for what waits is handed over with it', async () => {
      await begin();
      const execution = waitingUntil(Date.now() + 3_600_000);
      await opened.leaveBehind(execution);
      const signal = { jobPath: 'pause', output: { answer: 42 } };
      await opened.storage.executions.commit({ signal: { executionId: execution.id, ...signal } });
      let taken: ClaimedExecution | undefined;
      act = async (claimed) => {
        taken = structuredClone(claimed);
        await end(claimed);
      };
      await opened.queue.start(run);
      await allEnded(1);
      expect(taken?.execution.jobs).toMatchObject([{ path: 'pause', status: 'waiting' }]);
      expect(taken?.signals).toEqual([signal]);
    });

    test('what a signal has resumed is run when the queue is told to look', async () => {
      await begin();
      await opened.queue.start(run);
      const execution = waitingUntil(null);
      await opened.storage.executions.commit({ insert: execution });
      await opened.storage.executions.commit({ signal: { executionId: execution.id, jobPath: 'pause', output: 1 } });
      opened.queue.wake();
      await allEnded(1);
      expect(started).toEqual([execution.id]);
    });

    test('what is resumed before the run that made it wait has returned runs once more', async () => {
      await begin();
      await opened.queue.start(run);
      let taken: ClaimedExecution | undefined;
      const execution = accepted();
      act = async (claimed) => {
        if (started.length > 1) {
          taken = structuredClone(claimed);
          return end(claimed);
        }
        const { jobs } = waitingUntil(null);
        await opened.storage.executions.commit({
          update: endOf(claimed.execution, { status: 'waiting', finishedAt: null, jobs }),
        });
        await opened.storage.executions.commit({ signal: { executionId: execution.id, jobPath: 'pause', output: 1 } });
        opened.queue.wake();
        await aMoment();
      };
      await commit(execution);
      await allEnded(1);
      expect(started).toEqual([execution.id, execution.id]);
      expect(taken?.signals).toEqual([{ jobPath: 'pause', output: 1 }]);
    });

    test('what is resumed before it begins to wait runs once more', async () => {
      await begin();
      await opened.queue.start(run);
      const execution = accepted();
      act = async (claimed) => {
        if (started.length > 1) return end(claimed);
        const { jobs } = waitingUntil(null);
        await opened.storage.executions.commit({ signal: { executionId: execution.id, jobPath: 'pause', output: 1 } });
        opened.queue.wake();
        await aMoment();
        await opened.storage.executions.commit({
          update: endOf(claimed.execution, { status: 'waiting', finishedAt: null, jobs }),
        });
      };
      await commit(execution);
      await allEnded(1);
      expect(started).toEqual([execution.id, execution.id]);
    });

    test('what is accepted runs in the order of acceptance, also when it is more than memory holds', async () => {
      await begin({ concurrency: 1, window: 10 });
      await opened.queue.start(run);
      const executions = several(60);
      for (const execution of executions) await commit(execution);
      await allEnded(60);
      expect(started).toEqual(idsOf(executions));
    });

    test('no more run at once than are allowed to', async () => {
      await begin({ concurrency: 3 });
      await opened.queue.start(run);
      holds = () => true;
      const executions = several(12);
      await Promise.all(executions.map(commit));
      await until(() => expect(held).toHaveLength(3));
      await aMoment();
      expect(opened.queue.depth().running).toBe(3);
      expect(started).toHaveLength(3);
      release();
      await allEnded(12);
      expect(mostAtOnce).toBe(3);
    });

    test('no more of one lane run at once than its limit, while others use the places that are left', async () => {
      await begin({ concurrency: 6 });
      await opened.queue.start(run);
      holds = () => true;
      const lane = { name: 'w1', limit: 2 };
      await Promise.all(several(10, { lane }).map(commit));
      // Before the others take all places.
      await until(() => expect(held).toHaveLength(2));
      await Promise.all(several(10).map(commit));
      await until(() => expect(held).toHaveLength(6));
      expect(inLane).toEqual(
        new Map([
          ['w1', 2],
          ['', 4],
        ]),
      );
      release();
      await allEnded(20);
      expect(mostInLane.get('w1')).toBe(2);
      expect(mostAtOnce).toBe(6);
    });

    test('a lane with limit 1 runs in order of arrival, whatever the order it was stored in', async () => {
      await begin();
      const lane = { name: 'w1:customer', limit: 1 };
      const before = several(12, { lane });
      const after = several(12, { lane });
      for (const execution of shuffled(before)) await opened.leaveBehind(execution);
      holds = ({ id }) => id === before[0]?.id;
      await opened.queue.start(run);
      await until(() => expect(held).toHaveLength(1));
      for (const execution of shuffled(after)) await commit(execution);
      release();
      await allEnded(24);
      expect(started).toEqual(idsOf([...before, ...after]));
      expect(mostAtOnce).toBe(1);
    });

    test('a lane that stands still with a backlog holds up neither other lanes nor what has no lane', async () => {
      await begin({ concurrency: 4, window: 8 });
      const stuck: Lane = { name: 'w1:stuck', limit: 1 };
      holds = ({ lane }) => lane?.name === stuck.name;
      for (const execution of several(150, { lane: stuck })) await opened.leaveBehind(execution);
      await opened.leaveBehind(accepted({ lane: { name: 'w1:free', limit: 1 } }));
      await opened.leaveBehind(accepted());
      await opened.queue.start(run);
      await allEnded(2);
      await commit(accepted({ lane: { name: 'w1:late', limit: 1 } }));
      await commit(accepted({ lane: stuck }));
      await commit(accepted());
      await allEnded(4);
      expect(held).toHaveLength(1);
      release();
      await allEnded(155);
      expect(mostInLane.get(stuck.name)).toBe(1);
      const inOrder = started.filter((id) => !ended.slice(0, 4).includes(id));
      expect(inOrder).toEqual([...inOrder].sort());
    });

    test('many lanes with a backlog each go on side by side', async () => {
      await begin({ concurrency: 4, window: 8 });
      const executions = Array.from({ length: 120 }, (_, index) =>
        accepted({ lane: { name: `w1:${index % 30}`, limit: 1 + (index % 3) } }),
      );
      for (const execution of executions) await opened.leaveBehind(execution);
      await opened.queue.start(run);
      await allEnded(120);
      expect([...started].sort()).toEqual(idsOf(executions));
      for (let index = 0; index < 30; index += 1) {
        expect(mostInLane.get(`w1:${index}`)).toBeLessThanOrEqual(1 + (index % 3));
      }
    });

    test('an execution that begins to wait frees its place in the lane', async () => {
      await begin();
      await opened.queue.start(run);
      const lane = { name: 'w1', limit: 1 };
      const [first, second] = [accepted({ lane }), accepted({ lane })];
      let hasWaited = false;
      act = async (claimed) => {
        const { execution } = claimed;
        if (execution.id !== first.id || hasWaited) return end(claimed);
        hasWaited = true;
        const wakeAt = Date.now() + 300;
        const { jobs } = waitingUntil(wakeAt);
        await opened.storage.executions.commit({
          update: endOf(execution, { status: 'waiting', finishedAt: null, wakeAt, jobs }),
        });
        opened.queue.push({ execution: { ...execution, status: 'waiting', wakeAt, jobs }, signals: [] });
      };
      await commit(first);
      await commit(second);
      await allEnded(2);
      expect(started).toEqual(idsOf([first, second, first]));
    });

    test('executions of one lane whose time comes at once keep to its limit', async () => {
      await begin({ window: 8 });
      const lane = { name: 'w1', limit: 2 };
      const wakeAt = Date.now() + 100;
      for (let count = 0; count < 60; count += 1) await opened.leaveBehind(waitingUntil(wakeAt, { lane }));
      await opened.queue.start(run);
      await allEnded(60);
      expect(new Set(started).size).toBe(60);
      expect(mostAtOnce).toBeLessThanOrEqual(2);
    });

    test('a run that storage failed is tried again, and others go on meanwhile', async () => {
      await begin();
      await opened.queue.start(run);
      const [failing, other] = [accepted(), accepted()];
      act = async (claimed) => {
        const tries = started.filter((id) => id === claimed.execution.id).length;
        if (claimed.execution.id === failing.id && tries < 3) {
          throw new HooklineError('storage_unavailable', 'The database cannot be reached.');
        }
        await end(claimed);
      };
      await commit(failing);
      await commit(other);
      await allEnded(2);
      expect(ended).toEqual(idsOf([other, failing]));
      expect(started.filter((id) => id === failing.id)).toHaveLength(3);
    });

    test('what a crash left queued, running or waiting is gone on with, and what had ended is not', async () => {
      await begin();
      const left = [
        accepted(),
        accepted({ status: 'running', startedAt: Date.now(), jobs: [makeJob('first')] }),
        waitingUntil(Date.now() - 1_000),
        waitingUntil(Date.now() + 100),
        accepted({ lane: { name: 'w1', limit: 1 } }),
        accepted({ status: 'running', startedAt: Date.now(), lane: { name: 'w1', limit: 1 } }),
      ];
      for (const execution of left) await opened.leaveBehind(execution);
      await opened.leaveBehind(accepted({ status: 'succeeded', startedAt: Date.now(), finishedAt: Date.now() }));
      const jobs = new Map<string, string[]>();
      act = async (claimed) => {
        jobs.set(
          claimed.execution.id,
          claimed.execution.jobs.map(({ path }) => path),
        );
        await end(claimed);
      };
      await opened.queue.start(run);
      await allEnded(left.length);
      expect([...started].sort()).toEqual(idsOf(left));
      expect(left.map(({ id }) => jobs.get(id))).toEqual([[], ['first'], ['pause'], ['pause'], [], []]);
      expect(mostInLane.get('w1')).toBe(1);
    });

    test('many whose time comes at once run once each', async () => {
      await begin({ window: 8 });
      const wakeAt = Date.now() + 100;
      const executions = Array.from({ length: 120 }, (_, index) => waitingUntil(wakeAt - (index % 3) * 50));
      for (const execution of executions) await opened.leaveBehind(execution);
      await opened.queue.start(run);
      await allEnded(120);
      expect([...started].sort()).toEqual(idsOf(executions));
    });

    test('nothing starts after a stop; what runs goes on to its end', async () => {
      await begin({ concurrency: 1 });
      await opened.queue.start(run);
      holds = () => true;
      for (const execution of several(3)) await commit(execution);
      await until(() => expect(held).toHaveLength(1));
      // Due behind the stop, also where a commit takes its time.
      const waiting = waitingUntil(Date.now() + 500);
      await commit(waiting);
      await opened.queue.stop();
      release();
      await allEnded(1);
      await commit(accepted());
      await until(() => expect(Date.now()).toBeGreaterThan((waiting.wakeAt ?? 0) + 50));
      await aMoment();
      expect(started).toHaveLength(1);
      expect(await opened.storage.executions.countByStatus()).toMatchObject({ queued: 3, waiting: 1, succeeded: 1 });
    });

    test('nothing runs twice, however often and closely it is pushed', async () => {
      await begin({ window: 20 });
      await opened.queue.start(run);
      const lanes = [null, { name: 'w1:a', limit: 2 }, { name: 'w1:b', limit: 1 }];
      const executions = Array.from({ length: 150 }, (_, index) => accepted({ lane: lanes[index % 3] ?? null }));
      await Promise.all(
        executions.map(async (execution) => {
          await commit(execution);
          opened.queue.push({ execution, signals: [] });
          await opened.storage.executions.countByStatus();
        }),
      );
      await allEnded(150);
      await aMoment();
      expect([...started].sort()).toEqual(idsOf(executions));
    });
  });
}
