// Pure: bounds what the paths of one request may read, so that no body holds the event loop.

import { HooklineError } from '../errors.ts';

/** Most values that all paths of one request may visit together: some tens of milliseconds of work. */
export const MAX_VISITED = 1_000_000;

/** Counts the values that paths visit. One budget serves everything that is evaluated in one turn of the event loop. */
export interface PathBudget {
  /**
   * Counts values before they are visited.
   * @param path the path that visits them, as it was written
   * @throws HooklineError `path_too_costly` when the budget is used up
   */
  spend(count: number, path: string): void;
  /** How many values were visited so far. */
  readonly visited: number;
}

/** @param limit how many values may be visited; default 1,000,000 */
export function createPathBudget(limit = MAX_VISITED): PathBudget {
  let visited = 0;
  return {
    spend(count, path) {
      visited += count;
      if (visited > limit) throw tooCostly(path, limit);
    },
    get visited() {
      return visited;
    },
  };
}

function tooCostly(path: string, limit: number): HooklineError {
  const shown = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  return new HooklineError(
    'path_too_costly',
    `The path ${JSON.stringify(shown)} would visit more than ${limit} values of this request, together with the paths before it. ` +
      'Name the members on the way instead of using `..` or `*`, or send less.',
    { details: { path, limit } },
  );
}
