// Knows all hook keys there are, in whichever process they were made, without reading them again and again.

import { createHookKeyIndex, type HookKeyIndex } from './hook-key-index.ts';
import type { WorkflowStore } from './ports.ts';

export interface HookKeyDirectory {
  /** The keys of all workflows, also of those in the trash, as they are now. @throws HooklineError `storage_unavailable` */
  current(): Promise<HookKeyIndex>;
}

/** Costs one small query each time, one over all keys when a workflow was changed, and an index when a key was. */
export function createHookKeyDirectory(store: Pick<WorkflowStore, 'hookKeys' | 'hookKeysState'>): HookKeyDirectory {
  let known: { readonly state: string; readonly keys: ReadonlySet<string>; readonly index: HookKeyIndex } | undefined;

  return {
    async current() {
      const state = await store.hookKeysState();
      if (known?.state === state) return known.index;
      // Read after the state: keys that are newer than it are found, and are read once more next time.
      const keys = new Set(await store.hookKeys());
      const index = known !== undefined && isSame(known.keys, keys) ? known.index : createHookKeyIndex(keys);
      known = { state, keys, index };
      return index;
    },
  };
}

function isSame(one: ReadonlySet<string>, two: ReadonlySet<string>): boolean {
  return one.size === two.size && [...one].every((key) => two.has(key));
}
