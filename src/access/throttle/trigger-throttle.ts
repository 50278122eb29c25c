// Slows down who guesses the credentials of a trigger URL, by workflow and place; callers that were right there lately pass.

import { HooklineError } from '../../errors.ts';
import type { MakeCounter } from './counter.ts';
import { keepLatest } from './keep-latest.ts';
import type { KnownCallers } from './known-callers.ts';
import { placesOfAddress } from './place.ts';
import type { Refusals } from './refusals.ts';

/** A call whose credentials were looked at. */
export interface TriggerCaller {
  readonly workflowId: string;
  readonly address: string;
  /** The header `Authorization`; empty when there is none. */
  readonly authorization: string;
}

export interface TriggerThrottle {
  /**
   * For right credentials. Says at once that they pass, unless the place is blocked: then only those pass that were right from
   * there within 24 hours, and the promise rejects for all others.
   * @throws HooklineError (the promise) `too_many_requests` with `Retry-After`
   */
  admit(caller: TriggerCaller): Promise<void> | undefined;
  /** For wrong credentials: counts them. @throws HooklineError `too_many_requests` with `Retry-After` instead of the refusal */
  refuse(caller: TriggerCaller): Promise<void>;
}

/** Wrong calls of a place within a minute that are answered with 401; further ones block the place. */
const FREE = 30;
/** The same of an IPv6 /48. */
const FREE_WIDE = 300;
const WINDOW_MS = 60_000;
/** The first block lasts a minute, each further one within a day twice as long, a quarter of an hour at most. */
const FIRST_BLOCK_MS = 60_000;
const MAX_BLOCK_MS = 900_000;
const DAY_MS = 86_400_000;
/** How often a caller is noted as right, in milliseconds. */
const NOTE_EVERY_MS = 600_000;
/** Callers and blocks in memory at most; what is forgotten of them is in the counters and in the database. */
const MAX_KEPT = 10_000;

export function createTriggerThrottle(options: {
  counters: MakeCounter;
  known: KnownCallers;
  refusals: Pick<Refusals, 'note'>;
  now: () => number;
}): TriggerThrottle {
  const { counters, known, refusals, now } = options;
  const wrong = counters({ name: 'trigger', windowMs: WINDOW_MS });
  const blocks = counters({ name: 'trigger-block', windowMs: FIRST_BLOCK_MS });
  const blocksOfDay = counters({ name: 'trigger-blocks', windowMs: DAY_MS });
  /** What each caller presented last that was right, and when: this alone is looked at for most calls. */
  const right = new Map<string, { readonly authorization: string; readonly at: number }>();
  /** Ends of blocks that this process knows of. */
  const blockedUntil = new Map<string, number>();

  const callerOf = ({ workflowId, address }: TriggerCaller): string => `${workflowId} ${address}`;

  function keysOf({ workflowId, address }: TriggerCaller): readonly (readonly [key: string, free: number])[] {
    const { narrow, wide } = placesOfAddress(address);
    return [[`${workflowId} ${narrow}`, FREE], ...(wide === undefined ? [] : [[`${workflowId} ${wide}`, FREE_WIDE] as const])];
  }

  function knownKey({ workflowId, address, authorization }: TriggerCaller): string {
    return known.keyOf('trigger', `${workflowId} ${placesOfAddress(address).narrow}`, authorization);
  }

  function remember(caller: TriggerCaller, key = knownKey(caller)): void {
    known.remember(key);
    keepLatest(right, callerOf(caller), { authorization: caller.authorization, at: now() }, MAX_KEPT);
  }

  /** How long this process knows one of the keys to be blocked, in milliseconds. */
  function ownWaitMs(caller: TriggerCaller): number {
    if (blockedUntil.size === 0) return 0;
    return Math.max(0, ...keysOf(caller).map(([key]) => (blockedUntil.get(key) ?? 0) - now()));
  }

  async function admitKnown(caller: TriggerCaller, waitMs: number): Promise<void> {
    const key = knownKey(caller);
    if (await known.find(key)) return remember(caller, key);
    refusals.note(refusalOf(caller));
    throw tooManyWrong(waitMs);
  }

  /** @returns how long the key is blocked after one more wrong call, in milliseconds */
  async function countWrong(key: string, free: number): Promise<number> {
    const present = await blocks.get(key);
    if (present.tries > 0) return present.restMs;
    const { tries, restMs } = await wrong.add(key);
    if (tries <= free) return 0;
    // Of several at once one begins the block, which outlasts the window.
    if (tries > free + 1) return restMs;
    const { tries: nth } = await blocksOfDay.add(key);
    const blockMs = Math.min(MAX_BLOCK_MS, FIRST_BLOCK_MS * 2 ** (nth - 1));
    return (await blocks.add(key, blockMs)).restMs;
  }

  return {
    admit(caller) {
      const last = right.get(callerOf(caller));
      if (last !== undefined && last.authorization === caller.authorization && last.at > now() - NOTE_EVERY_MS) return undefined;
      const waitMs = ownWaitMs(caller);
      if (waitMs > 0) return admitKnown(caller, waitMs);
      remember(caller);
      return undefined;
    },

    async refuse(caller) {
      refusals.note(refusalOf(caller));
      let waitMs = ownWaitMs(caller);
      if (waitMs === 0) {
        for (const [key, free] of keysOf(caller)) {
          const ownMs = await countWrong(key, free);
          if (ownMs > 0) keepLatest(blockedUntil, key, Math.max(now() + ownMs, blockedUntil.get(key) ?? 0), MAX_KEPT);
          waitMs = Math.max(waitMs, ownMs);
        }
      }
      if (waitMs > 0) throw tooManyWrong(waitMs);
    },
  };
}

function refusalOf({ workflowId, address }: TriggerCaller) {
  return { action: 'basicAuthRefused', target: workflowId, address } as const;
}

function tooManyWrong(waitMs: number): HooklineError {
  const seconds = Math.ceil(waitMs / 1_000);
  return new HooklineError(
    'too_many_requests',
    `Too many calls with missing or wrong credentials came from this address. Wait ${seconds} s before the next one.`,
    { headers: { 'Retry-After': String(seconds) } },
  );
}
