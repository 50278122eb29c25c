// Measures how long it takes until what a killed process ran goes on.

import type { Incidents } from './incidents.ts';
import { pause } from './load.ts';
import type { ChaosStore } from './stores.ts';

export interface RecoveryMeter {
  /** Milliseconds from a kill to the moment at which an execution went on, for each that was running. */
  readonly times: readonly number[];
  /** Milliseconds from a kill to the moment at which all that was running there was in the queue again. */
  readonly takeOvers: readonly number[];
  /** Times during which the database was away as well, or no worker lived from one end to the other; they have no limit. */
  readonly disturbed: readonly number[];
  /** Begins to look after what a process has left; call it right after its end. */
  follow(processId: string | undefined): void;
  settled(): Promise<void>;
}

/** How exact the times are, in milliseconds. */
const LOOK_EVERY_MS = 50;
/** Longest look, in milliseconds. */
const GIVE_UP_MS = 60_000;

/**
 * On PostgreSQL, where each execution names its owner.
 * @param hasWorkerSince whether a worker lives now and has lived since a time
 */
export function createRecoveryMeter(
  store: ChaosStore,
  incidents: Incidents,
  hasWorkerSince: (time: number) => boolean,
): RecoveryMeter {
  const times: number[] = [];
  const takeOvers: number[] = [];
  const disturbed: number[] = [];
  const pending = new Set<Promise<void>>();

  async function find(sql: string, values: unknown[]): Promise<Set<string> | undefined> {
    try {
      return new Set((await store.rows<{ id: string }>(sql, values)).map(({ id }) => id));
    } catch {
      // The database is away.
      return undefined;
    }
  }

  async function look(processId: string, killedAt: number): Promise<void> {
    const owned = "SELECT id FROM executions WHERE status = 'running' AND owner = $1";
    let left: ReadonlySet<string> | undefined;
    while (left === undefined && Date.now() - killedAt < GIVE_UP_MS) {
      left = await find(owned, [processId]);
      if (left === undefined) await pause(LOOK_EVERY_MS);
    }
    const open = `SELECT id FROM executions WHERE id = ANY($2) AND (status = 'queued' OR status = 'running' AND owner = $1)`;
    let isTakenOver = false;
    while (left !== undefined && left.size > 0) {
      if (!isTakenOver && (await find(owned, [processId]))?.size === 0) {
        isTakenOver = true;
        const now = Date.now();
        if (isUndisturbed(killedAt, now)) takeOvers.push(now - killedAt);
      }
      const still: ReadonlySet<string> = (await find(open, [processId, [...left]])) ?? left;
      const now = Date.now();
      for (const id of left) if (!still.has(id) || now - killedAt > GIVE_UP_MS) note(now - killedAt, killedAt, now);
      if (now - killedAt > GIVE_UP_MS) return;
      left = still;
      await pause(LOOK_EVERY_MS);
    }
  }

  function isUndisturbed(from: number, to: number): boolean {
    return !incidents.touch(from, to, ['database']) && hasWorkerSince(from);
  }

  function note(ms: number, from: number, to: number): void {
    (isUndisturbed(from, to) ? times : disturbed).push(ms);
  }

  return {
    times,
    takeOvers,
    disturbed,
    follow(processId) {
      if (processId === undefined) return;
      const looking = look(processId, Date.now()).finally(() => pending.delete(looking));
      pending.add(looking);
    },
    async settled() {
      await Promise.all(pending);
    },
  };
}
