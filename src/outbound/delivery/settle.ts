// Tells executions that wait for a message what has become of it.

import { parseJson } from '../../engine/json.ts';
import type { Failure } from '../../engine/model.ts';
import type { Attempt, Delivery, DeliveryStatus, Message } from '../../engine/outbound-model.ts';
import type { OutboundStore } from '../../engine/outbound-ports.ts';
import type { ExecutionStore } from '../../engine/ports.ts';
import type { FailureStreak } from './failure-streak.ts';

/** The outcome of a message, as the node that has sent it has it. */
export interface SentResult {
  messageId: string;
  /** Whether all deliveries have succeeded. */
  delivered: boolean;
  deliveries: {
    deliveryId: string;
    endpointId: string;
    status: DeliveryStatus;
    /** Of the last answer; null when there was none. */
    httpStatus: number | null;
    attempts: number;
    /** Of the last attempt; null when there was none. */
    durationMs: number | null;
    error: Failure | null;
  }[];
  /** These four when it went to one URL alone: of the last attempt; null without an answer. */
  status?: number | null;
  headers?: Readonly<Record<string, string>> | null;
  /** Parsed when it says that it is JSON, else text. */
  body?: unknown;
  durationMs?: number | null;
}

export interface SettlerOptions {
  readonly store: Pick<OutboundStore, 'messages' | 'deliveries' | 'attempts'>;
  readonly commit: ExecutionStore['commit'];
  readonly streak: FailureStreak;
  /** Executions that wait were put into the queue. */
  onSignaled(): void;
}

/** Messages read at once by a sweep. */
const AT_ONCE = 50;
const URL_ENDPOINT = /^url_/;
const JSON_TYPE = /^application\/(?:[^;]+\+)?json\b/i;

export class Settler {
  readonly #options: SettlerOptions;
  /** By message; whether one more of its deliveries has ended meanwhile. */
  readonly #running = new Map<string, { isAsked: boolean; done: Promise<boolean> }>();
  #isStopped = false;

  constructor(options: SettlerOptions) {
    this.#options = options;
  }

  /** A delivery of an awaited message has ended. What fails is done by the next sweep. */
  consider(message: Message): void {
    if (message.source?.isAwaited && !this.#isStopped) void this.#settleOnce(message);
  }

  /** Settles what nobody has settled. @throws HooklineError `storage_unavailable` when it cannot be read */
  async sweep(): Promise<void> {
    for (;;) {
      const messages = await this.#options.store.messages.listUnsettled(AT_ONCE);
      const settled = await Promise.all(messages.map((message) => this.#settleOnce(message)));
      if (messages.length < AT_ONCE || settled.includes(false) || this.#isStopped) return;
    }
  }

  /** Begins no more; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  /** Never rejects. @returns whether it is settled now */
  #settleOnce(message: Message): Promise<boolean> {
    const known = this.#running.get(message.id);
    if (known) {
      known.isAsked = true;
      return known.done;
    }
    const run = { isAsked: false, done: Promise.resolve(false) };
    this.#running.set(message.id, run);
    run.done = this.#settle(message, run);
    return run.done;
  }

  async #settle(message: Message, run: { isAsked: boolean }): Promise<boolean> {
    try {
      let isSettled = false;
      do {
        run.isAsked = false;
        isSettled = await this.#settleIfFinal(message);
      } while (run.isAsked && !isSettled);
      this.#options.streak.worked();
      return isSettled;
    } catch (error) {
      this.#options.streak.failed(error, 'an execution could not be told of its message');
      return false;
    } finally {
      this.#running.delete(message.id);
    }
  }

  async #settleIfFinal({ id, source }: Message): Promise<boolean> {
    const { store, commit, onSignaled } = this.#options;
    const deliveries = await store.deliveries.ofMessage(id);
    if (!source || deliveries.some(({ status }) => status === 'pending')) return false;
    const last: (Attempt | undefined)[] = [];
    for (const delivery of deliveries) {
      last.push(delivery.attempts === 0 ? undefined : (await store.attempts.ofDelivery(delivery.id)).at(-1));
    }
    const output = sentResult(id, deliveries, last);
    const { executionId, jobPath } = source;
    const branch = output.delivered ? 'delivered' : 'failed';
    await commit({ outbound: { settled: [id] } }, { signal: { executionId, jobPath, output, branch, isOptional: true } });
    onSignaled();
    return true;
  }
}

/** @param last the last attempt of each delivery */
export function sentResult(
  messageId: string,
  deliveries: readonly Delivery[],
  last: readonly (Attempt | undefined)[],
): SentResult {
  const result: SentResult = {
    messageId,
    delivered: deliveries.every(({ status }) => status === 'succeeded'),
    deliveries: deliveries.map(({ id, endpointId, status, lastStatus, attempts, error }, index) => ({
      deliveryId: id,
      endpointId,
      status,
      httpStatus: lastStatus,
      attempts,
      durationMs: last[index]?.timings.totalMs ?? null,
      error,
    })),
  };
  const [only] = deliveries;
  if (!only || deliveries.length > 1 || !URL_ENDPOINT.test(only.endpointId)) return result;
  const attempt = last[0];
  return {
    ...result,
    status: attempt?.status ?? null,
    headers: attempt?.responseHeaders ?? null,
    body: attempt ? bodyOf(attempt) : null,
    durationMs: attempt?.timings.totalMs ?? null,
  };
}

function bodyOf({ responseBody, responseHeaders, isResponseCut }: Attempt): unknown {
  if (responseBody === null || isResponseCut) return responseBody;
  const type = Object.entries(responseHeaders ?? {}).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
  if (!JSON_TYPE.test(type)) return responseBody;
  try {
    return parseJson(responseBody);
  } catch {
    // It says that it is JSON and is not: the flow has the text to look at.
    return responseBody;
  }
}
