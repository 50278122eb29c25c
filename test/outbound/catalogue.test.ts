import { describe, expect, it } from 'vitest';
import { createLocalBus } from '../../src/cluster/bus.ts';
import type { EventType } from '../../src/engine/outbound-model.ts';
import { HooklineError } from '../../src/errors.ts';
import { createCatalogue } from '../../src/outbound/catalogue.ts';
import { createMemoryOutbound } from '../engine/memory-outbound.ts';
import { keepLog } from '../engine/running.ts';

const eventType = (version: number, schema: unknown = null): EventType => {
  const more = { title: '', description: '', example: null, downConversion: null, createdAt: 1, updatedAt: 1 };
  return { name: 'order.created', version, schema, ...more };
};

function start() {
  const memory = createMemoryOutbound();
  const bus = createLocalBus(keepLog());
  const asked: string[] = [];
  const validate = async (schema: string) => {
    asked.push(schema);
    return [{ path: 'a', message: 'is missing' }];
  };
  return { ...memory, bus, asked, validate, catalogue: createCatalogue({ store: memory.store.eventTypes, bus, validate }) };
}

describe('the catalogue', () => {
  it('gives versions in order, and none of what it does not have', async () => {
    const { catalogue, eventTypes } = start();
    eventTypes.push(eventType(10), eventType(2), eventType(1));
    expect((await catalogue.versionsOf('order.created')).map(({ version }) => version)).toEqual([1, 2, 10]);
    expect(await catalogue.versionsOf('constructor')).toEqual([]);
    expect([...(await catalogue.all()).keys()]).toEqual(['order.created']);
  });

  it('asks storage again after a failure, and after a change during a read', async () => {
    const { catalogue, eventTypes, store, reads } = start();
    const { listAll } = store.eventTypes;
    store.eventTypes.listAll = () => Promise.reject(new HooklineError('storage_unavailable', 'The database is away.'));
    await expect(catalogue.versionsOf('order.created')).rejects.toMatchObject({ code: 'storage_unavailable' });
    store.eventTypes.listAll = listAll;
    const reading = catalogue.versionsOf('order.created');
    eventTypes.push(eventType(1));
    catalogue.refresh();
    expect(await reading).toEqual([]);
    expect(await catalogue.versionsOf('order.created')).toHaveLength(1);
    expect(reads.eventTypes).toBe(2);
  });

  it('asks the validator only when there is something to check', async () => {
    const { catalogue, asked } = start();
    expect(await catalogue.validate(eventType(1), {})).toEqual([]);
    expect(await catalogue.validate(eventType(1, true), {})).toEqual([]);
    expect(await catalogue.validate(eventType(1, { required: ['a'] }), {})).toEqual([{ path: 'a', message: 'is missing' }]);
    expect(asked).toEqual(['{"required":["a"]}']);
  });

  it('passes on that the server is stopping, and makes an invalid event of a schema that fails', async () => {
    const { bus, store } = start();
    const failing = (code: 'shutting_down' | 'expression_timeout') =>
      createCatalogue({ store: store.eventTypes, bus, validate: () => Promise.reject(new HooklineError(code, 'No.')) });
    await expect(failing('shutting_down').validate(eventType(1, {}), 1)).rejects.toMatchObject({ code: 'shutting_down' });
    await expect(failing('expression_timeout').validate(eventType(1, {}), 1)).rejects.toMatchObject({ code: 'invalid_event' });
  });
});
