import { type Schema, Validator } from '@cfworker/json-schema';
import { afterAll, describe, expect, it } from 'vitest';
import type { EventType } from '../../../src/engine/outbound-model.ts';
import type { Scope } from '../../../src/engine/plugin.ts';
import { HooklineError } from '../../../src/errors.ts';
import { createEvaluator } from '../../../src/expressions/evaluator.ts';
import { type ConversionTools, convertData, versionFor } from '../../../src/outbound/body/conversion.ts';
import { makeBody } from '../../../src/outbound/body/envelope.ts';

const evaluator = createEvaluator({ timeoutMs: 30_000, maxWorkers: 1, memoryMb: 96 });
afterAll(() => evaluator.close());

const scope: Scope = {
  $context: {},
  $request: null,
  $nodes: {},
  $scopes: {},
  $system: { now: '2026-01-01T00:00:00.000Z' },
  $execution: { id: 'none' },
  $resume: {},
  $secrets: {},
};
const tools: ConversionTools = {
  evaluate: (engine, expression, source) => evaluator.evaluate(engine, expression, scope, { source, hasSource: true }),
  async validate(schema, data) {
    const { errors } = new Validator(schema as Schema, '2020-12').validate(data);
    return errors.map(({ instanceLocation, error }) => ({ path: instanceLocation, message: error }));
  },
};
const noTools: ConversionTools = {
  evaluate: () => Promise.reject(new Error('nothing is to be evaluated')),
  validate: () => Promise.reject(new Error('nothing is to be checked')),
};

function version(number: number, downConversion: string | null = null, schema: unknown = null): EventType {
  return {
    name: 'order.created',
    version: number,
    title: 'Order created',
    description: '',
    schema,
    example: null,
    downConversion,
    createdAt: 0,
    updatedAt: 0,
  };
}

const V1 = version(1, null, { type: 'object', required: ['total'], properties: { total: { type: 'number' } } });
const V2 = version(2, '{ "total": amount.value }');
const V3 = version(3, '{ "amount": { "value": amounts[0] } }');
/** Not in order: storage may give them in any. */
const VERSIONS = [V3, V1, V2];

describe('data of another version', () => {
  it('goes down step by step', async () => {
    expect(await convertData('{"amounts":[12.5,1]}', VERSIONS, 3, 1, tools)).toBe('{"total":12.5}');
    expect(await convertData('{"amounts":[12.5,1]}', VERSIONS, 3, 2, tools)).toBe('{"amount":{"value":12.5}}');
    expect(await convertData('{"amount":{"value":3}}', VERSIONS, 2, 1, tools)).toBe('{"total":3}');
  });

  it('goes over versions that are gone', async () => {
    const versions = [V1, version(5, '{ "total": sum }')];
    expect(await convertData('{"sum":7}', versions, 5, 1, tools)).toBe('{"total":7}');
  });

  it('stays as it is written where no conversion is needed, and is checked all the same', async () => {
    const versions = [V1, version(2)];
    expect(await convertData('{ "total": 1.50, "more": true }', versions, 2, 1, tools)).toBe('{ "total": 1.50, "more": true }');
    await expect(convertData('{"more":true}', versions, 2, 1, tools)).rejects.toMatchObject({ code: 'conversion_failed' });
    expect(await convertData('{ "any": 1.50 }', [version(1), version(2)], 2, 1, noTools)).toBe('{ "any": 1.50 }');
  });

  it('is given at once and unchanged in its own version, and when nothing is known', () => {
    expect(convertData('{ "a": 1.0 }', VERSIONS, 3, 3, noTools)).toBe('{ "a": 1.0 }');
    expect(convertData('{ "a": 1.0 }', [], null, null, noTools)).toBe('{ "a": 1.0 }');
    expect(convertData('{ "a": 1.0 }', VERSIONS, null, 1, noTools)).toBe('{ "a": 1.0 }');
  });
});

