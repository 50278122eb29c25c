// Guessing over real sockets: the credentials of trigger URLs, bearer tokens, passwords. Callers' addresses come from a trusted proxy.

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Answer, startHookline, type TestHookline, TOKEN } from '../start-hookline.ts';
import { openBrowser, PASSWORD } from './browser.ts';

let server: TestHookline;

beforeAll(async () => {
  // The clock stands still, so that waits do not end while the machine is busy.
  vi.useFakeTimers({ toFake: ['Date'] });
  server = await startHookline({ trustedProxies: ['loopback'] });
});
afterAll(async () => {
  await server.stop();
  vi.useRealTimers();
});

const pass = (ms: number) => vi.setSystemTime(Date.now() + ms);

const basic = (password: string) => ({ Authorization: `Basic ${Buffer.from(`ada:${password}`).toString('base64')}` });
const from = (address: string) => ({ 'X-Forwarded-For': address });

async function guarded(): Promise<{ id: string; hookUrl: string }> {
  return server.workflow({
    title: 'Guarded',
    mode: 'async',
    trigger: { type: 'webhook', config: { auth: { type: 'basic', username: 'ada', password: 'right' } } },
    nodes: [],
  });
}

async function callOften(url: string, times: number, headersOf: (n: number) => Record<string, string>): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let n = 0; n < times; n += 25) {
    const some = Array.from({ length: Math.min(25, times - n) }, (_, index) => server.post(url, {}, headersOf(n + index)));
    answers.push(...(await Promise.all(some)));
  }
  return answers;
}

const statuses = (answers: readonly Answer[]) => answers.map(({ status }) => status);
const get = (path: string, headers: Record<string, string>) => fetch(server.url + path, { headers });

describe('the credentials of a trigger URL', () => {
  test('500 wrong passwords from one address do not get as far as the right one', async () => {
    const { id, hookUrl } = await guarded();
    const address = from('203.0.113.1');
    const answers = await callOften(hookUrl, 500, (n) => ({ ...basic(`wrong ${n}`), ...address }));
    expect(statuses(answers).filter((status) => status === 401)).toHaveLength(30);
    expect(statuses(answers).filter((status) => status === 429)).toHaveLength(470);
    const right = await server.post(hookUrl, {}, { ...basic('right'), ...address });
    expect([right.status, right.body.error.code]).toEqual([429, 'too_many_requests']);
    expect(right.headers.get('retry-after')).toBe('60');
    expect(right.body.error.message).toContain('wrong credentials came from this address. Wait 60 s');
    // Another address, and another workflow, are not touched.
    expect((await server.post(hookUrl, {}, { ...basic('right'), ...from('203.0.113.2') })).status).toBe(200);
    expect((await server.post((await guarded()).hookUrl, {}, { ...basic('wrong'), ...address })).status).toBe(401);

    const { body: workflow } = await server.api('GET', `/api/workflows/${id}`);
    expect(workflow.refusedCalls).toEqual({ calls: 501, places: 1 });
    const { body: audit } = await server.api('GET', `/api/audit?action=basicAuthRefused&target=${id}`);
    expect(audit.data).toHaveLength(3);
    expect(audit.data[0]).toMatchObject({ address: '203.0.113.1', actor: { kind: 'nobody' } });
    // A minute later the block is over; the next one lasts twice as long.
    pass(60_000);
    await callOften(hookUrl, 31, (n) => ({ ...basic(`wrong ${n}`), ...address }));
    const again = await server.post(hookUrl, {}, { ...basic('right'), ...address });
    expect([again.status, again.headers.get('retry-after')]).toEqual([429, '120']);
    pass(120_000);
    expect((await server.post(hookUrl, {}, { ...basic('right'), ...address })).status).toBe(200);
  });

  test('a caller that was right passes while others guess from its address, and its old password does not', async () => {
    const { id, hookUrl } = await guarded();
    const address = from('203.0.113.3');
    expect((await server.post(hookUrl, {}, { ...basic('right'), ...address })).status).toBe(200);
    await callOften(hookUrl, 50, (n) => ({ ...basic(`wrong ${n}`), ...address }));
    expect((await server.post(hookUrl, {}, { ...basic('right'), ...address })).status).toBe(200);
    expect((await server.post(hookUrl, {}, { ...basic('wrong'), ...address })).status).toBe(429);
    await server.api('PATCH', `/api/workflows/${id}`, {
      trigger: { type: 'webhook', config: { auth: { type: 'basic', username: 'ada', password: 'next' } } },
    });
    expect(statuses(await callOften(hookUrl, 2, (n) => ({ ...basic(n === 0 ? 'right' : 'next'), ...address })))).toEqual([
      429, 429,
    ]);
  });

  test('no credentials at all count as wrong ones, and a workflow without credentials is never slowed', async () => {
    const { hookUrl } = await guarded();
    const answers = await callOften(hookUrl, 40, () => from('203.0.113.4'));
    expect(statuses(answers).filter((status) => status === 401)).toHaveLength(30);
    const open = await server.workflow({ title: 'Open', mode: 'async', trigger: { type: 'webhook', config: {} }, nodes: [] });
    const calls = await callOften(open.hookUrl, 60, () => ({ ...basic('any'), ...from('203.0.113.4') }));
    expect(new Set(statuses(calls))).toEqual(new Set([200]));
  });

  test('test calls are slowed as calls are', async () => {
    const { id } = await guarded();
    const call = async (headers: Record<string, string>) => {
      const answer = await server.api('POST', `/api/workflows/${id}/call`, { headers, authenticate: false });
      return answer.body.reply.status;
    };
    const codes: number[] = [];
    for (let n = 0; n < 35; n += 1) codes.push(await call(basic(`wrong ${n}`)));
    expect(codes).toEqual([...Array(30).fill(401), ...Array(5).fill(429)]);
    expect(await call(basic('right'))).toBe(429);
  });

  test('an IPv6 /64 is one place, and a /48 is one with a higher limit', async () => {
    const { hookUrl } = await guarded();
    const sameBlock = await callOften(hookUrl, 40, (n) => ({ ...basic('wrong'), ...from(`2001:db8:1:1::${n + 1}`) }));
    expect(statuses(sameBlock).filter((status) => status === 429)).toHaveLength(10);
    const others = await callOften(hookUrl, 400, (n) => ({ ...basic('wrong'), ...from(`2001:db8:2:${n.toString(16)}::1`) }));
    expect(statuses(others).filter((status) => status === 429)).toHaveLength(100);
    const right = await server.post(hookUrl, {}, { ...basic('right'), ...from('2001:db8:2:ffff::1') });
    expect(right.status).toBe(429);
    expect((await server.post(hookUrl, {}, { ...basic('right'), ...from('2001:db8:3::1') })).status).toBe(200);
  });
});

