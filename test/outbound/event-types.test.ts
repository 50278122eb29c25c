import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../src/expressions/evaluator.ts';
import { openServices, problemsOf, refusalOf, type TestServices } from './services.ts';

const evaluator = createEvaluator({ timeoutMs: 30_000, maxWorkers: 1, memoryMb: 128 });
let services: TestServices;
beforeEach(async () => {
  services = await openServices(evaluator);
});
afterEach(() => services.close());
afterAll(() => evaluator.close());

const SCHEMA_1 = { type: 'object', required: ['total'], properties: { total: { type: 'number' } } };
const SCHEMA_2 = {
  type: 'object',
  required: ['amount'],
  properties: { amount: { type: 'object', required: ['value'], properties: { value: { type: 'number' } } } },
};
const FIRST = { name: 'order.created', title: 'Order created', schema: SCHEMA_1, example: { total: 3 } };
const SECOND = { schema: SCHEMA_2, example: { amount: { value: 3 } }, downConversion: '{ "total": amount.value }' };

describe('an event type', () => {
  test('begins with version 1, and gets further ones', async () => {
    const made = await services.eventTypes.create(FIRST);
    expect(made).toMatchObject({ name: 'order.created', versions: [{ ...FIRST, version: 1, downConversion: null }] });
    const { versions } = await services.eventTypes.addVersion('order.created', SECOND);
    expect(versions.map(({ version, title }) => `${version} ${title}`)).toEqual(['1 Order created', '2 Order created']);
    expect(services.told).toEqual([{ type: 'event-types-changed' }, { type: 'event-types-changed' }]);
    expect(await services.eventTypes.get('order.created')).toEqual({ name: 'order.created', versions });
  });

  test('may have a name alone', async () => {
    const { versions } = await services.eventTypes.create({ name: 'ping' });
    expect(versions).toMatchObject([{ title: 'ping', description: '', schema: null, example: null, downConversion: null }]);
  });

  test('is listed by name with its versions', async () => {
    await services.eventTypes.create({ name: 'payment.received' });
    await services.eventTypes.create(FIRST);
    await services.eventTypes.addVersion('order.created', SECOND);
    const list = await services.eventTypes.list();
    expect(list.map(({ name, versions }) => `${name} ${versions.length}`)).toEqual(['order.created 2', 'payment.received 1']);
  });

  test('has a name of its own', async () => {
    await services.eventTypes.create(FIRST);
    expect((await refusalOf(services.eventTypes.create(FIRST))).code).toBe('conflict');
  });

  test.each<[string, object, string[]]>([
    ['no name', { name: undefined }, ['name missing_value']],
    ['a name that is none', { name: 'order..created' }, ['name invalid_value']],
    ['an unknown field', { price: 1 }, ['price unknown_key']],
    ['a schema that is none', { schema: { type: 'money' }, example: null }, ['schema invalid_schema']],
    ['an example that breaks the schema', { example: { total: 'three' } }, ['example.total invalid_example']],
    ['a down-conversion that leads nowhere', { downConversion: '$' }, ['downConversion no_version_below']],
    [
      'a broken down-conversion',
      { downConversion: '{' },
      ['downConversion invalid_expression', 'downConversion no_version_below'],
    ],
  ])('is refused with %s', async (_what, change, expected) => {
    const error = await refusalOf(services.eventTypes.create({ ...FIRST, ...change }));
    expect(error.code).toBe('invalid_event_type');
    expect(problemsOf(error)).toEqual(expected);
    expect(await services.eventTypes.list()).toEqual([]);
  });
});

describe('a further version', () => {
  beforeEach(async () => {
    await services.eventTypes.create(FIRST);
  });

  test('has its down-conversion tried on its example', async () => {
    const tries = [
      { ...SECOND, downConversion: '{ "total": amount.currency }' },
      { ...SECOND, downConversion: null },
    ];
    for (const input of tries) {
      const error = await refusalOf(services.eventTypes.addVersion('order.created', input));
      expect(problemsOf(error)).toEqual(['downConversion conversion_failed']);
      expect(error.message).toContain('tried on the example of version 2');
    }
    expect((await services.eventTypes.get('order.created')).versions).toHaveLength(1);
  });

  test('needs no down-conversion when its data fits the version below', async () => {
    await services.eventTypes.addVersion('order.created', { example: { total: 3, currency: 'EUR' } });
  });

  test('can be changed, as long as the versions still go together', async () => {
    await services.eventTypes.addVersion('order.created', SECOND);
    services.pass(10);
    const { versions } = await services.eventTypes.update('order.created', 2, { title: 'Placed', description: 'New.' });
    expect(versions[1]).toMatchObject({ ...SECOND, version: 2, title: 'Placed', description: 'New.', updatedAt: services.now() });
    const stricter = { ...SCHEMA_1, required: ['total', 'id'] };
    const error = await refusalOf(services.eventTypes.update('order.created', 1, { schema: stricter, example: null }));
    expect(problemsOf(error)).toEqual(['schema conversion_failed']);
    expect((await refusalOf(services.eventTypes.update('order.created', 3, {}))).code).toBe('event_type_not_found');
    expect(problemsOf(await refusalOf(services.eventTypes.update('order.created', 2, { version: 3 })))).toEqual([
      'version unknown_key',
    ]);
  });

  test('of an unknown type is refused', async () => {
    expect((await refusalOf(services.eventTypes.addVersion('order.gone', {}))).code).toBe('event_type_not_found');
    expect((await refusalOf(services.eventTypes.get('order.gone'))).code).toBe('event_type_not_found');
  });
});

describe('deleting a version', () => {
  beforeEach(async () => {
    await services.eventTypes.create(FIRST);
    await services.eventTypes.addVersion('order.created', SECOND);
  });

  test('is refused while endpoints get it, and says how many', async () => {
    const { id } = await services.endpoint({ versions: { 'order.created': 1 } });
    await services.endpoint({ eventTypes: ['order.*'], versions: { 'order.created': 1 }, enabled: false });
    await services.endpoint({ eventTypes: ['payment.*'] });
    const error = await refusalOf(services.eventTypes.delete('order.created', 1));
    expect(error).toMatchObject({ code: 'conflict', details: { endpoints: 2 } });
    expect(error.message).toContain('2 endpoints get it');
    await services.endpoints.update(id, { versions: { 'order.created': 2 } });
    expect((await refusalOf(services.eventTypes.delete('order.created', 1))).message).toContain('one endpoint gets it');
    await refusalOf(services.eventTypes.delete('order.created', 2));
  });

  test('takes the type with it when it is the last one that nobody has asked for by name', async () => {
    await services.eventTypes.delete('order.created', 1);
    expect((await services.eventTypes.get('order.created')).versions.map(({ version }) => version)).toEqual([2]);
    await services.endpoint();
    const named = await services.endpoint({ eventTypes: ['order.created'] });
    expect((await refusalOf(services.eventTypes.delete('order.created', 2))).details).toEqual({ endpoints: 1 });
    await services.endpoints.delete(named.id);
    await services.eventTypes.delete('order.created', 2);
    expect(await services.eventTypes.list()).toEqual([]);
  });

  test('is refused in between, where others are converted through it', async () => {
    await services.eventTypes.addVersion('order.created', SECOND_AGAIN);
    expect((await refusalOf(services.eventTypes.delete('order.created', 2))).message).toContain('to convert version 3');
    await services.eventTypes.delete('order.created', 3);
    expect((await refusalOf(services.eventTypes.delete('order.created', 3))).code).toBe('event_type_not_found');
  });
});

const SECOND_AGAIN = { schema: SCHEMA_2, example: { amount: { value: 4 } } };
