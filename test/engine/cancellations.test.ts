// What a queue hears of executions that somebody cancels before their turn.

import { describe, expect, it } from 'vitest';
import { createCancellations } from '../../src/engine/cancellations.ts';

const fail = (): Promise<never> => Promise.reject(new Error('the disk is full'));

describe('cancellations', () => {
  it('are known from the call on, before anything is stored', async () => {
    const cancellations = createCancellations();
    let store = (): void => {};
    const attempt = cancellations.attempt('a', () => new Promise<void>((resolve) => (store = () => resolve())));
    const outcome = cancellations.outcomeOf('a');
    expect(outcome).toBeInstanceOf(Promise);
    store();
    await attempt;
    expect(await outcome).toBe(true);
    expect(await cancellations.outcomeOf('a')).toBe(true);
    expect(cancellations.outcomeOf('b')).toBeUndefined();
  });

  it('that fail leave nothing behind, and their caller hears why', async () => {
    const cancellations = createCancellations();
    const attempt = cancellations.attempt('a', fail);
    const outcome = cancellations.outcomeOf('a');
    await expect(attempt).rejects.toThrow('the disk is full');
    expect(await outcome).toBe(false);
    expect(cancellations.outcomeOf('a')).toBeUndefined();
  });

  it('stay when a second attempt fails', async () => {
    const cancellations = createCancellations();
    const first = cancellations.attempt('a', () => Promise.resolve());
    await expect(cancellations.attempt('a', fail)).rejects.toThrow();
    await first;
    expect(await cancellations.outcomeOf('a')).toBe(true);
  });

  it('forget the oldest when there are very many', async () => {
    const cancellations = createCancellations();
    for (let number = 0; number <= 10_000; number += 1) await cancellations.attempt(String(number), () => Promise.resolve());
    expect(cancellations.outcomeOf('0')).toBeUndefined();
    expect(await cancellations.outcomeOf('1')).toBe(true);
    expect(await cancellations.outcomeOf('10000')).toBe(true);
  });
});
