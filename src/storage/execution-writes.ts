// Writes units of executions on SQLite: simple ones together in one statement, the others one by one in one transaction.

import type sqlite3 from 'sqlite3';
import type { OutboundWrite } from '../engine/outbound-ports.ts';
import type { ExecutionWrite } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import type { Unit } from './committer.ts';
import { toLogEntry, toRow, type WrittenJobs, type WrittenRow } from './execution-row.ts';
import { type OutboundStatement, outboundWriter, toOutboundStatements } from './outbound/sqlite-writes.ts';
import { execute, inTransaction, Statement } from './sqlite-handle.ts';
import {
  CLAIM_SQL,
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
  /** Writes units in this order. Throws when nothing of any is stored. */
  write(units: readonly Unit[]): Promise<Written>;
  /** Writes one unit in the transaction under way. @throws HooklineError for a refusal */
  writeInside(unit: Unit): Promise<void>;
  /** Makes executions `running`, each at its time. @returns the ids of those that may run */
  claim(claims: readonly (readonly [id: string, now: number])[]): Promise<ReadonlySet<string>>;
  /** Lets the prepared statements go: after a failure, or at the end. */
  reset(): Promise<void>;
}

/** A unit of one insert or one update, or of neither. */
function isSimple([write, ...more]: Unit): boolean {
  return more.length === 0 && write.signal === undefined;
}

/** Neighbours that one statement can write, and between them each unit that needs its own. */
interface Group {
  readonly units: Unit[];
  readonly isSimple: boolean;
}

function groupsOf(units: readonly Unit[]): Group[] {
  const groups: Group[] = [];
  // A statement does not see the rows that it adds: a second write of one execution goes into the next one.
  const ids = new Set<string>();
  for (const unit of units) {
    const simple = isSimple(unit);
    const id = (unit[0].insert ?? unit[0].update)?.id;
    const last = groups.at(-1);
    if (simple && last?.isSimple && (id === undefined || !ids.has(id))) {
      last.units.push(unit);
    } else {
      groups.push({ units: [unit], isSimple: simple });
      ids.clear();
    }
    if (id !== undefined) ids.add(id);
  }
  return groups;
}

