// Does long work in slices, so that other requests are served in between.

/** Units of work between two turns of the event loop: some milliseconds when a unit is what one node of a workflow costs. */
export const UNITS_PER_SLICE = 50;

/** Work that says after each part how many units it took. */
export type Sliced<Result> = Generator<number, Result, void>;

/** Does the work in slices. */
export async function inSlices<Result>(work: Sliced<Result>): Promise<Result> {
  const pause = createPause();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    await pause(step.value);
  }
}

/** @returns what is called with the units that were done, and awaited: it lets others work when a slice is full */
export function createPause(): (units: number) => Promise<void> | undefined {
  let done = 0;
  return (units) => {
    done += units;
    if (done < UNITS_PER_SLICE) return undefined;
    done = 0;
    return new Promise((resolve) => {
      setImmediate(resolve);
    });
  };
}
