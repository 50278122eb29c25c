// Runs tasks in child processes, one task a process, and kills the process of a task that takes too long.
//
// Processes, not threads: when a thread allocates far past its limit in one step (a list of a hundred million members),
// V8 ends the whole process and no setting prevents it.

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Socket } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type ErrorCode, HooklineError } from '../errors.ts';
import type { NumberedTask, Outcome, Task } from './task.ts';

/** A process that has had nothing to do for this long is ended, and its memory is free again. */
const IDLE_MS = 5 * 60_000;

/** How much of a process's last words is kept to explain its end, in characters. */
const MAX_STDERR = 4000;

/** A script that goes on this much past its own time limit is deaf to it (a search in a list of 2^53 members): its process ends. */
const SCRIPT_GRACE_MS = 500;

export interface PoolOptions {
  /** How long one expression may run, in milliseconds; waiting for a process and loading a language do not count. */
  readonly timeoutMs: number;
  /** Most processes at the same time. */
  readonly maxWorkers: number;
  /** Heap of one process in megabytes; 64 or more. The process itself needs about 40 MB beside it. */
  readonly memoryMb: number;
}

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
  /** Takes the listener off the caller's signal. */
  release: () => void;
}

interface Worker {
  readonly process: ChildProcess;
  job: Job | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  stderr: string;
}

/** Starts no process: the first task does. */
export function createPool(options: PoolOptions): Pool {
  const { timeoutMs, maxWorkers, memoryMb } = options;
  const waiting = new Set<Job>();
  const workers = new Set<Worker>();
  const idle: Worker[] = [];
  const ending = new Set<Promise<unknown>>();
  let lastId = 0;
  let isClosed = false;

  function startNext(): void {
    for (const job of waiting) {
      const worker = idle.pop() ?? (workers.size < maxWorkers ? startWorker() : undefined);
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
    const worker: Worker = { process: forkWorker(memoryMb), job: undefined, idleTimer: undefined, stderr: '' };
    workers.add(worker);
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
    if (job === undefined || typeof message !== 'object' || message === null) return;
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
    // An idle process keeps neither this one alive nor its memory for ever.
    worker.process.unref();
    worker.process.channel?.unref();
    worker.idleTimer = setTimeout(() => {
      idle.splice(idle.indexOf(worker), 1);
      end(worker);
    }, IDLE_MS).unref();
    idle.push(worker);
    startNext();
  }

  /** Refuses a job, with its process if it runs. */
  function stop(job: Job, error: unknown): void {
    const { worker } = job;
    if (worker !== undefined) end(worker, error);
    else if (waiting.has(job)) settle(job, () => job.reject(error));
  }

  /** Ends a process, if it has not ended by itself, and refuses its job. */
  function end(worker: Worker, error?: unknown): void {
    if (!workers.delete(worker)) return;
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
  }

  function settle(job: Job, tell: () => void): void {
    clearTimeout(job.timer);
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
          release: () => {},
        };
        if (signal !== undefined) {
          const abort = () => stop(job, signal.reason);
          signal.addEventListener('abort', abort);
          job.release = () => signal.removeEventListener('abort', abort);
        }
        waiting.add(job);
        startNext();
      });
    },
    async close() {
      isClosed = true;
      for (const job of [...waiting]) stop(job, closedError());
      for (const worker of [...workers]) end(worker, closedError());
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

/** The process's code is compiled beside this file, or its source (tests, `npm run dev`), which Node 20 reads with tsx. */
function forkWorker(memoryMb: number): ChildProcess {
  const isSource = import.meta.url.endsWith('.ts');
  const filename = fileURLToPath(new URL(isSource ? './worker.ts' : './worker.js', import.meta.url));
  const loader = isSource ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
  return fork(filename, [String(process.pid)], {
    execArgv: [
      `--max-old-space-size=${memoryMb}`,
      // Every escape from an expression language has needed `f.constructor('…')`.
      '--disallow-code-generation-from-strings',
      ...loader,
    ],
    // Nothing of the server's environment is an expression's business.
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}
