// Deletes executions that are older than their status allows, and old messages, a few at a time.

import { toFailure } from '../engine/failure.ts';
import { type ExecutionStatus, isFinal } from '../engine/model.ts';
import { HooklineError } from '../errors.ts';
import { yieldTurn } from './database.ts';
import type { OpenStorage } from './storage.ts';

/** How long executions of a final status are kept, in milliseconds since their acceptance. Statuses not named stay for ever. */
export type RetentionRules = Readonly<Partial<Record<ExecutionStatus, number>>>;

export interface RetentionOptions {
  /** Between the end of one round and the start of the next, in milliseconds. Default one minute. */
  readonly intervalMs?: number;
  /** How long messages are kept with their deliveries and attempts, in milliseconds since their acceptance. Default for ever. */
  readonly keepMessagesMs?: number | undefined;
  /** What else has its time: deletes up to `limit` of it, and says how many there were. */
  readonly others?: readonly { readonly what: string; deleteOld(limit: number): Promise<number> }[];
  /** Executions or messages deleted in one transaction. Default 200: commits then wait for milliseconds at most. */
  readonly chunk?: number;
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
  /** Milliseconds since 1970. Default the system's clock. */
  readonly now?: () => number;
}

/** What retention needs of the storage. */
export interface RetentionStorage {
  readonly executions: Pick<OpenStorage['executions'], 'deleteOld'>;
  readonly outbound: { readonly messages: Pick<OpenStorage['outbound']['messages'], 'deleteOld'> };
  finishDeletes(): Promise<void>;
}

/**
 * Starts rounds of deletion; the first one begins at once, and first goes on with deletions that a crash has interrupted.
 * A round that fails is logged and tried again at the next interval.
 * @returns stops, and resolves when nothing is being deleted any more
 * @throws HooklineError `invalid_configuration` for a rule on a status that is not final, or a time that is not positive
 */
export function startRetention(storage: RetentionStorage, rules: RetentionRules, options: RetentionOptions): () => Promise<void> {
  const { intervalMs = 60_000, chunk = 200, keepMessagesMs, others = [], log, now = Date.now } = options;
  const entries = checkedEntries(rules);
  if (keepMessagesMs !== undefined && !isPositive(keepMessagesMs)) {
    const sentence = `Retention of messages cannot be ${keepMessagesMs} ms: it must be more than zero.`;
    throw new HooklineError('invalid_configuration', sentence);
  }
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round = run();

  async function run(): Promise<void> {
    await attempt('executions', async () => {
      await storage.finishDeletes();
      for (const [status, keepMs] of entries) {
        const before = now() - keepMs;
        const deleted = await deleteAll(() => storage.executions.deleteOld(status, before, chunk));
        if (deleted > 0) log.info({ status, deleted }, 'Deleted old executions');
      }
    });
    if (keepMessagesMs !== undefined) {
      await attempt('messages', async () => {
        const before = now() - keepMessagesMs;
        const deleted = await deleteAll(() => storage.outbound.messages.deleteOld(before, chunk));
        if (deleted > 0) log.info({ deleted }, 'Deleted old messages');
      });
    }
    for (const { what, deleteOld } of others) {
      await attempt(what, async () => {
        const deleted = await deleteAll(() => deleteOld(chunk));
        if (deleted > 0) log.info({ deleted }, `Deleted old ${what}`);
      });
    }
    if (stopped) return;
    timer = setTimeout(() => {
      round = run();
    }, intervalMs);
    timer.unref();
  }

  async function attempt(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      // Not the error itself: Sequelize hangs the statement with its values on it.
      log.warn({ error: toFailure(error) }, `Could not delete old ${what}; the next round tries again`);
    }
  }

  /** @param deleteSome up to `chunk`; says how many */
  async function deleteAll(deleteSome: () => Promise<number>): Promise<number> {
    let total = 0;
    for (let deleted = chunk; deleted >= chunk && !stopped; ) {
      deleted = await deleteSome();
      total += deleted;
      await yieldTurn();
    }
    return total;
  }

  return async () => {
    stopped = true;
    clearTimeout(timer);
    await round;
  };
}

function checkedEntries(rules: RetentionRules): [ExecutionStatus, number][] {
  return Object.entries(rules).map(([name, keepMs]) => {
    const status = name as ExecutionStatus;
    if (isFinal(status) && isPositive(keepMs)) return [status, keepMs];
    throw new HooklineError(
      'invalid_configuration',
      `Retention of "${name}" executions cannot be ${keepMs} ms: only final statuses have one, and it must be more than zero.`,
    );
  });
}

function isPositive(ms: number): boolean {
  return Number.isFinite(ms) && ms > 0;
}
