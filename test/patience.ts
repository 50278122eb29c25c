// How long a test waits for what must come to pass: a bound for the slowest machine, never part of what is asserted.

/** For `vi.waitFor`: what is already so costs nothing, what never comes fails with its own message before the test's time is up. */
export const PATIENCE = { timeout: 60_000, interval: 20 } as const;
