// Pure: bounds what paths, templates and comparisons read in one turn of the event loop, so that no body holds it.

import { HooklineError } from '../errors.ts';

/** Most values that are visited in one turn of the event loop: some tens of milliseconds of work. */
export const MAX_VISITED = 1_000_000;

/**
 * Counts the values that are visited. One budget serves everything that is evaluated in one turn of the event loop: the variables
 * of a request, the templates of one node's configuration, the comparisons of one node.
 */
export interface PathBudget {
  /**
   * Counts values before they are visited.
   * @param path the path or comparison that visits them, as it was written
   * @throws HooklineError `path_too_costly` when the budget is used up
   */
  spend(count: number, path: string): void;
  /** How many values were visited so far. */
  readonly visited: number;
}

/** Characters of text that cost as much as one value, where text is copied or compared. */
const CHARACTERS_PER_VALUE = 32;

/** What text costs that is copied or compared, in visited values. */
export function costOfText(length: number): number {
  return Math.floor(length / CHARACTERS_PER_VALUE);
}

/** @param limit how many values may be visited; default 1,000,000 */
export function createPathBudget(limit = MAX_VISITED): PathBudget {
  return new CountedBudget(limit);
}

// A class: each request makes several, and an object with closures and a getter costs ten times as much to make.
class CountedBudget implements PathBudget {
  visited = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  spend(count: number, path: string): void {
    this.visited += count;
    if (this.visited > this.#limit) throw tooCostly(path, this.#limit);
  }
}

function tooCostly(path: string, limit: number): HooklineError {
  const shown = path.length > 100 ? `${path.slice(0, 100)}…` : path;
  return new HooklineError(
    'path_too_costly',
    `The path ${JSON.stringify(shown)} would visit more than ${limit} values, together with what was evaluated before it. ` +
      'Name the members on the way instead of reading whole lists, or send less.',
    { details: { path, limit } },
  );
}
