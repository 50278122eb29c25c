// The scale-out queue: graphile-worker on PostgreSQL runs the tasks that are committed together with their executions.

import { EventEmitter } from 'node:events';
import { type JobHelpers, runMigrations, runTaskList, type WorkerEvents, type WorkerPool } from 'graphile-worker';
import type { Pool } from 'pg';
import { Pauses } from '../engine/pauses.ts';
import type { Log } from '../engine/plugin.ts';
import type { ClaimedExecution, ExecutionStore, Queue } from '../engine/ports.ts';
import { createGraphileLogger } from './graphile-log.ts';
import { finishTask, lockNameOf, QUEUE_SCHEMA, returnTask, returnUnknownTasks, TASK } from './graphile-tasks.ts';

export interface GraphileQueueOptions {
  /**
   * Connections to the database of the executions; one is held for as long as the queue runs, others for moments. Needs
   * listeners for `error`, on itself and on its clients: see `createClusterPool`.
   */
  readonly pool: Pool;
  /** The id of this process in `processes`; read whenever a task is locked. */
  readonly processId: () => string;
  readonly executions: Pick<ExecutionStore, 'claim'>;
  /** Most executions that run at once in this process. */
  readonly concurrency: number;
  /**
   * How often idle workers look for tasks that have become due, in milliseconds. Default 500. Tasks that are due when they are
   * added are announced and do not wait for it. Smaller: delays end more exactly; more questions to the database.
   */
  readonly pollIntervalMs?: number;
  readonly log: Log;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface GraphileQueue extends Queue {
  /**
   * After `stop`: waits until what runs has ended and its tasks are settled, for `timeoutMs` at most. What has not ended by
   * then keeps its lock until the process is taken out of `processes`.
   */
  close(timeoutMs?: number): Promise<void>;
}

/** First pause after storage failed, in milliseconds; doubled up to the last one. */
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 5_000;
const CLOSE_TIMEOUT_MS = 5_000;
/** Reports of this many milliseconds go together. Each task is finished before, so nothing waits for them. */
const REPORT_DELAY_MS = 20;
/** After this long no fetch is on its way any more, in milliseconds. */
const SWEEP_PAUSE_MS = 5_000;
/** Advisory lock of whoever installs, so that processes that start together do not meet: `hook`, 2. */
const INSTALL_LOCK = '1752133483, 2';

/** Creates or updates graphile-worker's tables. For every process that adds tasks, before it does so. Needs two connections. */
export async function installQueue(pool: Pool, log: Log): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query(`SELECT pg_advisory_lock(${INSTALL_LOCK})`);
    await runMigrations({ pgPool: pool, schema: QUEUE_SCHEMA, logger: createGraphileLogger(log) });
    await client.query(`SELECT pg_advisory_unlock(${INSTALL_LOCK})`);
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

/** One for each process that runs executions. Every process of the database may have one. */
export function createGraphileQueue(options: GraphileQueueOptions): GraphileQueue {
  const { pool, processId, executions, concurrency, pollIntervalMs = 500, log, now } = options;
  let isStopped = true;
  let run: (claimed: ClaimedExecution) => Promise<void> = () => Promise.resolve();
  let running = 0;
  let supervising: Promise<void> = Promise.resolve();
  /** Until it begins to end. */
  let workers: WorkerPool | undefined;
  /** The end of each execution's work in this process: a second task for it waits for the first one's. */
  const ends = new Map<string, Promise<void>>();
  /** Tasks that are being worked on. */
  const held = new Set<string>();
  let isSweeping = false;
  const pauses = new Pauses();

  async function handle(payload: unknown, { job }: JobHelpers): Promise<void> {
    const id = executionIdOf(payload);
    const before = ends.get(id);
    const mine = (before ?? Promise.resolve()).then(() => work(id, job.run_at.getTime()));
    const end = mine.then(
      () => {},
      () => {},
    );
    ends.set(id, end);
    held.add(job.id);
    running += 1;
    try {
      const isDone = await mine;
      // Graphile would report the end only once, whatever comes of it, and ask for the next task meanwhile, with the lane taken.
      if (isDone) await persist(id, () => finishTask(pool, job.id));
      else await returnTask(pool, job.id);
    } finally {
      running -= 1;
      held.delete(job.id);
      if (ends.get(id) === end) ends.delete(id);
      if (job.job_queue_id !== null) nudge();
    }
  }

  /** @returns whether the task is done with; otherwise the queue stops and somebody else shall run it */
  async function work(id: string, dueAt: number): Promise<boolean> {
    // The database's clock says that it is due. When ours is behind, we wait for it: the engine asks our clock.
    const earlyMs = dueAt - now();
    if (earlyMs > 0) await pauses.sleep(Math.min(earlyMs, LAST_PAUSE_MS));
    return persist(id, async () => {
      const claimed = await executions.claim(id, Math.max(now(), dueAt));
      if (claimed) await run(claimed);
    });
  }

  /** @returns whether it succeeded */
  function persist(id: string, action: () => Promise<void>): Promise<boolean> {
    return untilItSucceeds(action, (error, pauseMs) => {
      log.error({ execution: id, error: messageOf(error), pauseMs }, 'storage failed; the execution is tried again');
    });
  }

  /** Tries until it succeeds or the queue is stopped. @returns whether it succeeded */
  async function untilItSucceeds(
    action: () => Promise<void>,
    onFailure: (error: unknown, pauseMs: number) => void = () => {},
  ): Promise<boolean> {
    let pauseMs = FIRST_PAUSE_MS;
    while (!isStopped) {
      try {
        await action();
        return true;
      } catch (error) {
        onFailure(error, pauseMs);
        await pauses.sleep(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS);
      }
    }
    return false;
  }

  /** Graphile's workers lock all free lanes while they look, so others see none: whoever finds a task wakes the next. */
  function nudge(): void {
    if (!isStopped) workers?.nudge(1);
  }

  function launch(): WorkerPool {
    const events: WorkerEvents = new EventEmitter();
    events.on('pool:create', ({ workerPool }) => {
      // Its own name would be random. Before its workers start.
      Object.defineProperty(workerPool, 'id', { get: () => lockNameOf(processId()) });
    });
    let isEnding = false;
    events.on('pool:gracefulShutdown', () => {
      isEnding = true;
      workers = undefined;
    });
    events.on('job:start', ({ job }) => {
      if (job.job_queue_id !== null) nudge();
    });
    let hasAsked = false;
    const noteAnswer = (): void => {
      hasAsked = true;
    };
    events.on('job:start', noteAnswer);
    events.on('worker:getJob:empty', noteAnswer);
    events.on('worker:getJob:error', ({ worker }) => {
      // When its very first question fails, it never asks that one again; a new pool does.
      if (!hasAsked && !isEnding) Promise.resolve(worker.workerPool.gracefulShutdown()).catch(() => {});
      if (!isSweeping) void sweep();
    });
    const launched = runTaskList(
      {
        schema: QUEUE_SCHEMA,
        concurrency,
        pollInterval: pollIntervalMs,
        noHandleSignals: true,
        logger: createGraphileLogger(log),
        events,
        // The failure of a batch ends the pool; that of a single report would end the process.
        preset: { worker: { completeJobBatchDelay: REPORT_DELAY_MS, failJobBatchDelay: REPORT_DELAY_MS } },
      },
      { [TASK]: handle },
      pool,
    );
    workers = launched;
    return launched;
  }

  /** Graphile ends when it cannot report. Then, as soon as the database answers, a new pool starts. */
  async function supervise(): Promise<void> {
    while (!isStopped) {
      try {
        await launch().promise;
      } catch (error) {
        log.warn({ part: 'queue', error: messageOf(error) }, 'the queue has ended; it starts again when the database answers');
      }
      await untilItSucceeds(async () => {
        await pool.query('SELECT 1');
      });
    }
  }

  /** The answer to a fetch was lost, and perhaps it named a task: that is locked by us, and nobody here knows of it. */
  async function sweep(): Promise<void> {
    isSweeping = true;
    await pauses.sleep(SWEEP_PAUSE_MS);
    await untilItSucceeds(() => returnUnknownTasks(pool, processId(), [...held]));
    isSweeping = false;
  }

  return {
    async start(runClaimed) {
      run = runClaimed;
      await installQueue(pool, log);
      isStopped = false;
      pauses.begin();
      supervising = supervise();
    },
    // The tasks were committed together with the executions, and the database announces them.
    push() {},
    wake() {},
    stop() {
      if (isStopped) return Promise.resolve();
      isStopped = true;
      pauses.end();
      // Waits for what runs, which `close` does. What goes wrong is heard of where the pool's promise is awaited.
      Promise.resolve(workers?.gracefulShutdown('the server is stopping')).catch(() => {});
      return Promise.resolve();
    },
    async close(timeoutMs = CLOSE_TIMEOUT_MS) {
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([supervising, timeout]);
      clearTimeout(timer);
    },
    depth: () => ({ waiting: 0, running }),
  };
}

function executionIdOf(payload: unknown): string {
  if (typeof payload === 'object' && payload !== null && 'id' in payload && typeof payload.id === 'string') return payload.id;
  throw new TypeError('A task of the queue names no execution.');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
