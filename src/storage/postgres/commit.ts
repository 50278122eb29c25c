// Group commit on PostgreSQL: whatever waits is committed together, claims included.

import type pg from 'pg';
import type { OutboundWrite } from '../../engine/outbound-ports.ts';
import type { QueueTask } from '../../engine/ports.ts';
import { HooklineError } from '../../errors.ts';
import type { Unit } from '../committer.ts';
import { postgresCode, toStorageError } from '../storage-error.ts';
import { batchOn, type Outcome } from './batch.ts';
import { writeOutbound } from './outbound.ts';
import { lockExecutions, readSignals, writeStates } from './statements.ts';
import { type Step, stepsOf, weightOf } from './steps.ts';
import type { Transact } from './transaction.ts';

/** Adds tasks of the queue in the transaction of a connection. */
export type AddTasks = (client: pg.ClientBase, tasks: readonly QueueTask[]) => Promise<void>;

export interface PostgresCommitterOptions {
  readonly transact: Transact;
  /** Owner of what runs here. */
  readonly processId: () => string;
  readonly addTasks: AddTasks;
}

export interface PostgresCommitter {
  commit(unit: Unit): Promise<void>;
  claim(id: string, now: number): Promise<boolean>;
  /** Writes one unit in the transaction of a connection. @throws HooklineError as `commit` does for a refusal */
  writeInside(client: pg.ClientBase, unit: Unit): Promise<void>;
  /** Waits for what is pending. Later commits are refused. */
  close(): Promise<void>;
}

interface Pending {
  readonly steps: readonly Step[];
  readonly outbound: readonly OutboundWrite[];
  readonly weight: number;
  resolve(isGranted: boolean): void;
  reject(error: unknown): void;
}

/** Units in one transaction. */
const MAX_UNITS = 256;
/** Bodies and replies in one statement, in characters, so that large ones do not meet in memory; one alone may be larger. */
const MAX_WEIGHT = 16 * 1024 * 1024;
/** Transactions at a time: the second one is on its way while the first waits for the disk. */
const MAX_PARALLEL = 2;
/** Tries of a batch that the database gave up because of others: a deadlock, a failed serialization. */
const MAX_TRIES = 3;

