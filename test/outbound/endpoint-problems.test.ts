import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createEvaluator } from '../../src/expressions/evaluator.ts';
import { openServices, problemsOf, refusalOf, type TestServices } from './services.ts';

const evaluator = createEvaluator({ timeoutMs: 30_000, maxWorkers: 1, memoryMb: 128 });
let services: TestServices;
beforeAll(async () => {
  services = await openServices(evaluator);
});
afterAll(async () => {
  await services.close();
  await evaluator.close();
});

const URL = 'https://shop.example/hooks';

describe('an endpoint is refused for', () => {
  test.each<[string, Record<string, unknown>, string[]]>([
    ['no URL', { url: undefined }, ['url missing_value']],
    ['a URL that is none', { url: 'shop' }, ['url invalid_url']],
    ['credentials', { url: 'https://a:b@shop.example/' }, ['url invalid_url']],
    ['an inner address', { url: 'https://127.0.0.1/' }, ['url invalid_url']],
    ['an inner address in disguise', { url: 'https://2130706433/' }, ['url invalid_url']],
    ['an inner IPv6 address', { url: 'https://[::ffff:192.168.0.1]/' }, ['url invalid_url']],
    ['the cloud metadata address', { url: 'https://169.254.169.254/latest' }, ['url invalid_url']],
    ['localhost', { url: 'https://localhost/' }, ['url invalid_url']],
    ['a port that is not allowed', { url: 'https://shop.example:22/' }, ['url invalid_url']],
    ['an unknown setting', { speed: 3 }, ['speed unknown_key']],
    ['an unknown preset', { preset: 'acme' }, ['preset invalid_value']],
    ['an event pattern that is none', { eventTypes: ['order.*.x'] }, ['eventTypes[0] invalid_value']],
    ['the header Host', { headers: [{ name: 'Host', value: 'x' }] }, ['headers[0] invalid_header']],
    ['a header of the body', { headers: [{ name: 'Content-Type', value: 'x' }] }, ['headers[0].name invalid_header']],
    ['a header of Standard Webhooks', { headers: [{ name: 'Webhook-Id', value: 'x' }] }, ['headers[0].name invalid_header']],
    [
      'a signature header',
      { preset: 'github', secretHeaders: [{ name: 'x-hub-signature-256', value: 'x' }] },
      ['secretHeaders[0].name invalid_header'],
    ],
    ['a line break', { headers: [{ name: 'X-A', value: 'a\r\nb: c' }] }, ['headers[0] invalid_header']],
    [
      'a header twice',
      { headers: [{ name: 'X-A', value: 'a' }], secretHeaders: [{ name: 'x-a', value: 'b' }] },
      ['secretHeaders[0].name invalid_header'],
    ],
    ['broken JSONata', { envelope: { type: 'jsonata', expression: '{' } }, ['envelope.expression invalid_expression']],
    ['a broken ordering path', { ordering: { type: 'key', path: 'a..b' } }, ['ordering.path invalid_path']],
    ['a weak secret', { secret: 'whsec_abcd' }, ['secret invalid_secret']],
    [
      'two profiles in one header',
      {
        profiles: [
          { type: 'custom', header: 'X-S' },
          { type: 'custom', header: 'X-S', encoding: 'base64' },
        ],
      },
      ['profiles[1].header invalid_profile'],
    ],
    ['an unknown version', { versions: { 'order.created': 3 } }, ['versions["order.created"] unknown_event_type']],
    [
      'a longest pause that is shorter than the first one',
      { retry: { type: 'exponential', attempts: 3, firstDelayMs: 2_000, maxDelayMs: 1_000 } },
      ['retry.maxDelayMs invalid_value'],
    ],
    [
      'several mistakes',
      { speed: 1, timeoutMs: 1, preset: 'acme' },
      ['preset invalid_value', 'timeoutMs invalid_value', 'speed unknown_key'],
    ],
  ])('%s', async (_what, change, expected) => {
    const error = await refusalOf(services.endpoints.create({ url: URL, ...change }));
    expect(error.code).toBe('invalid_endpoint');
    expect(problemsOf(error).sort()).toEqual(expected.sort());
  });
});

describe('the URL of an endpoint', () => {
  test.each(['http://10.1.2.3/x', 'http://erp.internal/x', 'https://10.9.9.9/'])(
    'may go to the allowed target %s',
    async (url) => {
      expect((await services.endpoints.create({ url })).endpoint.config.url).toBe(url);
    },
  );

  test('a refused address says nothing of the network', async () => {
    const error = await refusalOf(services.endpoints.create({ url: 'https://192.168.1.1/' }));
    expect(error.message).toBe(
      'The endpoint is not valid: url: this address may not be called; it has to be on the public Internet.',
    );
  });
});
