// The embedded queue: executions that are queued in storage are the queue; memory holds a bounded window of them.

import type { ExecutionWithJobs } from '../engine/model.ts';
import type { Log } from '../engine/plugin.ts';
import type { ExecutionStore, Queue } from '../engine/ports.ts';

export interface SqliteQueueOptions {
  readonly executions: Pick<ExecutionStore, 'listOldest' | 'get'>;
  /** Most executions kept in memory while they wait. More memory, fewer reads under a backlog. */
  readonly window: number;
  /** Most executions that run at once. */
  readonly concurrency: number;
  readonly log: Log;
}

/** First pause after storage failed, in milliseconds; doubled up to the last one. */
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 5_000;
/** Executions that one crash can leave running: what ran at once, sync ones included. */
const MAX_ORPHANS = 100_000;

/** One process, one queue: what is `running` in storage at the start was left by a crash and is run on. */
export function createSqliteQueue({ executions, window, concurrency, log }: SqliteQueueOptions): Queue {
  let waiting: ExecutionWithJobs[] = [];
  let head = 0;
  /** What is in memory, waiting or running. */
  const held = new Set<string>();
  let running = 0;
  /** Whether storage has queued executions that memory does not; from then on new ones wait their turn there. */
  let isBehind = false;
  let dropped = 0;
  let refilling = false;
  /** Executions that ended while the backlog was being read: the reading may still call them queued. */
  const endedMeanwhile = new Set<string>();
  let scheduled = false;
  let stopped = true;
  let run: (execution: ExecutionWithJobs) => Promise<void> = () => Promise.resolve();
  const sleepers = new Set<() => void>();

  const count = (): number => waiting.length - head;

  function take(): ExecutionWithJobs | undefined {
    const execution = waiting[head];
    head += 1;
    if (head > 1024 && head * 2 > waiting.length) {
      waiting = waiting.slice(head);
      head = 0;
    }
    return execution;
  }

  function hold(execution: ExecutionWithJobs): void {
    held.add(execution.id);
    waiting.push(execution);
  }

  function pump(): void {
    while (!stopped && running < concurrency && count() > 0) {
      const execution = take();
      if (execution) void runOne(execution);
    }
    if (!stopped && isBehind && !refilling && count() <= window / 4) void refill();
  }

  /** Later in this turn of the event loop: whoever hands an execution over has an answer to send first. */
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      pump();
    });
  }

  async function runOne(first: ExecutionWithJobs): Promise<void> {
    running += 1;
    let execution: ExecutionWithJobs | undefined = first;
    let pauseMs = FIRST_PAUSE_MS;
    while (execution && !stopped) {
      try {
        await run(execution);
        break;
      } catch (error) {
        log.error({ execution: first.id, error: messageOf(error), pauseMs }, 'storage failed; the execution is tried again');
        await sleep(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS);
        execution = await reload(execution);
      }
    }
    running -= 1;
    held.delete(first.id);
    if (refilling) endedMeanwhile.add(first.id);
    pump();
  }

  /** What storage knows now; unchanged while it cannot be read. */
  async function reload(execution: ExecutionWithJobs): Promise<ExecutionWithJobs | undefined> {
    try {
      const stored = await executions.get(execution.id);
      return stored?.status === 'queued' || stored?.status === 'running' ? stored : undefined;
    } catch (error) {
      log.error({ execution: execution.id, error: messageOf(error) }, 'storage cannot be read');
      return execution;
    }
  }

  async function refill(): Promise<void> {
    refilling = true;
    endedMeanwhile.clear();
    const droppedBefore = dropped;
    const limit = window + held.size;
    try {
      const oldest = await executions.listOldest('queued', limit);
      const unseen = oldest.filter(({ id }) => !held.has(id) && !endedMeanwhile.has(id));
      const room = window - count();
      for (const execution of unseen.slice(0, room)) hold(execution);
      isBehind = oldest.length === limit || unseen.length > room || dropped !== droppedBefore;
    } catch (error) {
      log.error({ error: messageOf(error) }, 'the backlog cannot be read; it is tried again');
      await sleep(FIRST_PAUSE_MS);
    }
    refilling = false;
    pump();
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      sleepers.add(wake);
    });
  }

  return {
    async start(runner) {
      run = runner;
      for (const execution of await executions.listOldest('running', MAX_ORPHANS)) hold(execution);
      isBehind = true;
      stopped = false;
      pump();
    },
    push(execution) {
      // The backlog may have been read between its commit and this call.
      if (held.has(execution.id)) return;
      if (isBehind || count() >= window) {
        isBehind = true;
        dropped += 1;
      } else {
        hold(execution);
      }
      schedule();
    },
    stop() {
      stopped = true;
      for (const wake of sleepers) wake();
      return Promise.resolve();
    },
    depth: () => ({ waiting: count(), running }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
