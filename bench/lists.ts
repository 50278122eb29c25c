// The section "lists": how long lists of executions and the statistics take with a million executions.

import { inChild } from './child.ts';
import type { ListsParameters, ListTimes } from './processes/lists.ts';
import { STORES, type Store, type Stores } from './stores.ts';

export interface ListResult extends ListTimes {
  readonly store: Store;
}

const ROWS = 1_000_000;
/** What somebody who clicks does not notice, in milliseconds. */
export const MAX_PAGE_MS = 50;
export const MAX_STATS_MS = 200;

export async function measureLists(stores: Stores, rows: number = ROWS): Promise<ListResult[]> {
  const results: ListResult[] = [];
  for (const store of STORES) {
    const parameters: ListsParameters = { url: await stores.create(store), rows };
    const result = { store, ...(await inChild<ListTimes>('lists', parameters)) };
    console.error(`lists  ${JSON.stringify(result)}`);
    results.push(result);
  }
  return results;
}
