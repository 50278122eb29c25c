import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Envelope } from '../../../src/engine/outbound-model.ts';
import { HooklineError } from '../../../src/errors.ts';
import { type BodyInput, type BodyItem, type BodyTools, makeBody, webhookVersion } from '../../../src/outbound/body/envelope.ts';

const timestamp = Date.UTC(2026, 2, 21, 8, 0, 0, 5);
const item: BodyItem = {
  id: 'msg_1',
  type: 'order.created',
  title: 'Order created',
  version: 2,
  timestamp,
  userId: 'u_7',
  data: '{"total":12.50,"big":12345678901234567890}',
};
const endpoint: BodyInput['endpoint'] = { id: 'ep_1', url: 'https://example.com/"hook"', workspace: 'sales' };
const noTools: BodyTools = { evaluate: () => Promise.reject(new Error('nothing is to be evaluated')) };

const single = (envelope: Envelope, change: Partial<BodyItem> = {}, tools = noTools): string | Promise<string> =>
  makeBody({ items: [{ ...item, ...change }], isBatch: false, endpoint }, envelope, tools);
const batch = (envelope: Envelope, items: readonly BodyItem[], tools = noTools): string | Promise<string> =>
  makeBody({ items, isBatch: true, endpoint }, envelope, tools);
const textOf = (body: string | Promise<string>): string => {
  if (typeof body !== 'string') throw new Error('the body has to be awaited');
  return body;
};

/** Stands in for the evaluator: a function instead of JSONata, asked later as the evaluator is. */
const computing = (compute: (source: never) => unknown): BodyTools => ({
  evaluate: async (_engine, _expression, source) => compute(source as never),
});
const JSONATA: Envelope = { type: 'jsonata', expression: '{ "total": data.total }' };

describe('one message', () => {
  it('in the standard envelope has type, time of the event, version and the data as it is written', () => {
    expect(single({ type: 'standard' })).toBe(
      '{"type":"order.created","timestamp":"2026-03-21T08:00:00.005Z","version":2,"data":{"total":12.50,"big":12345678901234567890}}',
    );
    expect(JSON.parse(textOf(single({ type: 'standard' }, { version: null })))).not.toHaveProperty('version');
  });

  it("in Dastra's envelope has all its members in order", () => {
    expect(single({ type: 'dastra' }, { data: '1' })).toBe(
      '{"webhookId":"ep_1","signatureUrl":"https://example.com/\\"hook\\"","userId":"u_7","eventType":"order.created",' +
        '"eventName":"Order created","data":1,"date":"2026-03-21T08:00:00.005Z"}',
    );
    expect(JSON.parse(textOf(single({ type: 'dastra' }, { title: null, userId: null })))).toMatchObject({
      eventName: 'order.created',
      userId: null,
    });
  });

  it("in Logto's envelope has the version as text", () => {
    expect(single({ type: 'logto' }, { data: '[]' })).toBe(
      '{"version":"2.0","event":"order.created","timestamp":"2026-03-21T08:00:00.005Z","data":[]}',
    );
    expect(JSON.parse(textOf(single({ type: 'logto' }, { version: null })))).toMatchObject({ version: '1.0' });
  });

  it('raw is the data alone', () => {
    expect(single({ type: 'raw' })).toBe(item.data);
  });

  it('is read again as what went in, whatever it is', () => {
    const items = fc.record({
      id: fc.string(),
      type: fc.string({ unit: 'binary' }),
      title: fc.option(fc.string({ unit: 'binary' })),
      version: fc.option(fc.integer({ min: 1, max: 10_000 })),
      timestamp: fc.integer({ min: 0, max: 4_102_444_800_000 }),
      userId: fc.option(fc.string({ unit: 'binary' })),
      value: fc.jsonValue(),
    });
    fc.assert(
      fc.property(
        items,
        fc.constantFrom('standard' as const, 'dastra' as const, 'logto' as const),
        ({ value, ...given }, type) => {
          const data = JSON.stringify(value);
          const body = JSON.parse(textOf(single({ type }, { ...given, data }))) as Record<string, unknown>;
          expect(body.data).toEqual(JSON.parse(data));
          expect(body.eventType ?? body.event ?? body.type).toBe(given.type);
          expect(Date.parse(String(body.timestamp ?? body.date))).toBe(given.timestamp);
          if (type === 'dastra') expect([body.userId, body.eventName]).toEqual([given.userId, given.title ?? given.type]);
          expect(textOf(single({ type: 'raw' }, { ...given, data }))).toBe(data);
        },
      ),
    );
  });
});