describe('bearer tokens', () => {
  test.each(['/api/workflows', '/metrics'])(
    'wrong ones are slowed by place at %s, and one that was right passes',
    async (path) => {
      const address = from(path === '/metrics' ? '198.51.100.1' : '198.51.100.2');
      const right = { Authorization: `Bearer ${TOKEN}`, ...address };
      const wrong = (n: number) => ({ Authorization: `Bearer hlk_wrong${n}`, ...address });
      expect((await get(path, right)).status).toBe(200);
      const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => get(path, wrong(n))));
      expect(answers.filter(({ status }) => status === 401)).toHaveLength(21);
      const slowed = answers.filter(({ status }) => status === 429);
      expect(slowed).toHaveLength(39);
      expect(Number(slowed[0]?.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await slowed[0]?.json()).toMatchObject({ error: { code: 'too_many_requests' } });
      expect((await get(path, right)).status).toBe(200);
      const { body } = await server.api('GET', '/api/audit?action=bearerRefused');
      const entries = body.data.filter((entry: { address: string }) => entry.address === address['X-Forwarded-For']);
      expect(entries).toHaveLength(2);
    },
  );

  test('a program that begins with many requests at once makes one try', async () => {
    const all = { Authorization: `Bearer ${TOKEN}`, ...from('198.51.100.4') };
    const answers = await Promise.all(Array.from({ length: 60 }, () => get('/api/workflows', all)));
    expect(answers.map(({ status }) => status)).toEqual(Array(60).fill(200));
  });

  test('a right one from a place where others guess has to wait when it was never right there', async () => {
    const address = from('198.51.100.3');
    await Promise.all(Array.from({ length: 40 }, (_, n) => get('/api/workflows', { Authorization: `Bearer x${n}`, ...address })));
    expect((await get('/api/workflows', { Authorization: `Bearer ${TOKEN}`, ...address })).status).toBe(429);
  });
});

