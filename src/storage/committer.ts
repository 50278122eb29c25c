// How executions are written: the contract between the stores, which all databases share, and the writer of each database.

import type { Job } from '../engine/model.ts';
import type { ExecutionWrite } from '../engine/ports.ts';

/** Writes that are stored together or not at all, in this order. */
export type Unit = readonly [ExecutionWrite, ...ExecutionWrite[]];

/** The one writer of a process: what waits at the same moment is committed together. */
export interface Committer {
  /**
   * Resolves when the unit is durable. A refusal concerns this unit alone; the others of its batch are stored.
   * @throws HooklineError `storage_unavailable`; then nothing of it is stored. `ownership_lost`, `already_resumed`,
   *   `execution_ended`: see `ExecutionStore.commit`
   */
  commit(unit: Unit): Promise<void>;
  /** Runs other writes between two batches, in a transaction of their own; rolled back when `work` throws. */
  exclusive<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Waits for what is pending. Later commits are refused. */
  close(): Promise<void>;
}

/** The writes of executions that each database does in its own way; the rest of `executionStore` is shared. */
export interface ExecutionWriter extends Pick<Committer, 'commit'> {
  /**
   * Makes an execution `running` here, with `startedAt` when it has none and without `wakeAt`, if this process may run it: see
   * `ExecutionStore.claim`.
   * @returns whether it may
   */
  claim(id: string, now: number): Promise<boolean>;
  /**
   * Puts a final execution back into the queue: `reopenExecution` of `execution-changes.ts` in a transaction, with the queue's
   * task on PostgreSQL. @throws HooklineError `conflict` when it is not final
   */
  reopen(id: string, jobs: readonly Job[]): Promise<void>;
}
