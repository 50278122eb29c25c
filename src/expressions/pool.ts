// Runs tasks in child processes, one task a process, and kills the process of a task that takes too long. A spare process that
// has loaded the same languages takes its place, so that the tasks behind it do not wait for a language again.
//
// Processes, not threads: when a thread allocates far past its limit in one step (a list of a hundred million members),
// V8 ends the whole process and no setting prevents it.

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import { type ErrorCode, HooklineError } from '../errors.ts';
import { createGuard, type Guard } from './guard.ts';
import { startProcess } from './start-process.ts';
import { type Loadable, languageOf, type NumberedTask, type Outcome, type Task } from './task.ts';

/** A process that has had nothing to do for this long is ended, and its memory is free again. */
const IDLE_MS = 5 * 60_000;

/** How much of a process's last words is kept to explain its end, in characters. */
const MAX_STDERR = 4000;

/** A script that goes on this much past its own time limit is deaf to it (a search in a list of 2^53 members): its process ends. */
const SCRIPT_GRACE_MS = 500;

export interface PoolOptions {
  /** How long one expression may run, in milliseconds; waiting for a process and loading a language do not count. */
  readonly timeoutMs: number;
  /** Most processes that work at the same time; a spare one may stand beside them. */
  readonly maxWorkers: number;
  /** Heap of one process in megabytes; 64 or more. The process itself needs about 40 MB beside it. */
  readonly memoryMb: number;
  /** Told of every process that starts and of every language that one of them has loaded. Default: nobody asks. */
  onEvent?(event: PoolEvent): void;
}

export type PoolEvent = { readonly started: 'worker' | 'spare' } | { readonly loaded: Loadable };

export interface Pool {
  /**
   * @throws HooklineError `expression_timeout`, `expression_failed`, for scripts `script_limit`, `script_failed`;
   *   `shutting_down`; the signal's reason when it aborts
   */
  run(task: Task, signal?: AbortSignal): Promise<Outcome>;
  /** Ends all processes; what runs or waits is refused. */
  close(): Promise<void>;
}

interface Job {
  readonly task: NumberedTask;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
  /** The process that runs it; undefined while it waits. */
  worker: Worker | undefined;
  timer: NodeJS.Timeout | undefined;
  /** Runs at half of the time limit. */
  halfTimer: NodeJS.Timeout | undefined;
  /** Takes the listener off the caller's signal. */
  release: () => void;
}

interface Worker {
  readonly process: ChildProcess;
  job: Job | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  stderr: string;
}

/**
 * Starts no process: the first task does. The spare is started when a task has used half of its time or a process has ended
 * under its task, and ends when it was not needed for five minutes.
 */