describe('data that cannot be converted fails with type, versions and the first problem', () => {
  const from3to1 = /^The data of order\.created cannot be made from version 3 into version 1: /;

  it.each([
    ['what comes out does not fit the schema', '{"amounts":["12"]}', VERSIONS, /#\/total|total/],
    ['the conversion finds nothing', '[]', [V1, V2, version(3, 'nothing')], /version 3 gives nothing/],
    [
      'the expression fails',
      '{}',
      [V1, V2, version(3, '$number("x")')],
      /down-conversion of version 3 failed: The jsonata expression failed/,
    ],
    ['the expression is none', '{}', [V1, V2, version(3, '{{')], /down-conversion of version 3 failed/],
    ['its own version is gone', '{}', [V1, V2], /version 3 is not in the catalogue any more/],
    ['the other version is gone', '{}', [V2, V3], /version 1 is not in the catalogue/],
  ])('%s', async (_what, data, versions, reason) => {
    const failure = await Promise.resolve(convertData(data, versions, 3, 1, tools)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'conversion_failed' });
    expect(String((failure as Error).message)).toMatch(from3to1);
    expect(String((failure as Error).message)).toMatch(reason);
  });

  it('it would be made newer', async () => {
    await expect(convertData('{}', VERSIONS, 1, 2, tools)).rejects.toThrow(/never made newer/);
  });

  it('but not when we are stopping', async () => {
    const stopping = new HooklineError('shutting_down', 'Stopping.');
    const away: ConversionTools = { ...noTools, evaluate: () => Promise.reject(stopping) };
    await expect(convertData('{}', VERSIONS, 3, 1, away)).rejects.toBe(stopping);
  });
});

describe('the version that an endpoint gets', () => {
  it.each([
    ['the one it is pinned to', { 'order.created': 2 }, 3, 2],
    ['the lowest when it is pinned to none', {}, 3, 1],
    ['the lowest when it is pinned for other types only', { 'order.paid': 3 }, 3, 1],
    ["the message's own when that is lower", { 'order.created': 3 }, 2, 2],
    ["the message's own when that is lower than all", {}, 1, 1],
    ['none when the message has none', { 'order.created': 2 }, null, null],
  ])('%s', (_what, pins, messageVersion, expected) => {
    expect(versionFor(pins, VERSIONS, messageVersion)).toBe(expected);
  });

  it('is the next lower one when the pinned one is gone, else the lowest', () => {
    const versions = [version(7), version(2), version(4)];
    expect(versionFor({ 'order.created': 6 }, versions, 7)).toBe(4);
    expect(versionFor({ 'order.created': 9 }, versions, 7)).toBe(7);
    expect(versionFor({ 'order.created': 1 }, versions, 7)).toBe(2);
  });

  it("is the message's own when the type is not in the catalogue any more", () => {
    expect(versionFor({ 'order.created': 1 }, [], 3)).toBe(3);
  });

  it('does not take what every object has for a version', () => {
    expect(versionFor({}, [{ ...version(1), name: 'constructor' }], 1)).toBe(1);
  });
});

it('a JSONata envelope is evaluated by the real evaluator', async () => {
  const item = {
    id: 'msg_1',
    type: 'order.created',
    title: null,
    version: 1,
    timestamp: 0,
    userId: null,
    data: '{"items":[{"n":1},{"n":2}]}',
  };
  const input = { items: [item], isBatch: false, endpoint: { id: 'ep_1', url: 'https://example.com', workspace: '' } };
  const expression = '{ "sum": $sum(data.items.n), "at": timestamp, "to": endpoint.id, "list": data.items.n }';
  expect(await makeBody(input, { type: 'jsonata', expression }, tools)).toBe(
    '{"sum":3,"at":"1970-01-01T00:00:00.000Z","to":"ep_1","list":[1,2]}',
  );
  await expect(makeBody(input, { type: 'jsonata', expression: 'data.missing' }, tools)).rejects.toThrow(/gives nothing/);
});
