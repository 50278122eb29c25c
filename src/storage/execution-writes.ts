// Writes units of executions on SQLite: many simple ones in one statement, the others one after the other in one transaction.

import type sqlite3 from 'sqlite3';
import type { ExecutionWrite } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import type { Unit } from './committer.ts';
import { toLogEntry, toRow, type WrittenJobs, type WrittenRow } from './execution-row.ts';
import { execute, inTransaction, Statement } from './sqlite-handle.ts';
import {
  LOG_SQL,
  SIGNAL_SQL,
  TAKE_SQL,
  UNFINISHED_SQL,
  UPSERT_RETURNING_SQL,
  UPSERT_SQL,
  WAKE_SQL,
} from './sqlite-statements.ts';

/** Why a unit was refused; undefined when it is stored. */
export type Refusal = HooklineError | undefined;

export interface Written {
  /** For each unit. */
  readonly refusals: readonly Refusal[];
  /** About what went to the database, in bytes. */
  readonly length: number;
}

export interface UnitWriter {
  /** Writes simple units, no two of one execution. Throws when nothing of any is stored. */
  writeSimple(units: readonly Unit[]): Promise<Written>;
  /** Writes any units, in this order, in one transaction. Throws when nothing of any is stored. */
  writeEach(units: readonly Unit[]): Promise<Written>;
  /** Lets the prepared statements go: after a failure, or at the end. */
  reset(): Promise<void>;
}

/** A unit of one insert or one update. */
export function isSimple([write, ...more]: Unit): boolean {
  return more.length === 0 && write.signal === undefined;
}

export function unitWriter(handle: sqlite3.Database): UnitWriter {
  const upsert = new Statement(handle, UPSERT_SQL);
  const upsertReturning = new Statement(handle, UPSERT_RETURNING_SQL);
  const log = new Statement(handle, LOG_SQL);
  const take = new Statement(handle, TAKE_SQL);
  const signal = new Statement(handle, SIGNAL_SQL);
  const wake = new Statement(handle, WAKE_SQL);
  const unfinished = new Statement(handle, UNFINISHED_SQL);
  const statements = [upsert, upsertReturning, log, take, signal, wake, unfinished];

  /** What several writes add up to, as the parameters of the statements. */
  function collect(writes: readonly ExecutionWrite[]) {
    const rows: WrittenRow[] = [];
    const logged: WrittenJobs[] = [];
    const taken: (readonly [executionId: string, jobPath: string])[] = [];
    let hasUpdates = false;
    for (const write of writes) {
      const row = toRow(write);
      if (row) rows.push(row);
      const entry = toLogEntry(write);
      if (entry) logged.push(entry);
      const { update } = write;
      if (!update) continue;
      hasUpdates = true;
      for (const jobPath of update.takenSignals) taken.push([update.id, jobPath]);
    }
    return { rows: JSON.stringify(rows), logged, taken, hasUpdates };
  }
  type Collected = ReturnType<typeof collect>;

  /**
   * The ids of what was stored; undefined when nothing can have been refused. A new execution is never refused, so that only
   * batches with updates pay for RETURNING: about 1 % of a commit.
   */
  async function upsertRows({ rows, hasUpdates }: Collected): Promise<ReadonlySet<string> | undefined> {
    if (hasUpdates) return new Set((await upsertReturning.all<{ id: string }>(rows)).map(({ id }) => id));
    await upsert.run(rows);
    return undefined;
  }

  /** In a transaction, when there is more than rows. Signals go before the rows: one that is taken wakes nobody. */
  async function write(collected: Collected): Promise<ReadonlySet<string> | undefined> {
    if (collected.taken.length > 0) await take.run(JSON.stringify(collected.taken));
    const stored = await upsertRows(collected);
    if (collected.logged.length > 0) await log.run(JSON.stringify(collected.logged));
    return stored;
  }

  /** @throws HooklineError `execution_ended`, `already_resumed` */
  async function storeSignal({ executionId, jobPath, output, error }: NonNullable<ExecutionWrite['signal']>): Promise<void> {
    const stored = await signal.all(JSON.stringify([[executionId, jobPath, { output, error }, Date.now()]]));
    const id = JSON.stringify([executionId]);
    if (stored.length > 0) return wake.run(id);
    if ((await unfinished.all(id)).length === 0) {
      throw new HooklineError('execution_ended', `Execution ${executionId} has ended; nothing in it waits any more.`);
    }
    throw new HooklineError('already_resumed', `${jobPath} of execution ${executionId} has been resumed already.`);
  }

  async function writeOne(unit: Unit): Promise<number> {
    let length = 0;
    for (const one of unit) {
      if (one.insert || one.update) {
        const collected = collect([one]);
        const refusal = refusalOf(one, await write(collected));
        if (refusal) throw refusal;
        length += collected.rows.length;
      }
      if (one.signal) await storeSignal(one.signal);
    }
    return length;
  }

  return {
    async writeSimple(units) {
      const collected = collect(units.map(([one]) => one));
      const isPlain = collected.logged.length === 0 && collected.taken.length === 0;
      const stored = await (isPlain ? write(collected) : inTransaction(handle, () => write(collected)));
      return { refusals: units.map(([one]) => refusalOf(one, stored)), length: collected.rows.length };
    },

    writeEach: (units) =>
      inTransaction(handle, async () => {
        const refusals: Refusal[] = [];
        let length = 0;
        for (const unit of units) {
          await execute(handle, 'SAVEPOINT unit');
          try {
            length += await writeOne(unit);
            refusals.push(undefined);
          } catch (error) {
            if (!(error instanceof HooklineError)) throw error;
            refusals.push(error);
            await execute(handle, 'ROLLBACK TO unit');
          }
          await execute(handle, 'RELEASE unit');
        }
        return { refusals, length };
      }),

    async reset() {
      await Promise.all(statements.map((statement) => statement.reset()));
    },
  };
}

function refusalOf({ update }: ExecutionWrite, stored: ReadonlySet<string> | undefined): Refusal {
  if (!update || stored === undefined || stored.has(update.id)) return undefined;
  return new HooklineError('ownership_lost', `Execution ${update.id} has ended or was deleted; its new state is not stored.`);
}
