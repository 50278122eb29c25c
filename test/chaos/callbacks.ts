// Makes the callbacks that the flows of a chaos run ask for, until each is taken.

import { pause, post } from './load.ts';

export interface Callbacks {
  /** Calls this path of any process that is there. */
  make(path: string): void;
  /** Callbacks that were taken, and those that somebody had made before. */
  readonly counts: { taken: number; repeated: number };
  readonly problems: readonly string[];
  /** Resolves when all are made. */
  settled(): Promise<void>;
}

const RETRY_PAUSE_MS = 50;
/** How long a callback may take, in milliseconds. */
const TIMEOUT_MS = 60_000;

export function createCallbacks(urls: () => readonly string[]): Callbacks {
  const pending = new Set<Promise<void>>();
  const problems: string[] = [];
  const counts = { taken: 0, repeated: 0 };
  let calls = 0;

  async function call(path: string): Promise<void> {
    const deadline = performance.now() + TIMEOUT_MS;
    let last = 'nobody was there';
    for (let attempt = calls++; performance.now() < deadline; attempt += 1) {
      const known = urls();
      const url = known[attempt % known.length];
      const answer = url === undefined ? undefined : await post(url + path, '{"said":"yes"}');
      if (answer?.status === 200) {
        counts.taken += 1;
        return;
      }
      // Asked twice, since the process that asked was killed, or the first answer was lost.
      if (answer?.status === 409 || answer?.status === 410) {
        counts.repeated += 1;
        return;
      }
      if (answer) last = `${answer.status} ${answer.text}`;
      await pause(RETRY_PAUSE_MS);
    }
    problems.push(`A callback was never taken: ${last}`);
  }

  return {
    counts,
    problems,
    make(path) {
      const made = call(path).finally(() => pending.delete(made));
      pending.add(made);
    },
    async settled() {
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}
