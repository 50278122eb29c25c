// The callers of a chaos run: they send requests, try again elsewhere when one fails, and remember what was acknowledged.

import { createRandom, type Random } from './random.ts';
import { type ChaosWorkflow, CUSTOMERS } from './workflows.ts';

/** A request that was answered with 2xx. Times are milliseconds since 1970. */
export interface Acknowledged {
  readonly workflow: string;
  readonly executionId: string;
  /** What was sent. */
  readonly body: string;
  /** What came back. */
  readonly status: number;
  readonly text: string;
  /** When the try was sent that was answered. */
  readonly sentAt: number;
  readonly acknowledgedAt: number;
}

/** One try. */
export interface Try {
  /** 0: the connection failed. */
  readonly status: number;
  readonly sentAt: number;
  readonly endedAt: number;
}

export interface LoadOptions {
  readonly seed: number;
  readonly callers: number;
  /** Between two requests of one caller, in milliseconds. */
  readonly pauseMs: number;
  readonly workflows: readonly (ChaosWorkflow & { readonly hookKey: string })[];
  /** Addresses that may be called now. */
  readonly urls: () => readonly string[];
}

export interface Load {
  readonly acknowledged: readonly Acknowledged[];
  readonly tries: readonly Try[];
  /** Requests that were given up, since the load was stopped in between. */
  readonly abandoned: number;
  /** Resolves when the last answer is there. */
  stop(): Promise<void>;
}

const TIMEOUT_MS = 20_000;
const RETRY_PAUSE_MS = 50;

/** Begins to call. What each caller sends is decided by the seed alone; how much of it is sent depends on time. */
export function startLoad({ seed, callers, pauseMs, workflows, urls }: LoadOptions): Load {
  const acknowledged: Acknowledged[] = [];
  const tries: Try[] = [];
  let abandoned = 0;
  let isStopped = false;
  const lots = workflows.flatMap((workflow) => Array.from({ length: workflow.weight }, () => workflow));

  async function call(caller: number, random: Random): Promise<void> {
    for (let n = 1; !isStopped; n += 1) {
      const { name, hookKey } = random.pick(lots);
      const body = JSON.stringify({ n: caller * 1_000_000 + n, customer: random.pick(CUSTOMERS) });
      const isAnswered = await send(name, hookKey, body, caller);
      if (!isAnswered) abandoned += 1;
      await pause(pauseMs * random.between(0.5, 1.5));
    }
  }

  async function send(workflow: string, hookKey: string, body: string, caller: number): Promise<boolean> {
    for (let attempt = caller; !isStopped; attempt += 1) {
      const known = urls();
      const url = known[attempt % known.length];
      const sentAt = Date.now();
      if (url !== undefined) {
        const answer = await post(`${url}/hooks/${hookKey}`, body);
        const acknowledgedAt = Date.now();
        tries.push({ status: answer?.status ?? 0, sentAt, endedAt: acknowledgedAt });
        if (answer && answer.status < 300) {
          const { executionId, status, text } = answer;
          acknowledged.push({ workflow, executionId, body, status, text, sentAt, acknowledgedAt });
          return true;
        }
      }
      await pause(RETRY_PAUSE_MS);
    }
    return false;
  }

  const calling = Array.from({ length: callers }, (_, caller) => call(caller, createRandom(seed * 1_000 + caller)));
  return {
    acknowledged,
    tries,
    get abandoned() {
      return abandoned;
    },
    async stop() {
      isStopped = true;
      await Promise.all(calling);
    },
  };
}

interface PostAnswer {
  readonly status: number;
  readonly text: string;
  readonly executionId: string;
}

/** @returns undefined when the connection failed, or nothing came in time */
export async function post(url: string, body: string): Promise<PostAnswer | undefined> {
  try {
    const headers = { 'Content-Type': 'application/json' };
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const executionId = response.headers.get('x-hookline-execution-id') ?? '';
    // A caller reads its answer to the end before it believes it.
    return { status: response.status, text: await response.text(), executionId };
  } catch {
    return undefined;
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
