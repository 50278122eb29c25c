import { describe, expect, it } from 'vitest';
import { createLatestFirst } from '../../src/engine/latest-first.ts';

/** Work that ends when it is told to. */
function openWork() {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve) => ends.push(() => resolve(name)));
  };
  return { begun, work, endNext: () => ends.shift()?.() };
}

const codeOf = (error: { code: string }): string => error.code;

describe('one at a time', () => {
  it('begins at once for each owner, and the next when the one before has ended', async () => {
    const queue = createLatestFirst();
    const { begun, work, endNext } = openWork();
    const one = queue.run('ann', 'a', work('one'));
    const other = queue.run('bob', 'a', work('other'));
    const two = queue.run('ann', 'b', work('two'));
    await Promise.resolve();
    expect(begun).toEqual(['one', 'other']);
    endNext();
    expect(await one).toBe('one');
    expect(begun).toEqual(['one', 'other', 'two']);
    endNext();
    endNext();
    expect(await Promise.all([other, two])).toEqual(['other', 'two']);
  });

  it('keeps of those that wait the newest of each subject', async () => {
    const queue = createLatestFirst();
    const { begun, work, endNext } = openWork();
    const first = queue.run('ann', 'a', work('first'));
    const old = queue.run('ann', 'a', work('old')).catch(codeOf);
    const other = queue.run('ann', 'b', work('other'));
    const young = queue.run('ann', 'a', work('young'));
    expect(await old).toBe('superseded');
    for (const result of [first, other, young]) {
      endNext();
      await result;
    }
    expect(begun).toEqual(['first', 'other', 'young']);
  });

  it('goes on after work that fails, and begins at once when nothing is left', async () => {
    const queue = createLatestFirst();
    const failing = queue.run('ann', 'a', () => Promise.reject(new Error('no'))).catch(() => 'failed');
    expect(await Promise.all([failing, queue.run('ann', 'a', async () => 'next')])).toEqual(['failed', 'next']);
    expect(await queue.run('ann', 'a', async () => 'last')).toBe('last');
  });

  it('lets ten wait', async () => {
    const queue = createLatestFirst();
    const { work } = openWork();
    void queue.run('ann', 'running', work('running'));
    for (let index = 0; index < 10; index++) void queue.run('ann', `${index}`, work(`${index}`));
    await expect(queue.run('ann', 'more', work('more'))).rejects.toMatchObject({ code: 'too_many_requests' });
  });
});
