import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { routes } from '../../src/http/routes/index.ts';
import { startApi, type TestApi, TOKEN } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi({ trustedProxies: 'loopback' });
});
afterAll(() => api.close());

function example(path: string): string {
  return path.replaceAll(/\{\w+\}/g, '1');
}

describe('the admin token', () => {
  const guarded = routes.filter(({ permission }) => permission !== 'none');
  test.each(guarded.map(({ method, path }) => ({ method, path })))('$method $path needs one', async ({ method, path }) => {
    // Each route from an address of its own: guesses from one address are slowed down.
    const headers = {
      'X-Forwarded-For': `192.0.2.${guarded.findIndex((route) => route.method === method && route.path === path)}`,
    };
    for (const token of [null, 'wrong', `${TOKEN}x`, '']) {
      const reply = await api.call(method, example(path), { token, headers, status: 401 });
      expect(reply.body.error.code).toBe('unauthorized');
      expect(reply.headers['www-authenticate']).toMatch(/^Bearer realm="hookline"/);
    }
  });

  test.each([`Basic ${TOKEN}`, TOKEN, `Bearer ${TOKEN} ${TOKEN}`, `Bearer,${TOKEN}`, 'Bearer', `Bearer "${TOKEN}"`])(
    'the header %j does not open the door',
    async (header) => {
      expect((await api.agent.get('/api/workflows').set('Authorization', header)).status).toBe(401);
    },
  );

  test('the scheme’s name may be in any case', async () => {
    expect((await api.agent.get('/api/workflows').set('Authorization', `bearer  ${TOKEN}`)).status).toBe(200);
  });

  test('unknown paths and wrong methods under /api are not told apart without one', async () => {
    expect((await api.agent.get('/api/what')).status).toBe(401);
    expect((await api.agent.put('/api/workflows')).status).toBe(401);
    await api.call('GET', '/api/what', { status: 404 });
    const reply = await api.call('PUT', '/api/workflows', { status: 405 });
    expect(reply.headers.allow).toBe('GET, HEAD, OPTIONS, POST');
  });

  test('a body is not read before the token is known to be good', async () => {
    const reply = await api.agent.post('/api/workflows').set('Content-Type', 'application/json').send('{broken');
    expect(reply.status).toBe(401);
  });
});

describe('health', () => {
  test.each(['/healthz', '/readyz'])('%s answers everybody', async (path) => {
    const reply = await api.agent.get(path);
    expect(reply.status).toBe(200);
    expect(reply.headers['cache-control']).toBe('no-store');
    expect((await api.agent.head(path)).status).toBe(200);
    expect((await api.agent.options(path)).headers.allow).toBe('GET, HEAD, OPTIONS');
    const wrong = await api.agent.post(path);
    expect(wrong.status).toBe(405);
    expect(wrong.headers.allow).toBe('GET, HEAD, OPTIONS');
    expect((await api.agent.get(`${path}/x`)).status).toBe(401);
  });

  test('/metrics needs the token by default', async () => {
    expect((await api.agent.get('/metrics')).status).toBe(401);
    const reply = await api.agent.get('/metrics').set('Authorization', `Bearer ${TOKEN}`);
    expect(reply.status).toBe(200);
    expect(reply.headers['content-type']).toContain('text/plain');
    expect(reply.text).toContain('hookline_executions_running 0');
  });

  test('requests and executions are counted', async () => {
    await api.agent.post('/hooks/nobody');
    const { text } = await api.agent.get('/metrics').set('Authorization', `Bearer ${TOKEN}`);
    expect(text).toContain('hookline_trigger_requests_total{outcome="hook_not_found"} 1');
  });
});

describe('configuration', () => {
  test('metrics can be public, or off', async () => {
    const open = await startApi({ metrics: 'public' });
    expect((await open.agent.get('/metrics')).status).toBe(200);
    await open.close();
    const closed = await startApi({ metrics: 'off' });
    expect((await closed.agent.get('/metrics').set('Authorization', `Bearer ${TOKEN}`)).status).toBe(404);
    await closed.close();
  });

  test('under a prefix everything is ours there, and the rest is the host’s', async () => {
    const prefixed = await startApi({ prefix: '/automation' });
    const { body } = await prefixed.call('POST', '/api/workflows', {
      body: { title: 'P', mode: 'async', enabled: true, trigger: { type: 'webhook' } },
      status: 201,
    });
    expect(body.hookUrl).toBe(`https://hooks.example.com/automation/hooks/${body.hookKey}`);
    expect((await prefixed.agent.post(`/hooks/${body.hookKey}`)).status).toBe(200);
    expect((await prefixed.call('GET', '/api/openapi.json', { status: 200 })).body.servers).toEqual([
      { url: 'https://hooks.example.com/automation' },
    ]);
    const root = prefixed.url.replace('/automation', '');
    expect((await fetch(`${root}/api/workflows`)).status).toBe(418);
    expect((await prefixed.agent.get('/elsewhere')).status).toBe(418);
    await prefixed.close();
  });

  test('a stopped engine says so to its load balancer', async () => {
    const stopping = await startApi();
    await stopping.hookline.engine.stop();
    const reply = await stopping.agent.get('/readyz');
    expect(reply.status).toBe(503);
    expect(reply.body.error.code).toBe('shutting_down');
    expect((await stopping.agent.get('/healthz')).status).toBe(200);
    await stopping.close();
  });

  test('two in one process keep to themselves', async () => {
    const other = await startApi({ adminToken: 'Vq7mB3xKp9Tz5RwH2nLc8yFj4sGd6aEu' });
    await other.call('GET', '/api/workflows', { token: 'Vq7mB3xKp9Tz5RwH2nLc8yFj4sGd6aEu', status: 200 });
    await other.call('GET', '/api/workflows', { status: 401 });
    await api.call('GET', '/api/workflows', { token: 'Vq7mB3xKp9Tz5RwH2nLc8yFj4sGd6aEu', status: 401 });
    await other.close();
  });
});