describe('a batch', () => {
  const items = [item, { ...item, id: 'msg_2', data: '[2]' }, { ...item, id: 'msg_3', data: '"three"' }];

  it.each(['standard', 'dastra', 'logto', 'raw'] as const)('in the envelope %s is a list in order, each with its id', (type) => {
    const list = JSON.parse(textOf(batch({ type }, items))) as Record<string, unknown>[];
    expect(list.map(({ id }) => id)).toEqual(['msg_1', 'msg_2', 'msg_3']);
    expect(list.map(({ data }) => data)).toEqual(items.map(({ data }) => JSON.parse(data)));
  });

  it('of one message is a list, too', () => {
    expect(batch({ type: 'raw' }, [{ ...item, data: '1' }])).toBe('[{"id":"msg_1","data":1}]');
  });

  it('made by an expression keeps the order and gets ids where there is room and none', async () => {
    const tools = computing(({ id }: { id: string }) => {
      if (id === 'msg_1') return { a: 1 };
      return id === 'msg_2' ? { id: 'own' } : 'text';
    });
    expect(await batch(JSONATA, items, tools)).toBe('[{"id":"msg_1","a":1},{"id":"own"},"text"]');
  });
});

describe('an expression', () => {
  it('sees the event and the endpoint, and gives the body', async () => {
    let seen: unknown;
    const body = single(
      JSONATA,
      {},
      {
        evaluate: async (engine, expression, source) => {
          seen = { engine, expression, source };
          return { total: 12.5 };
        },
      },
    );
    expect(body).toBeInstanceOf(Promise);
    expect(await body).toBe('{"total":12.5}');
    expect(seen).toEqual({
      engine: 'jsonata',
      expression: JSONATA.type === 'jsonata' ? JSONATA.expression : '',
      source: {
        id: 'msg_1',
        type: 'order.created',
        version: 2,
        timestamp: '2026-03-21T08:00:00.005Z',
        data: JSON.parse(item.data),
        userId: 'u_7',
        endpoint,
      },
    });
  });

  it('may not blow the event up', async () => {
    const tools = computing(({ id }: { id: string }) => 'x'.repeat(id === 'msg_1' ? 4 * 1024 ** 2 - 2 : 3 * 1024 ** 2));
    expect(await single(JSONATA, {}, tools)).toHaveLength(4 * 1024 ** 2);
    await expect(single(JSONATA, { id: 'msg_2' }, tools)).resolves.toHaveLength(3 * 1024 ** 2 + 2);
    const tooLong = { code: 'conversion_failed', message: expect.stringContaining('at most 4194304 can be sent') };
    await expect(
      single(
        JSONATA,
        {},
        computing(() => 'x'.repeat(4 * 1024 ** 2 - 1)),
      ),
    ).rejects.toMatchObject(tooLong);
    // Of a batch each is sent by itself then.
    await expect(batch(JSONATA, [item, { ...item, id: 'msg_2' }], tools)).rejects.toMatchObject(tooLong);
  });

  it('may give what is false or empty', async () => {
    for (const value of [false, 0, '', [], {}])
      expect(
        await single(
          JSONATA,
          {},
          computing(() => value),
        ),
      ).toBe(JSON.stringify(value));
  });

  it.each([
    ['gives nothing', () => undefined, /gives nothing/],
    ['gives null', () => null, /gives nothing/],
    ['gives a function', () => () => 1, /not JSON/],
    ['gives a big integer', () => ({ big: 1n }), /not JSON/],
    [
      'fails',
      () => {
        throw new HooklineError('expression_failed', 'JSONata: no such function');
      },
      /order\.created: JSONata: no such function/,
    ],
    [
      'takes too long',
      () => {
        throw new HooklineError('expression_timeout', 'JSONata: took longer than 1000 ms');
      },
      /took longer/,
    ],
  ])('that %s fails as conversion_failed with a sentence', async (_what, compute, message) => {
    await expect(single(JSONATA, {}, computing(compute))).rejects.toMatchObject({
      code: 'conversion_failed',
      message: expect.stringMatching(message),
    });
  });

  it.each([
    ['the server stops', new HooklineError('shutting_down', 'Stopping.'), 'Stopping.'],
    ['storage is away', new HooklineError('storage_unavailable', 'Away.'), 'Away.'],
    ['the work was called off', new DOMException('Called off.', 'AbortError'), 'Called off.'],
  ])('is not blamed when %s', async (_what, error, message) => {
    const tools: BodyTools = { evaluate: () => Promise.reject(error) };
    await expect(single(JSONATA, {}, tools)).rejects.toBe(error);
    await expect(single(JSONATA, {}, tools)).rejects.toThrow(message);
  });
});

it('the header webhook-version is there when one version is known', () => {
  expect(webhookVersion([{ version: 2 }])).toBe('2');
  expect(webhookVersion([{ version: 2 }, { version: 2 }])).toBe('2');
  expect(webhookVersion([{ version: 2 }, { version: 1 }])).toBeUndefined();
  expect(webhookVersion([{ version: null }, { version: 1 }])).toBeUndefined();
  expect(webhookVersion([{ version: null }])).toBeUndefined();
  expect(webhookVersion([])).toBeUndefined();
});
