// Remembers which executions were cancelled before their turn, for a queue that still holds them.

/** Ids kept at the same time; a queue's window is far smaller. */
const MAX_IDS = 10_000;

export interface Cancellations {
  /** Told before it is known whether the cancelling can be stored: the queue's turn may come meanwhile. */
  add(executionId: string, stored: Promise<void>): void;
  /** Whether the execution must not run; asked once, at its turn. One whose cancelling could not be stored runs. */
  take(executionId: string): boolean | Promise<boolean>;
}

export function createCancellations(): Cancellations {
  const outcomes = new Map<string, Promise<boolean>>();
  return {
    add(executionId, stored) {
      if (outcomes.size >= MAX_IDS) outcomes.clear();
      const isStored = stored.then(
        () => true,
        () => false,
      );
      outcomes.set(executionId, isStored);
    },
    take(executionId) {
      const outcome = outcomes.get(executionId);
      if (outcome === undefined) return false;
      outcomes.delete(executionId);
      return outcome;
    },
  };
}
