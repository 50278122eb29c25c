// Compiled revisions in memory: kept, dropped when something changes, never kept from before a change.

import { describe, expect, it } from 'vitest';
import { createRegistry } from '../../src/engine/registry.ts';
import { createRevisionCache } from '../../src/engine/revision-cache.ts';
import type { LoadedWorkflow } from '../../src/engine/workflows.ts';
import { builtIns } from '../../src/plugins/index.ts';
import { workflow } from './running.ts';

/** Documents that are read when the test lets them. */
function create(change: Partial<LoadedWorkflow> = {}) {
  const reads: string[] = [];
  let title = 'before';
  let held: Promise<void> | undefined;
  let letGo = (): void => {};
  const load = async (id: string, revision = 1): Promise<LoadedWorkflow | undefined> => {
    reads.push(`${id}:${revision}`);
    const document = { trigger: { type: 'webhook', config: {} }, nodes: [] };
    const loaded = { workflow: { ...workflow, id, title }, revision, executed: false, document, ...change };
    await held;
    return id === 'gone' || revision > 5 ? undefined : loaded;
  };
  const cache = createRevisionCache({ byId: load, byHookKey: (key) => load(key) }, createRegistry([builtIns]));
  return {
    cache,
    reads,
    rename: (to: string) => {
      title = to;
    },
    holdReads() {
      held = new Promise((resolve) => {
        letGo = resolve;
      });
    },
    letReadsGo() {
      held = undefined;
      letGo();
    },
  };
}

describe('the revision cache', () => {
  it('reads a workflow once by its key and once by its id, and then answers at once', async () => {
    const { cache, reads } = create();
    const found = await cache.find('a');
    expect(cache.find('a')).toBe(found);
    const live = await cache.load('a', undefined);
    expect(await cache.load('a', undefined)).toBe(live);
    await cache.load('a', 2);
    expect(reads).toEqual(['a:1', 'a:1', 'a:2']);
  });

  it('does not keep what is not there, and names what is missing', async () => {
    const { cache, reads } = create();
    expect([await cache.find('gone'), await cache.find('gone')]).toEqual([undefined, undefined]);
    expect(reads).toHaveLength(2);
    await expect(cache.load('gone', undefined)).rejects.toMatchObject({ code: 'workflow_not_found' });
    await expect(cache.load('a', 6)).rejects.toMatchObject({ code: 'revision_not_found' });
  });

  it('forgets every revision of a workflow that has changed, and no other', async () => {
    const { cache, reads, rename } = create();
    await Promise.all([cache.find('a'), cache.load('a', undefined), cache.load('a', 2), cache.find('b')]);
    rename('after');
    cache.forget('a');
    expect((await cache.find('a'))?.workflow.title).toBe('after');
    expect((await cache.load('a', 2)).workflow.title).toBe('after');
    expect((await cache.find('b'))?.workflow.title).toBe('before');
    expect(reads).toHaveLength(6);
  });

  it('does not keep what was read before a change and came after it', async () => {
    const { cache, rename, holdReads, letReadsGo } = create();
    holdReads();
    const early = cache.find('a');
    rename('after');
    cache.forget('a');
    letReadsGo();
    expect((await early)?.workflow.title).toBe('before');
    expect((await cache.find('a'))?.workflow.title).toBe('after');
  });

  it('keeps a thousand at most, the newest', async () => {
    const { cache, reads } = create();
    for (let number = 0; number <= 1000; number += 1) await cache.find(`w${number}`);
    expect(cache.find('w1000')).not.toBeInstanceOf(Promise);
    expect(cache.find('w0')).toBeInstanceOf(Promise);
    expect(reads).toHaveLength(1002);
  });
});
