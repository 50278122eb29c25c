// Deletes executions that are older than their status allows, a few at a time.

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
  /** Executions deleted in one transaction. Default 200: commits then wait for milliseconds at most. */
  readonly chunk?: number;
  readonly log: { warn(fields: object, message: string): void; info(fields: object, message: string): void };
  /** Milliseconds since 1970. Default the system's clock. */
  readonly now?: () => number;
}

/** What retention needs of the storage. */
export interface RetentionStorage {
  readonly executions: Pick<OpenStorage['executions'], 'deleteOld'>;
  finishDeletes(): Promise<void>;
}

/**
 * Starts rounds of deletion; the first one begins at once, and first goes on with deletions that a crash has interrupted.
 * A round that fails is logged and tried again at the next interval.
 * @returns stops, and resolves when nothing is being deleted any more
 * @throws HooklineError `invalid_configuration` for a rule on a status that is not final, or a time that is not positive
 */
export function startRetention(storage: RetentionStorage, rules: RetentionRules, options: RetentionOptions): () => Promise<void> {
  const { intervalMs = 60_000, chunk = 200, log, now = Date.now } = options;
  const entries = checkedEntries(rules);
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let round = run();

  async function run(): Promise<void> {
    try {
      await storage.finishDeletes();
      for (const [status, keepMs] of entries) {
        const deleted = await deleteAll(status, now() - keepMs);
        if (deleted > 0) log.info({ status, deleted }, 'Deleted old executions');
      }
    } catch (error) {
      // Not the error itself: Sequelize hangs the statement with its values on it.
      log.warn({ error: toFailure(error) }, 'Could not delete old executions; the next round tries again');
    }
    if (stopped) return;
    timer = setTimeout(() => {
      round = run();
    }, intervalMs);
    timer.unref();
  }

  async function deleteAll(status: ExecutionStatus, before: number): Promise<number> {
    let total = 0;
    for (let deleted = chunk; deleted >= chunk && !stopped; ) {
      deleted = await storage.executions.deleteOld(status, before, chunk);
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
    if (isFinal(status) && Number.isFinite(keepMs) && keepMs > 0) return [status, keepMs];
    throw new HooklineError(
      'invalid_configuration',
      `Retention of "${name}" executions cannot be ${keepMs} ms: only final statuses have one, and it must be more than zero.`,
    );
  });
}
