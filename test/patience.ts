// How long a test waits for what must come to pass: a bound for the slowest machine, never part of what is asserted.

/** For `vi.waitFor`: what is already so costs nothing, what never comes fails with its own message before the test's time is up. */
export const PATIENCE = { timeout: 60_000, interval: 20 } as const;

/** Time limits for `withLimit`, in milliseconds: the first suits a fast machine. */
const LIMITS_MS = [200, 1_000, 5_000, 25_000];

/**
 * For time limits that are tested themselves: a limit that passes before the work has come as far as the test needs says nothing,
 * so that a longer one is tried.
 * @param work does it within the limit
 * @param hasComeFar whether the limit was long enough to see what is tested
 */
export async function withLimit<Result>(
  work: (limitMs: number) => Promise<Result>,
  hasComeFar: (result: Result) => boolean,
): Promise<{ readonly limitMs: number; readonly result: Result }> {
  for (const limitMs of LIMITS_MS) {
    const result = await work(limitMs);
    if (hasComeFar(result)) return { limitMs, result };
  }
  throw new Error(`It never came far enough, not within ${LIMITS_MS.at(-1)} ms either.`);
}
