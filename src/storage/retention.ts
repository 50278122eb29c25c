// Deletes executions that are older than their status allows, old messages, and what lies in the trash for long, a few at a time.

import { toFailure } from '../engine/failure.ts';
import type { RetentionPolicy } from '../engine/installation-settings.ts';
import { type ExecutionStatus, isFinal } from '../engine/model.ts';
import { HooklineError } from '../errors.ts';
import { yieldTurn } from './database.ts';
import type { OpenStorage } from './storage.ts';

export interface RetentionOptions {
  /** Between the end of one round and the start of the next, in milliseconds. Default one minute. */
  readonly intervalMs?: number;
  /** What else has its time: deletes up to `limit` of it, and says how many there were. */
  readonly others?: readonly { readonly what: string; deleteOld(limit: number): Promise<number> }[];
  /** Executions or messages deleted in one transaction. Default 200: commits then wait for milliseconds at most. */
  readonly chunk?: number;
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
  /** Milliseconds since 1970. Default the system's clock. */
  readonly now?: () => number;
}

/** How long workflows stay in the trash. */
const TRASH_MS = 30 * 24 * 3_600_000;

/** What retention needs of the storage. */
export interface RetentionStorage {
  readonly workflows: Pick<OpenStorage['workflows'], 'deleteTrashed'>;
  readonly executions: Pick<OpenStorage['executions'], 'deleteOld'>;
  readonly outbound: { readonly messages: Pick<OpenStorage['outbound']['messages'], 'deleteOld'> };
  finishDeletes(): Promise<void>;
}

/**
 * Starts rounds of deletion; the first one begins at once, and first goes on with deletions that a crash has interrupted.
 * A round that fails is logged and tried again at the next interval.
 * @param policyOf asked anew in each round
 * @returns stops, and resolves when nothing is being deleted any more
 */
export function startRetention(
  storage: RetentionStorage,
  policyOf: () => Promise<RetentionPolicy>,
  options: RetentionOptions,
): () => Promise<void> {
  const { intervalMs = 60_000, chunk = 200, others = [], log, now = Date.now } = options;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round = run();

  async function run(): Promise<void> {
    await attempt('executions', async () => {
      await storage.finishDeletes();
      const { executions } = await policyOf();
      for (const [status, keepMs] of checkedEntries(executions)) {
        const before = now() - keepMs;
        const deleted = await deleteAll(() => storage.executions.deleteOld(status, before, chunk));
        if (deleted > 0) log.info({ status, deleted }, 'Deleted old executions');
      }
    });
    await attempt('messages', async () => {
      const { messagesMs } = await policyOf();
      if (messagesMs === null) return;
      const before = now() - requirePositive('messages', messagesMs);
      const deleted = await deleteAll(() => storage.outbound.messages.deleteOld(before, chunk));
      if (deleted > 0) log.info({ deleted }, 'Deleted old messages');
    });
    await attempt('workflows in the trash', async () => {
      const deleted = await deleteAll(async () => (await storage.workflows.deleteTrashed(now() - TRASH_MS, chunk)).length);
      if (deleted > 0) log.info({ deleted }, 'Deleted workflows that were in the trash for 30 days');
    });
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

/** Only what was asked for is deleted, also when somebody has written nonsense into the settings. @throws HooklineError */
function checkedEntries(rules: RetentionPolicy['executions']): [ExecutionStatus, number][] {
  return Object.entries(rules).flatMap(([name, keepMs]): [ExecutionStatus, number][] => {
    const status = name as ExecutionStatus;
    if (keepMs == null) return [];
    if (!isFinal(status)) throw wrong(`"${name}" executions`, keepMs, 'only final statuses have one');
    return [[status, requirePositive(`"${name}" executions`, keepMs)]];
  });
}

function requirePositive(what: string, ms: number): number {
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw wrong(what, ms, 'it must be more than zero');
}

function wrong(what: string, ms: number, why: string): HooklineError {
  return new HooklineError('invalid_configuration', `Retention of ${what} cannot be ${ms} ms: ${why}.`);
}
