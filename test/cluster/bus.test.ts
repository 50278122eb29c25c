// What processes tell each other, and which of them leads.

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createLocalBus, type ProcessBus, startBus } from '../../src/cluster/bus.ts';
import { type Leader, startLeader } from '../../src/cluster/leader.ts';
import { createClusterPool } from '../../src/cluster/pool.ts';
import type { BusMessage } from '../../src/engine/ports.ts';
import { PATIENCE } from '../patience.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { silent } from './database.ts';

const CHANGED: BusMessage = { type: 'workflow-changed', workflowId: 'w1' };
const CANCELED: BusMessage = { type: 'execution-canceled', executionId: 'e1' };

let postgres: TestPostgres;
let url: string;
const stops: (() => Promise<void>)[] = [];
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = await postgres.createDatabase();
});
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

function makePool(): pg.Pool {
  const pool = createClusterPool({ url, log: silent });
  stops.push(() => pool.end());
  return pool;
}

async function openBus(log = silent): Promise<{ bus: ProcessBus; heard: BusMessage[]; pool: pg.Pool }> {
  const pool = makePool();
  const bus = await startBus({ pool, log });
  stops.push(() => bus.stop());
  const heard: BusMessage[] = [];
  bus.subscribe((message) => heard.push(message));
  return { bus, heard, pool };
}

/** Ends the connections of all pools, as a firewall would: those that listen, as long as nothing has been published. */
async function cutAll(): Promise<void> {
  await postgres.query(
    url,
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hookline' AND datname = current_database()",
  );
}

/** Ends the connection of the leader: the one that holds the lock, whatever it asked last. */
async function cutLeader(): Promise<number> {
  const cut = await postgres.query(
    url,
    `SELECT pg_terminate_backend(pid) FROM pg_locks
     WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
  return cut.length;
}

describe('the bus', () => {
  it('tells all other processes, not the one that says it', async () => {
    const [one, two, three] = [await openBus(), await openBus(), await openBus()];
    await one.bus.publish(CHANGED);
    await two.bus.publish(CANCELED);
    await vi.waitFor(() => expect(three.heard).toEqual([CHANGED, CANCELED]), PATIENCE);
    await vi.waitFor(() => expect(one.heard).toEqual([CANCELED]), PATIENCE);
    expect(two.heard).toEqual([CHANGED]);
  });

  it('delivers to the listeners of its own process alone, until they leave, and survives one that fails', async () => {
    const [one, two] = [await openBus(), await openBus()];
    const left = vi.fn();
    one.bus.subscribe(() => {
      throw new Error('a listener fails');
    });
    const leave = one.bus.subscribe(left);
    one.bus.deliver({ type: 'declared-dead' });
    leave();
    one.bus.deliver({ type: 'declared-dead' });
    expect(left).toHaveBeenCalledTimes(1);
    expect(one.heard).toEqual([{ type: 'declared-dead' }, { type: 'declared-dead' }]);
    expect(two.heard).toEqual([]);
  });

  it('carries what there is to say of endpoints; when they are too many to be named, it says that there are some', async () => {
    const [one, two] = [await openBus(), await openBus()];
    const messages: BusMessage[] = [
      { type: 'endpoint-changed', endpointId: 'ep_1' },
      { type: 'event-types-changed' },
      { type: 'deliveries-added', endpointIds: ['ep_1', 'ep_2'] },
    ];
    for (const message of messages) await one.bus.publish(message);
    const many = Array.from({ length: 300 }, (_, n) => `ep_${String(n).padStart(32, '0')}`);
    await one.bus.publish({ type: 'deliveries-added', endpointIds: many });
    const expected = [...messages, { type: 'deliveries-added', endpointIds: [] }];
    await vi.waitFor(() => expect(two.heard).toEqual(expected), PATIENCE);
  });

  it('ignores what it does not understand', async () => {
    const one = await openBus();
    for (const payload of ['', 'no', '{}', 'null', '{"type":"declared-dead"}', '{"type":"workflow-changed"}']) {
      await one.pool.query("SELECT pg_notify('hookline', $1)", [payload]);
    }
    await one.pool.query("SELECT pg_notify('hookline', $1)", [JSON.stringify(CHANGED)]);
    await vi.waitFor(() => expect(one.heard).toEqual([CHANGED]), PATIENCE);
  });

  it('connects again when the connection is lost, and says that messages may have been missed', async () => {
    const [one, two] = [await openBus(), await openBus()];
    await cutAll();
    await vi.waitFor(
      () => expect([...one.heard, ...two.heard]).toEqual([{ type: 'messages-missed' }, { type: 'messages-missed' }]),
      PATIENCE,
    );
    await one.bus.publish(CHANGED);
    await vi.waitFor(() => expect(two.heard).toEqual([{ type: 'messages-missed' }, CHANGED]), PATIENCE);
  });

  it('logs what cannot be sent, and never fails', async () => {
    const warn = vi.fn();
    const { bus, pool } = await openBus({ ...silent, warn });
    await bus.publish({ type: 'workflow-changed', workflowId: 'x'.repeat(8_000) });
    vi.spyOn(pool, 'query').mockRejectedValueOnce(new Error('gone'));
    await bus.publish(CHANGED);
    expect(warn).toHaveBeenCalledTimes(2);
  });

  it('of a process that is alone has nobody to tell', async () => {
    const bus = createLocalBus(silent);
    const heard: BusMessage[] = [];
    bus.subscribe((message) => heard.push(message));
    await bus.publish(CHANGED);
    expect(heard).toEqual([]);
    bus.deliver({ type: 'messages-missed' });
    expect(heard).toEqual([{ type: 'messages-missed' }]);
    await bus.stop();
  });
});

describe('the leader', () => {
  async function open(name: string, events: string[], onLead = async (): Promise<void> => {}): Promise<Leader> {
    const leader = await startLeader({
      pool: makePool(),
      retryMs: 30,
      log: silent,
      onLead: async () => {
        events.push(`${name} leads`);
        await onLead();
      },
      onLose: async () => {
        events.push(`${name} loses`);
      },
    });
    stops.push(() => leader.stop());
    return leader;
  }

  it('is one process at a time; another one follows when it stops', async () => {
    const events: string[] = [];
    const one = await open('one', events);
    const two = await open('two', events);
    expect([one.isLeading(), two.isLeading()]).toEqual([true, false]);
    await one.stop();
    await vi.waitFor(() => expect(two.isLeading()).toBe(true), PATIENCE);
    expect(events).toEqual(['one leads', 'one loses', 'two leads']);
  });

  it('loses with its connection, and one leads again', async () => {
    const events: string[] = [];
    const one = await open('one', events);
    expect(await cutLeader()).toBe(1);
    await vi.waitFor(() => expect(events).toEqual(['one leads', 'one loses', 'one leads']), PATIENCE);
    expect(one.isLeading()).toBe(true);
  });

  it('lets another process lead when it cannot begin', async () => {
    const events: string[] = [];
    let fails = 1;
    await open('one', events, async () => {
      fails -= 1;
      if (fails >= 0) throw new Error('a listener cannot connect');
    });
    await vi.waitFor(() => expect(events).toEqual(['one leads', 'one loses', 'one leads']), PATIENCE);
  });
});
