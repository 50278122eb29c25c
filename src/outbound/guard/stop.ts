// Ends a request from outside, once: its deadline, its caller's signal, or the end of the process.

/** What an AbortController does, for one listener at a time: a request that is sent thousands of times a second has no use for more. */
export class Stop {
  /** What the request ends with; undefined while it goes on. */
  reason: unknown = undefined;
  /** Called once when the request is to end; whoever is waiting for something sets it, and clears it after. */
  onStop: (() => void) | undefined = undefined;

  /** The first reason stays. */
  end(reason: unknown): void {
    if (this.reason !== undefined) return;
    this.reason = reason ?? new Error('The request was stopped.');
    const { onStop } = this;
    this.onStop = undefined;
    onStop?.();
  }
}

/** A promise that nothing can stop, or the reason of the stop if that comes first. */
export function orStopped<Value>(promise: Promise<Value>, stop: Stop): Promise<Value> {
  return new Promise((resolve, reject) => {
    let isDone = false;
    const finish = (): boolean => {
      if (isDone) return false;
      isDone = true;
      stop.onStop = undefined;
      return true;
    };
    promise.then(
      (value) => finish() && resolve(value),
      (error: unknown) => finish() && reject(error),
    );
    const onStop = (): void => {
      if (finish()) reject(stop.reason);
    };
    if (stop.reason !== undefined) onStop();
    else stop.onStop = onStop;
  });
}

/** Ties requests to signals with one listener for each signal, however many requests share it. */
export function createSignalTies(): { tie(signal: AbortSignal, stop: Stop): () => void } {
  const bySignal = new WeakMap<AbortSignal, Set<Stop>>();
  return {
    tie(signal, stop) {
      let stops = bySignal.get(signal);
      if (stops === undefined) {
        const all = new Set<Stop>();
        signal.addEventListener('abort', () => {
          for (const one of all) one.end(signal.reason);
        });
        bySignal.set(signal, all);
        stops = all;
      }
      const tied = stops;
      tied.add(stop);
      return () => tied.delete(stop);
    },
  };
}