/** Opens the writer on the connection of the committer. */
export async function unitWriter(handle: sqlite3.Database): Promise<UnitWriter> {
  const upsert = new Statement(handle, UPSERT_SQL);
  const upsertReturning = new Statement(handle, UPSERT_RETURNING_SQL);
  const log = new Statement(handle, LOG_SQL);
  const take = new Statement(handle, TAKE_SQL);
  const signal = new Statement(handle, SIGNAL_SQL);
  const wake = new Statement(handle, WAKE_SQL);
  const unfinished = new Statement(handle, UNFINISHED_SQL);
  const claiming = new Statement(handle, CLAIM_SQL);
  const outbound = await outboundWriter(handle);
  const statements = [upsert, upsertReturning, log, take, signal, wake, unfinished, claiming];

  /** What several writes add up to, as the parameters of the statements. */
  function collect(writes: readonly ExecutionWrite[]) {
    const rows: WrittenRow[] = [];
    const logged: WrittenJobs[] = [];
    const taken: (readonly [executionId: string, jobPath: string])[] = [];
    let hasUpdates = false;
    let hasOutbound = false;
    for (const write of writes) {
      if (write.outbound) hasOutbound = true;
      const row = toRow(write);
      if (row) rows.push(row);
      const entry = toLogEntry(write);
      if (entry) logged.push(entry);
      const { update } = write;
      if (!update) continue;
      hasUpdates = true;
      for (const jobPath of update.takenSignals) taken.push([update.id, jobPath]);
    }
    return { rows: rows.length === 0 ? '' : JSON.stringify(rows), logged, taken, hasUpdates, hasOutbound };
  }
  type Collected = ReturnType<typeof collect>;

  /**
   * The ids of what was stored; undefined when nothing can have been refused: a new execution never is. Measured, RETURNING
   * costs less than half a microsecond a row, and unlike a count of changed rows it says which ones were refused.
   */
  async function upsertRows({ rows, hasUpdates }: Collected): Promise<ReadonlySet<string> | undefined> {
    if (rows === '') return undefined;
    if (hasUpdates) return new Set((await upsertReturning.all<{ id: string }>(rows)).map(({ id }) => id));
    await upsert.run(rows);
    return undefined;
  }

  /** In a transaction, when there is more than rows. Signals go before the rows: one that is taken wakes nobody. */
  async function writeCollected(collected: Collected): Promise<ReadonlySet<string> | undefined> {
    if (collected.taken.length > 0) await take.run(JSON.stringify(collected.taken));
    const stored = await upsertRows(collected);
    if (collected.logged.length > 0) await log.run(JSON.stringify(collected.logged));
    return stored;
  }

  /** @throws HooklineError `execution_ended`, `already_resumed`, unless it may be left out */
  async function storeSignal(write: NonNullable<ExecutionWrite['signal']>): Promise<void> {
    const { executionId, jobPath, output, error, branch, sealed, isOptional = false } = write;
    const stored = await signal.all(JSON.stringify([[executionId, jobPath, { output, error, branch, sealed }, Date.now()]]));
    const id = JSON.stringify([executionId]);
    if (stored.length > 0) return wake.run(id);
    if (isOptional) return;
    if ((await unfinished.all(id)).length === 0) {
      throw new HooklineError('execution_ended', `Execution ${executionId} has ended; nothing in it waits any more.`);
    }
    throw new HooklineError('already_resumed', `${jobPath} of execution ${executionId} has been resumed already.`);
  }

  async function writeStatements(statements: readonly OutboundStatement[]): Promise<number> {
    let length = 0;
    for (const statement of statements) length += await outbound.write(statement);
    return length;
  }

  /** In a transaction. */
  function writeOutbound(writes: readonly OutboundWrite[]): Promise<number> {
    return writeStatements(toOutboundStatements(writes));
  }

  async function writeOne(unit: Unit): Promise<number> {
    let length = 0;
    for (const one of unit) {
      if (one.insert || one.update) {
        const collected = collect([one]);
        const refusal = refusalOf(one, await writeCollected(collected));
        if (refusal) throw refusal;
        length += collected.rows.length;
      }
      if (one.signal) await storeSignal(one.signal);
    }
    return length + (await writeOutbound(outboundOf(unit)));
  }

  async function writeSimple(units: readonly Unit[], collected: Collected): Promise<Written> {
    const stored = await writeCollected(collected);
    const refusals = units.map(([one]) => refusalOf(one, stored));
    let { length } = collected.rows;
    if (collected.hasOutbound) {
      length += await writeOutbound(units.flatMap((unit, index) => (refusals[index] ? [] : outboundOf(unit))));
    }
    return { refusals, length };
  }

  /** Units without executions: nothing of them is refused. */
  async function writeOutboundAlone(units: readonly Unit[]): Promise<Written> {
    const statements = toOutboundStatements(units.flatMap(outboundOf));
    const refusals = units.map(() => undefined);
    const write = async () => ({ refusals, length: await writeStatements(statements) });
    return statements.length > 1 ? inTransaction(handle, write) : write();
  }

  /** In a transaction: a refusal undoes what came before it in the unit, and nothing else. */
  async function writeAlone(unit: Unit): Promise<Written> {
    await execute(handle, 'SAVEPOINT unit');
    try {
      const length = await writeOne(unit);
      await execute(handle, 'RELEASE unit');
      return { refusals: [undefined], length };
    } catch (error) {
      if (!(error instanceof HooklineError)) throw error;
      await execute(handle, 'ROLLBACK TO unit');
      await execute(handle, 'RELEASE unit');
      return { refusals: [error], length: 0 };
    }
  }

  async function writeGroups(groups: readonly Group[]): Promise<Written> {
    const refusals: Refusal[] = [];
    let length = 0;
    for (const { units, isSimple: simple } of groups) {
      const [first] = units;
      if (!first) continue;
      const written = await (simple ? writeSimple(units, collect(units.map(([one]) => one))) : writeAlone(first));
      refusals.push(...written.refusals);
      length += written.length;
    }
    return { refusals, length };
  }

  return {
    async write(units) {
      const groups = groupsOf(units);
      const [only, ...more] = groups;
      if (only?.isSimple && more.length === 0) {
        const collected = collect(units.map(([one]) => one));
        // The hot path: one statement is a transaction by itself.
        const { rows, logged, taken, hasOutbound } = collected;
        if (logged.length === 0 && taken.length === 0 && !hasOutbound) return writeSimple(units, collected);
        if (rows === '') return writeOutboundAlone(units);
        return inTransaction(handle, () => writeSimple(units, collected));
      }
      return inTransaction(handle, () => writeGroups(groups));
    },

    async writeInside(unit) {
      await writeOne(unit);
    },

    async claim(claims) {
      return new Set((await claiming.all<{ id: string }>(JSON.stringify(claims))).map(({ id }) => id));
    },

    async reset() {
      await Promise.all([outbound.reset(), ...statements.map((statement) => statement.reset())]);
    },
  };
}

function outboundOf(unit: Unit): OutboundWrite[] {
  return unit.flatMap((one) => one.outbound ?? []);
}

function refusalOf({ update }: ExecutionWrite, stored: ReadonlySet<string> | undefined): Refusal {
  if (!update || stored === undefined || stored.has(update.id)) return undefined;
  return new HooklineError('ownership_lost', `Execution ${update.id} has ended or was deleted; its new state is not stored.`);
}
