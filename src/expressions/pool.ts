// Runs tasks in worker threads, one task a thread, and ends the thread of a task that takes too long.

import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Piscina } from 'piscina';
import { HooklineError } from '../errors.ts';
import type { NumberedTask, Outcome, Task, WorkerSettings } from './task.ts';

/** A thread that has had nothing to do for this long is ended, and its memory is free again. */
const IDLE_MS = 5 * 60_000;

export interface PoolOptions {
  /** How long one task may run, in milliseconds; waiting for a thread and loading a language do not count. */
  readonly timeoutMs: number;
  /** Most threads at the same time. */
  readonly maxWorkers: number;
  /** Heap of one thread in megabytes. */
  readonly memoryMb: number;
}

export interface Pool {
  /** @throws HooklineError `expression_timeout`, `expression_failed`, `shutting_down`; the signal's reason when it aborts */
  run(task: Task, signal?: AbortSignal): Promise<Outcome>;
  /** Ends all threads; what runs or waits is refused. */
  close(): Promise<void>;
}

interface Job {
  readonly task: NumberedTask;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
  /** Ends the thread that runs the task. */
  readonly controller: AbortController;
  hasStarted: boolean;
  timer: NodeJS.Timeout | undefined;
  /** Takes the listener off the caller's signal. */
  release: () => void;
  isSettled: boolean;
}

/** Starts no thread: the first task does. */
export function createPool(options: PoolOptions): Pool {
  const { timeoutMs, maxWorkers, memoryMb } = options;
  // Tasks wait here and not in Piscina's queue: a thread that is ended there leaves tasks behind it waiting for ever.
  const waiting = new Set<Job>();
  const running = new Map<number, Job>();
  let piscina: Promise<Piscina> | undefined;
  let lastId = 0;
  let isClosed = false;

  async function open(): Promise<Piscina> {
    const { Piscina } = await import('piscina');
    const pool = new Piscina({ ...entry(), minThreads: 0, maxThreads: maxWorkers, idleTimeout: IDLE_MS, ...limits(memoryMb) });
    pool.on('message', (message: unknown) => {
      if (typeof message !== 'object' || message === null || !('started' in message)) return;
      const job = typeof message.started === 'number' ? running.get(message.started) : undefined;
      if (job !== undefined) startTimer(job);
    });
    // A thread that dies without a task could not start: what waits for it would wait for ever.
    pool.on('error', (error: unknown) => {
      for (const job of running.values()) {
        if (!job.hasStarted) settle(job, () => job.reject(failure('The thread for expressions could not start', error)), true);
      }
    });
    return pool;
  }

  function startTimer(job: Job): void {
    job.hasStarted = true;
    job.timer = setTimeout(() => {
      // An answer that is already here, behind a busy main thread, is still in time.
      setImmediate(() => {
        const seconds = timeoutMs / 1000;
        const error = new HooklineError('expression_timeout', `The expression took longer than ${seconds} s and was stopped`);
        settle(job, () => job.reject(error), true);
      });
    }, timeoutMs);
  }

  function settle(job: Job, tell: () => void, endsThread = false): void {
    if (job.isSettled) return;
    job.isSettled = true;
    clearTimeout(job.timer);
    job.release();
    waiting.delete(job);
    tell();
    if (running.delete(job.task.id)) {
      if (endsThread) job.controller.abort();
      startNext();
    }
  }

  function startNext(): void {
    if (isClosed || running.size >= maxWorkers) return;
    for (const job of waiting) {
      waiting.delete(job);
      running.set(job.task.id, job);
      start(job).catch((error: unknown) => settle(job, () => job.reject(explain(error))));
      break;
    }
  }

  async function start(job: Job): Promise<void> {
    piscina ??= open();
    const pool = await piscina;
    if (job.isSettled) return;
    const outcome: Outcome = await pool.run(job.task, { signal: job.controller.signal });
    settle(job, () => job.resolve(outcome));
  }

  function explain(error: unknown): HooklineError {
    if (isClosed) return closedError();
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
      return new HooklineError('expression_failed', `The expression needed more than ${memoryMb} MB of memory and was stopped`);
    }
    return failure('The expression could not be evaluated', error);
  }

  return {
    run(task, signal) {
      return new Promise((resolve, reject) => {
        if (isClosed) throw closedError();
        signal?.throwIfAborted();
        lastId++;
        const job: Job = {
          task: { ...task, id: lastId },
          resolve,
          reject,
          controller: new AbortController(),
          hasStarted: false,
          timer: undefined,
          release: () => {},
          isSettled: false,
        };
        if (signal !== undefined) {
          const abort = () => settle(job, () => reject(signal.reason), true);
          signal.addEventListener('abort', abort);
          job.release = () => signal.removeEventListener('abort', abort);
        }
        waiting.add(job);
        startNext();
      });
    },
    async close() {
      isClosed = true;
      for (const job of [...waiting, ...running.values()]) settle(job, () => job.reject(closedError()));
      if (piscina !== undefined) await (await piscina).destroy();
    },
  };
}

function closedError(): HooklineError {
  return new HooklineError('shutting_down', 'The server is shutting down; no expressions are evaluated any more');
}

function failure(what: string, error: unknown): HooklineError {
  const reason = error instanceof Error ? error.message : String(error);
  return new HooklineError('expression_failed', `${what}: ${reason}`, { cause: error });
}

function limits(memoryMb: number) {
  return {
    resourceLimits: { maxOldGenerationSizeMb: memoryMb, maxYoungGenerationSizeMb: Math.max(1, Math.floor(memoryMb / 4)) },
    // Nothing of the server's environment is an expression's business.
    env: {},
    recordTiming: false,
  };
}

/**
 * The thread's code: compiled beside this file, or its source (tests, `npm run dev`). The source needs tsx on Node 20, where
 * the option reaches `require` and the entry itself has to register it for `import()`.
 */
function entry(): { readonly filename: string; readonly execArgv: string[]; readonly workerData?: WorkerSettings } {
  const isSource = import.meta.url.endsWith('.ts');
  const filename = fileURLToPath(new URL(isSource ? './worker.ts' : './worker.js', import.meta.url));
  if (!isSource) return { filename, execArgv: [] };
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx'));
  return { filename, execArgv: ['--import', tsx.href], workerData: { sourceLoader: 'tsx/esm/api' } };
}
