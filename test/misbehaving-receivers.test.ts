// Receivers that misbehave on purpose, all at once on one server: the log says what happened to each, and nobody slows the others.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Receiver, receivers } from './outbound/receivers.ts';
import { startHookline, type TestHookline } from './start-hookline.ts';

const MESSAGES = 30;
/** Of endpoints that never answer in time, in milliseconds. */
const TIMEOUT_MS = 400;
/** Of the others, which are to answer on a busy machine too. */
const LONG_TIMEOUT_MS = 60_000;
/** How many receivers take requests and never answer while the healthy one is served. */
const STUCK = 3;

interface Expected {
  readonly succeeded?: boolean;
  readonly status: number | null;
  readonly code?: string;
  readonly message?: RegExp;
  readonly isResponseCut?: boolean;
}

const TIMED_OUT: Expected = { status: null, code: 'request_timeout', message: new RegExp(`longer than ${TIMEOUT_MS} ms`) };

/** What the first attempt says of each. */
const CASES: Readonly<Record<string, { readonly start: () => Promise<Receiver>; readonly expected: Expected }>> = {
  'refuses connections': {
    start: receivers.refusing,
    expected: { status: null, code: 'request_failed', message: /refuses the connection/ },
  },
  'resets connections': {
    start: receivers.resetting,
    expected: { status: null, code: 'request_failed', message: /closed the connection/ },
  },
  'never answers': { start: receivers.hanging, expected: TIMED_OUT },
  'says nothing at all': { start: receivers.silent, expected: TIMED_OUT },
  'drips its body': { start: () => receivers.dripping(), expected: TIMED_OUT },
  'drips its head': { start: () => receivers.drippingHead(), expected: TIMED_OUT },
  'sends 10 GB': { start: receivers.endless, expected: { status: 200, succeeded: true, isResponseCut: true } },
  'sends a gzip bomb': { start: receivers.gzipBomb, expected: { status: 200, succeeded: true, isResponseCut: true } },
  'sends a large header': {
    start: receivers.largeHeader,
    expected: { status: null, code: 'response_too_large', message: /headers of the answer/ },
  },
  'has a certificate of its own': {
    start: receivers.selfSigned,
    expected: { status: null, code: 'request_failed', message: /certificate is not trusted/ },
  },
  'redirects into the network': {
    start: () => receivers.redirecting(307),
    expected: { status: 307, code: 'unexpected_status', message: /redirects are not followed/ },
  },
  'is gone': { start: receivers.gone, expected: { status: 410, code: 'unexpected_status', message: /410/ } },
  'wants a pause in seconds': {
    start: () => receivers.throttling('3600'),
    expected: { status: 429, code: 'unexpected_status', message: /429/ },
  },
  'wants a pause until a date': {
    start: () => receivers.throttling(new Date(Date.now() + 3_600_000).toUTCString(), 503),
    expected: { status: 503, code: 'unexpected_status', message: /503/ },
  },
  fails: { start: () => receivers.failing(), expected: { status: 500, code: 'unexpected_status', message: /500/ } },
  flaps: { start: receivers.flapping, expected: { status: 500, code: 'unexpected_status', message: /500/ } },
};

let server: TestHookline;
const started: Receiver[] = [];
const ids = new Map<string, string>();

async function subscribe(name: string, receiver: Receiver, timeoutMs = timeoutOf(name)): Promise<void> {
  started.push(receiver);
  const { status, text, body } = await server.api('POST', '/api/endpoints', {
    url: receiver.url,
    description: name,
    eventTypes: ['storm.*'],
    timeoutMs,
    // Whether the one that flaps takes or refuses a request is a matter of chance.
    retry: { type: 'custom', delaysMs: Array.from({ length: name === 'flaps' ? 40 : 3 }, () => 20), jitter: 0 },
  });
  expect(status, text).toBe(201);
  ids.set(name, body.id);
}

const timeoutOf = (name: string): number => (CASES[name]?.expected === TIMED_OUT ? TIMEOUT_MS : LONG_TIMEOUT_MS);

const endpoint = async (name: string) => (await server.api('GET', `/api/endpoints/${ids.get(name)}`)).body;

beforeAll(async () => {
  // The stop does not wait for receivers that never answer.
  server = await startHookline({ outboundAllow: ['127.0.0.1', 'localhost'], shutdownGraceMs: 200 });
});
afterAll(async () => {
  await server.stop();
  await Promise.all(started.map((receiver) => receiver.close()));
});

it('a healthy endpoint has everything before those that never answer have been given up', async () => {
  for (const [name, { start }] of Object.entries(CASES)) await subscribe(name, await start());
  const stuck = Array.from({ length: STUCK }, (_, index) => `stuck ${index}`);
  for (const name of stuck) await subscribe(name, await receivers.hanging(), LONG_TIMEOUT_MS);
  const healthy = await receivers.ok();
  await subscribe('works', healthy);
  for (let index = 0; index < MESSAGES; index += 1) {
    await server.api('POST', '/api/messages', { type: 'storm.rises', data: { index } });
  }
  await healthy.received(MESSAGES);
  expect(new Set(healthy.requests.map(({ headers }) => headers['webhook-id'])).size).toBe(MESSAGES);
  // Each takes its whole time limit, as long as a test waits, several times before it is blocked.
  for (const name of stuck) expect((await endpoint(name)).status, name).toBe('active');
});

it.each(Object.entries(CASES))('one that %s: the log says so', async (name, { expected }) => {
  const read = async () => {
    const { body } = await server.api('GET', `/api/deliveries?endpointId=${ids.get(name)}&limit=100`);
    const tried = body.data.filter(({ attemptCount }: { attemptCount: number }) => attemptCount > 0).at(-1);
    return tried && (await server.api('GET', `/api/deliveries/${tried.id}`)).body.attempts[0];
  };
  await expect.poll(read).toBeDefined();
  const attempt = await read();
  expect(attempt).toMatchObject({ status: expected.status, succeeded: expected.succeeded ?? false });
  expect(attempt.isResponseCut).toBe(expected.isResponseCut ?? false);
  if (expected.code !== undefined) expect(attempt.error).toMatchObject({ code: expected.code });
  if (expected.message) expect(attempt.error.message).toMatch(expected.message);
  expect(attempt.timings.totalMs).toBeGreaterThanOrEqual(0);
  expect((attempt.responseBody ?? '').length).toBeLessThanOrEqual(16 * 1024);
});

it('in the end each is in the state that it deserves, and the one that flaps has everything', async () => {
  const states: Readonly<Record<string, string>> = {
    works: 'active',
    'sends 10 GB': 'active',
    'is gone': 'disabled',
    'wants a pause in seconds': 'active',
    flaps: 'active',
    fails: 'blocked',
    'never answers': 'blocked',
    'drips its head': 'blocked',
    'redirects into the network': 'blocked',
    'refuses connections': 'blocked',
  };
  for (const [name, state] of Object.entries(states)) {
    await expect.poll(async () => (await endpoint(name)).status, { message: name }).toBe(state);
  }
  expect((await endpoint('is gone')).reason).toMatch(/410/);
  expect(Date.parse((await endpoint('wants a pause in seconds')).throttledUntil)).toBeGreaterThan(Date.now() + 3_000_000);
  const counts = async () => (await server.api('GET', `/api/endpoints/${ids.get('flaps')}/stats?window=1h`)).body.pending;
  await expect.poll(counts).toBe(0);
  const { body } = await server.api('GET', `/api/deliveries?endpointId=${ids.get('flaps')}&status=succeeded&limit=100`);
  expect(body.data.length).toBe(MESSAGES);
});
