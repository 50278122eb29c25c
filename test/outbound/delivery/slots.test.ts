import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Health, type Slot, Slots, type SlotUser } from '../../../src/outbound/delivery/slots.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: 0 });
});

afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** Wants as many slots as it can get. */
class Greedy implements SlotUser {
  readonly health: Health;
  readonly taken: Slot[] = [];
  readonly #slots: Slots;
  wants: number;

  constructor(slots: Slots, health: Health, wants: number) {
    this.#slots = slots;
    this.health = health;
    this.wants = wants;
  }

  takeSlot(slot: Slot): boolean {
    if (this.wants === 0) return false;
    this.wants -= 1;
    this.taken.push(slot);
    if (this.wants > 0) this.#slots.enter(this);
    return true;
  }

  freeOne(): void {
    const slot = this.taken.shift();
    if (slot) this.#slots.free(slot);
  }
}

function healthy(): Health {
  const health = new Health(false);
  health.record(true, 5);
  return health;
}

test('an endpoint is unknown, healthy, slow or failing by how its last exchanges went', () => {
  const health = new Health(false);
  expect([health.lane, health.isCautious]).toEqual(['unknown', true]);
  health.record(true, 5);
  expect([health.lane, health.isCautious]).toEqual(['healthy', false]);
  health.record(true, 1_500);
  expect([health.lane, health.isCautious]).toEqual(['suspect', false]);
  health.record(true, 5);
  health.record(true, 5);
  expect(health.lane).toBe('suspect');
  health.record(true, 5);
  expect(health.lane).toBe('healthy');
  health.record(false, 5);
  expect([health.lane, health.isCautious]).toEqual(['suspect', true]);
});

test('suspects have half of the slots, unknown ones a quarter more, healthy ones what is free', () => {
  const slots = new Slots({ max: 16, now: Date.now });
  const suspect = new Greedy(slots, new Health(true), 100);
  const unknown = new Greedy(slots, new Health(false), 100);
  const good = new Greedy(slots, healthy(), 100);
  for (const user of [suspect, unknown, good]) slots.enter(user);
  // The first to come had the choice; each keeps to its share.
  expect([suspect, unknown, good].map(({ taken }) => taken.length)).toEqual([8, 4, 4]);
  expect(slots.used).toBe(16);
  for (const user of [suspect, unknown, good]) user.wants = 0;
  for (const user of [suspect, unknown, good]) while (user.taken.length > 0) user.freeOne();
  expect(slots.used).toBe(0);
  slots.stop();
});

test('those that wait take turns', () => {
  const slots = new Slots({ max: 4, now: Date.now });
  const users = Array.from({ length: 8 }, () => new Greedy(slots, healthy(), 3));
  for (const user of users) slots.enter(user);
  expect(users.map(({ taken }) => taken.length)).toEqual([3, 1, 0, 0, 0, 0, 0, 0]);
  for (let turn = 0; turn < 6; turn += 1) users.find(({ taken }) => taken.length > 0)?.freeOne();
  expect(users.map(({ wants }) => 3 - wants)).toEqual([3, 2, 1, 1, 1, 1, 1, 0]);
  slots.stop();
});

test('what takes long becomes suspect while it still runs', async () => {
  const slots = new Slots({ max: 4, now: Date.now });
  const hanging = new Greedy(slots, new Health(false), 3);
  slots.enter(hanging);
  const fresh = new Greedy(slots, new Health(false), 1);
  slots.enter(fresh);
  expect(fresh.taken.length).toBe(0);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(hanging.health.lane).toBe('suspect');
  expect(hanging.taken.map(({ lane }) => lane)).toEqual(['suspect', 'suspect', 'unknown']);
  // Suspects are full: the place that is left is for those that work.
  const good = new Greedy(slots, healthy(), 1);
  slots.enter(good);
  expect(good.taken.length).toBe(1);
  hanging.freeOne();
  expect(fresh.taken.length).toBe(1);
  slots.stop();
});

test('one that does not want its turn any more loses nothing for the others', () => {
  const slots = new Slots({ max: 1, now: Date.now });
  const [one, two, three] = [1, 0, 1].map((wants) => new Greedy(slots, healthy(), wants));
  for (const user of [one, two, three]) if (user) slots.enter(user);
  one?.freeOne();
  expect(three?.taken.length).toBe(1);
  slots.stop();
});
