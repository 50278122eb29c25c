// Hands calls of a workflow to those who listen for them, in whichever process they are.

import { toErrorReply } from '../errors.ts';
import { makeCapture } from './capture.ts';
import { toFailure } from './failure.ts';
import { createIdSource } from './id.ts';
import type { Interest } from './interest.ts';
import type { Capture, ExecutionWithJobs, StoredRequest } from './model.ts';
import type { Log } from './plugin.ts';
import type { Bus, CaptureStore } from './ports.ts';

export interface Captures {
  /**
   * Whether a call of this workflow is to be captured: asked for every call, so one look into a set while nobody listens.
   * False also when so many were captured within this second that nobody could read them.
   */
  isWanted(workflowId: string): boolean;
  /** Shows a call to whoever listens. Never throws. */
  add(workflowId: string, request: StoredRequest, outcome: Capture['outcome']): void;
  /** @returns stops listening */
  listen(workflowId: string, listener: (capture: Capture) => void): () => void;
  /** Captures nothing more; waits for what is being handed over. */
  stop(): Promise<void>;
}

export interface CapturesOptions {
  readonly bus: Bus;
  readonly interest: Interest;
  readonly store: CaptureStore;
  readonly log: Log;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Captures of one process in a second. */
const MAX_PER_SECOND = 20;
/** After a minute whoever listens has read it, or never will. */
const KEEP_MS = 60_000;

export function createCaptures({ bus, interest, store, log, now }: CapturesOptions): Captures {
  const listeners = new Map<string, Set<(capture: Capture) => void>>();
  const createId = createIdSource();
  /** What is being written or read. */
  const running = new Set<Promise<void>>();
  let second = 0;
  let captured = 0;
  let purge: NodeJS.Timeout | undefined;
  let isStopped = false;

  const topicOf = (workflowId: string): string => workflowId;

  function deliver(workflowId: string, capture: Capture): void {
    for (const listener of listeners.get(workflowId) ?? []) listener(capture);
  }

  function run(work: () => Promise<void>): void {
    const done = work()
      .catch((error: unknown) => log.warn({ error: toFailure(error) }, 'a captured call could not be handed over'))
      .finally(() => running.delete(done));
    running.add(done);
  }

  async function handOver(workflowId: string, capture: Capture): Promise<void> {
    const captureId = createId(capture.at);
    await store.add(captureId, workflowId, capture);
    await bus.publish({ type: 'call-captured', workflowId, captureId });
    purgeLater();
  }

  function purgeLater(): void {
    if (isStopped) return;
    purge ??= setTimeout(() => {
      purge = undefined;
      run(() => store.deleteBefore(now() - KEEP_MS));
    }, KEEP_MS + 1_000).unref();
  }

  const unsubscribe = bus.subscribe((message) => {
    if (message.type !== 'call-captured' || !listeners.has(message.workflowId)) return;
    const { workflowId, captureId } = message;
    run(async () => {
      const capture = await store.get(captureId);
      if (capture) deliver(workflowId, capture);
    });
  });

  return {
    isWanted(workflowId) {
      if (!interest.has(topicOf(workflowId)) || isStopped) return false;
      const present = Math.floor(now() / 1_000);
      if (present !== second) captured = 0;
      second = present;
      captured += 1;
      return captured <= MAX_PER_SECOND;
    },

    add(workflowId, request, outcome) {
      if (isStopped) return;
      try {
        const capture = makeCapture(now(), request, outcome);
        deliver(workflowId, capture);
        if (interest.hasElsewhere(topicOf(workflowId))) run(() => handOver(workflowId, capture));
      } catch (error) {
        log.error({ workflow: workflowId, error: toFailure(error) }, 'a call could not be shown to those who listen for it');
      }
    },

    listen(workflowId, listener) {
      const release = interest.add(topicOf(workflowId));
      const own = (capture: Capture): void => listener(capture);
      const those = listeners.get(workflowId) ?? new Set();
      listeners.set(workflowId, those.add(own));
      return () => {
        those.delete(own);
        if (those.size === 0 && listeners.get(workflowId) === those) listeners.delete(workflowId);
        release();
      };
    },

    async stop() {
      isStopped = true;
      clearTimeout(purge);
      unsubscribe();
      await Promise.all(running);
    },
  };
}

/** Runs `work` and shows the request with what became of it. */
export async function captured(
  captures: Pick<Captures, 'add'>,
  workflowId: string,
  request: StoredRequest,
  work: () => Promise<ExecutionWithJobs>,
): Promise<ExecutionWithJobs> {
  try {
    const execution = await work();
    captures.add(workflowId, execution.request ?? request, outcomeOf(execution));
    return execution;
  } catch (error) {
    captures.add(workflowId, request, refusalOf(error));
    throw error;
  }
}

/** What became of a call that was accepted. */
export function outcomeOf({ id, response, error }: ExecutionWithJobs): Capture['outcome'] {
  return { status: response?.status ?? 200, executionId: id, error };
}

/** What became of a call that was refused: what its caller was told. */
export function refusalOf(error: unknown): Capture['outcome'] {
  const { status, body } = toErrorReply(error);
  return { status, executionId: null, error: body.error };
}
