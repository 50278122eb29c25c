// The jobs that an execution has left so far, by path and by loop round.

import type { Job } from './model.ts';

/** What a run that continues knows; empty for a first run. Made of the latest job of each path. */
export class Memo {
  readonly #jobs: ReadonlyMap<string, Job>;
  /** The place of each job that gave values to variable nodes among all, in the order they finished. */
  readonly #assigners = new Map<string, number>();
  #rounds: Map<string, Map<number, string>> | undefined;

  constructor(jobs: readonly Job[]) {
    this.#jobs = new Map(jobs.map((job) => [job.path, job]));
    for (const [index, { path, assigns }] of jobs.entries()) if (assigns) this.#assigners.set(path, index);
  }

  /** When a job finished that gave values to variable nodes: higher than those before it. */
  assignedAt(path: string): number {
    return this.#assigners.get(path) ?? Number.NEGATIVE_INFINITY;
  }

  get(path: string): Job | undefined {
    return this.#jobs.get(path);
  }

  /** The rounds of a control node that have begun: index and path prefix, such as `each[3]/`, in order of their index. */
  rounds(path: string): ReadonlyMap<number, string> {
    this.#rounds ??= roundsOf(this.#jobs.keys());
    return this.#rounds.get(path) ?? NO_ROUNDS;
  }
}

const NO_ROUNDS: ReadonlyMap<number, string> = new Map();
const ROUND = /\[(\d+)\]\//g;

/** One pass over all paths: loops inside loops must not look at everything again and again. */
function roundsOf(paths: Iterable<string>): Map<string, Map<number, string>> {
  const found = new Map<string, Map<number, string>>();
  for (const path of paths) {
    for (const match of path.matchAll(ROUND)) {
      const owner = path.slice(0, match.index);
      const rounds = found.get(owner) ?? new Map<number, string>();
      if (rounds.size === 0) found.set(owner, rounds);
      rounds.set(Number(match[1]), path.slice(0, match.index + match[0].length));
    }
  }
  for (const [owner, rounds] of found) found.set(owner, new Map([...rounds].sort(([a], [b]) => a - b)));
  return found;
}