export function createPool(options: PoolOptions, guard: Guard = createGuard()): Pool {
  const { timeoutMs, maxWorkers, memoryMb, onEvent } = options;
  const waiting = new Set<Job>();
  const workers = new Set<Worker>();
  /** What the tasks so far have needed. */
  const languages = new Set<Loadable>();
  let spare: Worker | undefined;
  const idle: Worker[] = [];
  const ending = new Set<Promise<unknown>>();
  let lastId = 0;
  let isClosed = false;

  function startNext(): void {
    for (const job of waiting) {
      const worker = idle.pop() ?? (workers.size < maxWorkers ? (takeSpare() ?? startWorker()) : undefined);
      if (worker === undefined) return;
      waiting.delete(job);
      start(job, worker);
    }
  }

  function start(job: Job, worker: Worker): void {
    job.worker = worker;
    worker.job = job;
    clearTimeout(worker.idleTimer);
    worker.process.ref();
    worker.process.channel?.ref();
    try {
      worker.process.send(job.task, (error) => {
        // A process that is gone says so with `exit`, too; this is the message that could not be sent to one that lives.
        if (error !== null && job.worker !== undefined) end(worker, failure('The expression could not be started', error));
      });
    } catch (error) {
      finish(job, () => job.reject(failure('The values for the expression cannot be copied', error)));
    }
  }

  function startWorker(): Worker {
    const worker = makeWorker('worker');
    workers.add(worker);
    return worker;
  }

  function takeSpare(): Worker | undefined {
    const worker = spare;
    spare = undefined;
    if (worker !== undefined) workers.add(worker);
    return worker;
  }

  function prepareSpare(): void {
    if (isClosed || spare !== undefined) return;
    const worker = makeWorker('spare');
    spare = worker;
    rest(worker);
    worker.process.send({ kind: 'preload', languages: [...languages] }, (error) => {
      if (error !== null) end(worker);
    });
  }

  function makeWorker(started: 'worker' | 'spare'): Worker {
    const worker: Worker = { process: startProcess(memoryMb), job: undefined, idleTimer: undefined, stderr: '' };
    const { pid } = worker.process;
    if (pid !== undefined) {
      guard.watch(pid);
      worker.process.once('exit', () => guard.forget(pid));
    }
    onEvent?.({ started });
    worker.process.on('message', (message: unknown) => receive(worker, message));
    worker.process.on('error', (error) => end(worker, failure('The process for expressions could not start', error)));
    worker.process.on('exit', (code, signal) => end(worker, describeEnd(worker, signal ?? `code ${code}`)));
    const { stderr } = worker.process;
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      worker.stderr = (worker.stderr + text).slice(-MAX_STDERR);
    });
    // An open pipe alone would keep this process from ending.
    if (stderr instanceof Socket) stderr.unref();
    return worker;
  }

  function receive(worker: Worker, message: unknown): void {
    const { job } = worker;
    if (typeof message !== 'object' || message === null) return;
    if ('loaded' in message) onEvent?.({ loaded: message.loaded as Loadable });
    if (job === undefined) return;
    if ('started' in message && message.started === job.task.id) startTimer(job);
    if ('outcome' in message && 'id' in message && message.id === job.task.id) {
      const outcome = message.outcome as Outcome;
      finish(job, () => job.resolve(outcome));
    }
  }

  function startTimer(job: Job): void {
    const { task } = job;
    const isScript = task.kind === 'script';
    const limitMs = isScript ? task.timeoutMs : timeoutMs;
    job.halfTimer = setTimeout(prepareSpare, limitMs / 2);
    job.timer = setTimeout(
      () => {
        // An answer that is already here, behind a busy main thread, is still in time.
        setImmediate(() => {
          const error = isScript
            ? new HooklineError('script_limit', `The script took longer than ${limitMs} ms and was stopped`)
            : new HooklineError('expression_timeout', `The expression took longer than ${limitMs / 1000} s and was stopped`);
          stop(job, error);
        });
      },
      isScript ? limitMs + SCRIPT_GRACE_MS : limitMs,
    );
  }

  /** Ends a job whose process is fit for the next one. */
  function finish(job: Job, tell: () => void): void {
    const { worker } = job;
    settle(job, tell);
    if (worker === undefined || !workers.has(worker)) return;
    rest(worker);
    idle.push(worker);
    startNext();
  }

  /** A process without a task keeps neither this one alive nor its memory longer than `IDLE_MS`. */
  function rest(worker: Worker): void {
    worker.process.unref();
    worker.process.channel?.unref();
    worker.idleTimer = setTimeout(() => end(worker), IDLE_MS).unref();
  }

  /** Refuses a job, with its process if it runs. */
  function stop(job: Job, error: unknown): void {
    const { worker } = job;
    if (worker !== undefined) end(worker, error);
    else if (waiting.has(job)) settle(job, () => job.reject(error));
  }

  /** Ends a process, if it has not ended by itself, and refuses its job. */
  function end(worker: Worker, error?: unknown): void {
    const isSpare = worker === spare;
    if (isSpare) spare = undefined;
    else if (!workers.delete(worker)) return;
    clearTimeout(worker.idleTimer);
    const at = idle.indexOf(worker);
    if (at >= 0) idle.splice(at, 1);
    const { process: child, job } = worker;
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const exit = once(child, 'exit');
      // Somebody may wait for its end with nothing else to do: an idle one alone would let this process end meanwhile.
      child.ref();
      ending.add(exit);
      exit.finally(() => ending.delete(exit));
      child.kill('SIGKILL');
    }
    if (job !== undefined) settle(job, () => job.reject(error));
    startNext();
    // What ended one process may end the next.
    if (job !== undefined) prepareSpare();
  }

  function settle(job: Job, tell: () => void): void {
    clearTimeout(job.timer);
    clearTimeout(job.halfTimer);
    job.release();
    waiting.delete(job);
    if (job.worker !== undefined) job.worker.job = undefined;
    job.worker = undefined;
    tell();
  }

  function describeEnd(worker: Worker, how: string): HooklineError {
    const isScript = worker.job?.task.kind === 'script';
    if (worker.stderr.includes('heap out of memory') || worker.stderr.includes('invalid size error')) {
      if (isScript) return new HooklineError('script_limit', 'The script needed more memory than there is and was stopped');
      return new HooklineError('expression_failed', `The expression needed more than ${memoryMb} MB of memory and was stopped`);
    }
    const reason = new Error(`${how} ${worker.stderr.trim()}`.trim());
    if (isScript) return failure('The process of the script ended', reason, 'script_failed');
    return failure('The process for expressions ended', reason);
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
          worker: undefined,
          timer: undefined,
          halfTimer: undefined,
          release: () => {},
        };
        if (signal !== undefined) {
          const abort = () => stop(job, signal.reason);
          signal.addEventListener('abort', abort);
          job.release = () => signal.removeEventListener('abort', abort);
        }
        languages.add(languageOf(task));
        waiting.add(job);
        startNext();
      });
    },
    async close() {
      isClosed = true;
      for (const job of [...waiting]) stop(job, closedError());
      for (const worker of [...workers, ...(spare === undefined ? [] : [spare])]) end(worker, closedError());
      await Promise.all(ending);
    },
  };
}

function closedError(): HooklineError {
  return new HooklineError('shutting_down', 'The server is shutting down; no expressions are evaluated any more');
}

function failure(what: string, error: unknown, code: ErrorCode = 'expression_failed'): HooklineError {
  const reason = error instanceof Error ? error.message : String(error);
  return new HooklineError(code, `${what}: ${reason}`, { cause: error });
}
