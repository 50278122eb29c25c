// Keeps a queue from starting an execution that somebody cancels before its turn.

import { setBounded } from './bounded-cache.ts';

/** Outcomes kept at the same time; of more, the oldest are forgotten, which by then no queue holds. */
const MAX_IDS = 10_000;

export interface Cancellations {
  /** Cancels with `work`; from the call on, `outcomeOf` knows of it. */
  attempt<Result>(executionId: string, work: () => Promise<Result>): Promise<Result>;
  /** Whether the execution was cancelled, by the last attempt; undefined when there was none, or when it failed. */
  outcomeOf(executionId: string): Promise<boolean> | undefined;
  /** The execution is run again in spite of an earlier cancel. */
  forget(executionId: string): void;
}

export function createCancellations(): Cancellations {
  const outcomes = new Map<string, Promise<boolean>>();
  return {
    attempt(executionId, work) {
      const before = outcomes.get(executionId);
      const result = work();
      const outcome = result.then(
        () => true,
        async () => {
          const wasCanceled = (await before) ?? false;
          if (!wasCanceled && outcomes.get(executionId) === outcome) outcomes.delete(executionId);
          return wasCanceled;
        },
      );
      outcomes.delete(executionId);
      setBounded(outcomes, executionId, outcome, MAX_IDS);
      return result;
    },
    outcomeOf: (executionId) => outcomes.get(executionId),
    forget: (executionId) => void outcomes.delete(executionId),
  };
}
