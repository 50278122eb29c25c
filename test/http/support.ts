// A real Hookline on a free port for the tests of the HTTP API; every reply is checked against what the API says of itself.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Koa from 'koa';
import supertest, { type Response } from 'supertest';
import { expect } from 'vitest';
import type { z } from 'zod';
import { errorCodes, errorSchema } from '../../src/http/openapi.ts';
import type { Route } from '../../src/http/route.ts';
import { routes } from '../../src/http/routes/index.ts';
import { createHookline, type HooklineOptions, type Log } from '../../src/index.ts';

export const TOKEN = 'Jm5tX9bQk3Wz7RvP2nHc8yLf4sGd6aEu';

interface CallOptions {
  readonly body?: unknown;
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
  readonly status?: number;
}

export interface TestApi {
  readonly url: string;
  /** Lines of level warn and error. */
  readonly logged: readonly { fields: object; message: string }[];
  readonly hookline: ReturnType<typeof createHookline>;
  readonly agent: ReturnType<typeof supertest>;
  /** Calls a route of the admin API and checks status and shape of its reply. */
  call(method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE', path: string, options?: CallOptions): Promise<Response>;
  close(): Promise<void>;
}

/** The route behind a request; of two that fit, the one with fewer parameters. */
export function routeOf(method: string, url: string): Route | undefined {
  const [path = ''] = url.split('?');
  const fits = routes.filter((route) => {
    const pattern = new RegExp(`^${route.path.replace(/[.]/g, '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
    return route.method === method && pattern.test(path);
  });
  return fits.sort((one, two) => one.path.split('{').length - two.path.split('{').length)[0];
}

function problemsOf(schema: z.ZodType, value: unknown): unknown {
  return schema.safeParse(value).error?.issues ?? [];
}

function checkReply(method: string, path: string, reply: Response): void {
  const where = `${method} ${path} -> ${reply.status} ${reply.text}`;
  const route = routeOf(method, path);
  if (reply.status >= 400) {
    expect(problemsOf(errorSchema, reply.body), where).toEqual([]);
    if (route) expect(errorCodes(route), where).toContain(reply.body.error.code);
    return;
  }
  expect(route, where).toBeDefined();
  expect(reply.status, where).toBe(route?.status ?? 200);
  if (route && reply.status !== 204) expect(problemsOf(route.response, reply.body), where).toEqual([]);
}

/** Starts a Hookline in a folder of its own. `close` takes everything away again. */
export async function startApi(options: HooklineOptions = {}): Promise<TestApi> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-http-'));
  const logged: { fields: object; message: string }[] = [];
  const note = (fields: object, message: string) => void logged.push({ fields, message });
  const log: Log = { debug() {}, info() {}, warn: note, error: note };
  const hookline = createHookline({
    databaseUrl: `sqlite:${join(folder, 'hookline.db')}`,
    durability: 'normal',
    adminToken: TOKEN,
    publicUrl: 'https://hooks.example.com',
    log,
    ...options,
  });
  await hookline.start();
  const app = new Koa();
  app.silent = true;
  app.use(hookline.middleware());
  app.use((ctx) => {
    ctx.status = 418;
    ctx.body = 'the host';
  });
  const server = createServer(app.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${options.prefix ?? ''}`;
  const agent = supertest(url);
  return {
    url,
    logged,
    hookline,
    agent,
    async call(method, path, { body, token = TOKEN, headers = {}, status } = {}) {
      const send = { GET: agent.get, POST: agent.post, PATCH: agent.patch, PUT: agent.put, DELETE: agent.delete }[method];
      let pending = send.call(agent, path).set(headers);
      if (token !== null) pending = pending.set('Authorization', `Bearer ${token}`);
      const reply = await (body === undefined ? pending : pending.send(body as object));
      checkReply(method, path, reply);
      if (status !== undefined) expect(reply.status, `${method} ${path} -> ${reply.text}`).toBe(status);
      return reply;
    },
    async close() {
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
      await hookline.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A sync workflow: paid -> 200, else 422. */
export const payment = {
  title: 'Payment callback',
  mode: 'sync',
  enabled: true,
  trigger: { type: 'webhook', config: { body: [{ path: 'payment.status' }, { path: 'payment.id' }] } },
  nodes: [
    {
      key: 'paid',
      type: 'condition',
      config: {
        engine: 'basic',
        test: { all: [{ left: '{{$context.body.payment.status}}', operator: 'equal', right: 'paid' }] },
      },
      branches: {
        true: [{ key: 'ok', type: 'response', config: { status: 200, body: { received: '{{$context.body.payment.id}}' } } }],
        false: [{ key: 'no', type: 'response', config: { status: 422, body: { reason: 'not paid' } } }],
      },
    },
  ],
} as const;

/** An async workflow that does nothing. */
export const quiet = {
  title: 'Quiet',
  mode: 'async',
  enabled: true,
  trigger: { type: 'webhook', config: {} },
  nodes: [],
} as const;