/** Opens the group-commit writer of a process. */
export function createPostgresCommitter({ transact, processId, addTasks }: PostgresCommitterOptions): PostgresCommitter {
  let pending: Pending[] = [];
  /** Executions of the batches under way: a later unit of theirs has to wait. */
  const busy = new Set<string>();
  const running = new Set<Promise<void>>();
  let wakeUp: NodeJS.Immediate | undefined;
  let closed = false;

  async function write(client: pg.ClientBase, batch: readonly Pick<Pending, 'steps' | 'outbound'>[]): Promise<Outcome[]> {
    const steps = batch.flatMap((one) => one.steps);
    const known = idsOf(steps.filter(({ type }) => type !== 'insert'));
    const stored = known.length === 0 ? [] : await lockExecutions(client, known);
    const resumable = idsOf(
      steps.filter((step) => step.type === 'signal' || (step.type === 'update' && step.status === 'waiting')),
    );
    const signals = resumable.length === 0 ? new Map<string, string[]>() : await readSignals(client, resumable);
    const result = batchOn(stored, signals, processId());
    const outcomes = batch.map((one) => result.apply(one.steps));
    const changed = result.changed();
    if (changed.length > 0) await writeStates(client, changed);
    const outbound = batch.flatMap((one, index) => (outcomes[index] === true ? one.outbound : []));
    if (outbound.length > 0) await writeOutbound(client, outbound);
    const tasks = result.tasks();
    if (tasks.length > 0) await addTasks(client, tasks);
    return outcomes;
  }

  async function writeAgain(batch: readonly Pending[]): Promise<Outcome[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await transact((client) => write(client, batch));
      } catch (error) {
        if (tries === MAX_TRIES || !isFaultOfOthers(error)) throw error;
      }
    }
  }

  async function commitBatch(batch: readonly Pending[]): Promise<void> {
    try {
      const outcomes = await writeAgain(batch);
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome instanceof HooklineError) reject(outcome);
        else resolve(outcome === true);
      }
    } catch (error) {
      if (batch.length > 1 && isFaultOfOne(error)) {
        // One bad unit must not take the others with it.
        for (const one of batch) await commitBatch([one]);
        return;
      }
      const failure = toCommitError(error);
      for (const { reject } of batch) reject(failure);
    }
  }

  function takeBatch(): Pending[] {
    const batch: Pending[] = [];
    const rest: Pending[] = [];
    // What has to wait holds up later units of the same executions, so that their order stays.
    const held = new Set(busy);
    let weight = 0;
    let seen = 0;
    for (const one of pending) {
      if (batch.length === MAX_UNITS || (batch.length > 0 && weight + one.weight > MAX_WEIGHT)) break;
      seen += 1;
      if (one.steps.some(({ id }) => held.has(id))) {
        for (const { id } of one.steps) held.add(id);
        rest.push(one);
      } else {
        batch.push(one);
        weight += one.weight;
      }
    }
    pending = rest.concat(pending.slice(seen));
    return batch;
  }

  function pump(): void {
    wakeUp = undefined;
    while (running.size < MAX_PARALLEL && pending.length > 0) {
      const batch = takeBatch();
      if (batch.length === 0) return;
      const ids = idsOf(batch.flatMap(({ steps }) => steps));
      for (const id of ids) busy.add(id);
      const committing = commitBatch(batch).finally(() => {
        for (const id of ids) busy.delete(id);
        running.delete(committing);
        pump();
      });
      running.add(committing);
    }
  }

  /** The first commit after a pause waits for the end of this turn of the event loop, so that its neighbours come along. */
  function enqueue(unit: Pick<Pending, 'steps' | 'outbound' | 'weight'>): Promise<boolean> {
    if (closed) return Promise.reject(new HooklineError('storage_unavailable', 'The database connection is closed.'));
    return new Promise((resolve, reject) => {
      pending.push({ ...unit, resolve, reject });
      wakeUp ??= setImmediate(pump);
    });
  }

  return {
    async commit(unit) {
      await enqueue({ steps: encode(unit), outbound: outboundOf(unit), weight: weightOf(unit) });
    },
    async writeInside(client, unit) {
      const one = { steps: encode(unit), outbound: outboundOf(unit) };
      const [outcome] = await write(client, [one]);
      if (outcome instanceof HooklineError) throw outcome;
    },
    claim: (id, now) => enqueue({ steps: [{ type: 'claim', id, now }], outbound: [], weight: 0 }),
    async close() {
      closed = true;
      while (wakeUp !== undefined || running.size > 0) {
        await Promise.all([...running, new Promise((resolve) => setImmediate(resolve))]);
      }
    },
  };
}

function outboundOf(unit: Unit): OutboundWrite[] {
  return unit.flatMap((write) => write.outbound ?? []);
}

function idsOf(steps: readonly Step[]): string[] {
  return [...new Set(steps.map(({ id }) => id))];
}

/** @throws HooklineError `storage_unavailable` for what cannot be written as JSON */
function encode(unit: Unit): readonly Step[] {
  try {
    return stepsOf(unit);
  } catch (error) {
    throw toCommitError(error);
  }
}

function toCommitError(error: unknown): HooklineError {
  const known = toStorageError(error);
  if (known instanceof HooklineError) return known;
  return new HooklineError('storage_unavailable', 'The database refused the write; the server log says why.', { cause: error });
}

/** A value or a row that is refused, or one too large: classes 22, 23, 54 and XX of PostgreSQL's error codes. */
function isFaultOfOne(error: unknown): boolean {
  return error instanceof RangeError || error instanceof TypeError || /^(22|23|54|XX)/.test(postgresCode(error) ?? '');
}

function isFaultOfOthers(error: unknown): boolean {
  const code = postgresCode(error);
  return code === '40001' || code === '40P01';
}
