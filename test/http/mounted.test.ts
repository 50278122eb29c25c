// Trigger URLs in odd surroundings: an app inside an app, callers that hang up.

import { once } from 'node:events';
import { createServer } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import Koa from 'koa';
import { afterEach, expect, it } from 'vitest';
import { keepLog } from '../engine/running.ts';
import { startHookline, type TestHookline } from '../start-hookline.ts';

const echo = {
  mode: 'sync',
  trigger: { type: 'webhook', config: {} },
  nodes: [{ key: 'answer', type: 'response', config: { body: '{{$context.query.q}} {{$request.url}}' } }],
};

let hookline: TestHookline;
afterEach(() => hookline.stop());

it('answers its trigger URLs and its API in an app that is itself mounted under a path', async () => {
  hookline = await startHookline({ prefix: '/inner' });
  const { hookKey } = await hookline.workflow(echo);
  const host = new Koa();
  const inner = hookline.hookline.middleware();
  // As koa-mount does it.
  host.use(async (ctx, next) => {
    if (!ctx.path.startsWith('/outer/')) return next();
    const { path } = ctx;
    ctx.path = path.slice('/outer'.length);
    try {
      await inner(ctx, next);
    } finally {
      ctx.path = path;
    }
  });
  const server = createServer(host.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/outer/inner`;
  const answer = await fetch(`${url}/hooks/${hookKey}?q=a%20b`, { method: 'POST' });
  expect([answer.status, await answer.text()]).toEqual([200, `a b /inner/hooks/${hookKey}?q=a%20b`]);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

it.each([
  ['server', true],
  ['server', false],
  ['koa', true],
] as const)('takes a caller that hangs up for no fault of its own, mounted as %s (reset: %s)', async (mount, isReset) => {
  const log = keepLog();
  hookline = await startHookline({ mount, log, metrics: 'public' });
  const { hookKey } = await hookline.workflow(echo);
  const socket = net.connect(hookline.port, '127.0.0.1');
  await once(socket, 'connect');
  const head = `POST /hooks/${hookKey} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n`;
  const arrived = once(hookline.server, 'request');
  socket.write(`${head}{"a":`);
  await arrived;
  if (isReset) socket.resetAndDestroy();
  else socket.destroy();
  const metrics = async (): Promise<string> => (await fetch(`${hookline.url}/metrics`)).text();
  await expect.poll(metrics, { interval: 5 }).toContain('hookline_trigger_requests_total{outcome="invalid_request"} 1');
  expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

it('takes the names of codings in any case', async () => {
  hookline = await startHookline();
  const { hookUrl } = await hookline.workflow(echo);
  expect((await hookline.post(hookUrl, { a: 1 }, { 'Content-Encoding': 'Identity' })).status).toBe(200);
});