/** Guesses whenever it is possible, until the wait is longer than this test. */
async function guessOn(guess: (n: number) => Promise<{ status: number }>, firstWaitMs = 2_000): Promise<void> {
  for (let waitMs = firstWaitMs, n = 0; ; waitMs *= 2, n += 1) {
    expect((await guess(n)).status).toBe(401);
    if (waitMs >= 64_000) return;
    pass(waitMs);
  }
}

describe('passwords', () => {
  const ADA = 'ada@example.com';

  test('a stranger who guesses does not lock the owner out of a place or a browser that is known', async () => {
    const home = openBrowser(server.url);
    const link = await server.hookline.createSetupLink();
    const signIn = (address: string, password = PASSWORD, more: Record<string, string> = {}) =>
      openBrowser(server.url).send('POST', '/api/session', { email: ADA, password }, { ...from(address), ...more });
    const accepted = await home.send(
      'POST',
      '/api/links/accept',
      { token: link?.url.split('#')[1], password: PASSWORD, email: ADA, name: 'Ada' },
      from('192.0.2.1'),
    );
    expect(accepted.status, accepted.text).toBe(200);
    const [device = ''] = [accepted.headers['set-cookie'] ?? []].flat().filter((line) => line.startsWith('hookline_device='));
    const cookie = { Cookie: device.split(';')[0] ?? '' };
    expect(device).toMatch(/HttpOnly; SameSite=Lax/);

    const refused = await Promise.all(Array.from({ length: 12 }, (_, n) => signIn(`192.0.2.${n + 100}`, 'wrong')));
    expect(refused.filter(({ status }) => status === 401)).toHaveLength(6);
    pass(1_000);
    await guessOn((n) => signIn(`192.0.2.${n + 120}`, 'wrong'));
    expect((await signIn('192.0.2.99')).status).toBe(429);
    // From home, and from elsewhere with the browser that is known.
    expect((await signIn('192.0.2.1')).status).toBe(200);
    expect((await signIn('192.0.2.99', PASSWORD, cookie)).status).toBe(200);
    // Guessing from home with no known browser does not lock out the known one either.
    for (let n = 0; n < 5; n += 1) await signIn('192.0.2.1', 'wrong');
    await guessOn(() => signIn('192.0.2.1', 'wrong'), 1_000);
    expect((await signIn('192.0.2.1')).status).toBe(429);
    expect((await signIn('192.0.2.1', PASSWORD, cookie)).status).toBe(200);
    const forged = { Cookie: `hookline_device=${'x'.repeat(43)}.${'y'.repeat(43)}` };
    expect((await signIn('192.0.2.98', PASSWORD, forged)).status).toBe(429);
  });

  test('a known browser has a count of its own', async () => {
    pass(3_600_000);
    const answer = await openBrowser(server.url).send(
      'POST',
      '/api/session',
      { email: ADA, password: PASSWORD },
      from('192.0.2.50'),
    );
    expect(answer.status).toBe(200);
    const [device = ''] = [answer.headers['set-cookie'] ?? []].flat().filter((line) => line.startsWith('hookline_device='));
    const guess = (n: number) => {
      const headers = { ...from(`192.0.2.${n + 60}`), Cookie: device.split(';')[0] ?? '' };
      return openBrowser(server.url).send('POST', '/api/session', { email: ADA, password: 'wrong' }, headers);
    };
    for (let n = 0; n < 5; n += 1) expect((await guess(n)).status).toBe(401);
    await guessOn(guess, 1_000);
    expect((await guess(6)).status).toBe(429);
  });
});

test('what was right within a day still passes after a restart', async () => {
  const first = await startHookline({ trustedProxies: ['loopback'] });
  const { hookUrl } = await first.workflow({
    title: 'Guarded',
    mode: 'async',
    trigger: { type: 'webhook', config: { auth: { type: 'basic', username: 'ada', password: 'right' } } },
    nodes: [],
  });
  const address = from('203.0.113.9');
  expect((await first.post(hookUrl, {}, { ...basic('right'), ...address })).status).toBe(200);
  await first.hookline.stop();
  await first.hookline.start();
  const guesses = Array.from({ length: 40 }, (_, n) => first.post(hookUrl, {}, { ...basic(`wrong ${n}`), ...address }));
  expect((await Promise.all(guesses)).some(({ status }) => status === 429)).toBe(true);
  expect((await first.post(hookUrl, {}, { ...basic('right'), ...address })).status).toBe(200);
  await first.stop();
});
