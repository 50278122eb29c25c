// A real Hookline on a real socket with a database of its own, for tests.

import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Koa from 'koa';
import { createHookline, type Hookline, type HooklineOptions } from '../src/index.ts';

export const TOKEN = 'Kp6wN2zRt8Vm4XbQ9hLc5yFj3sGd7aEu';

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** What the JSON parser gives, since tests look into replies of every shape; undefined when it is not JSON. */
  body: ReturnType<typeof JSON.parse>;
}

export interface TestHookline {
  readonly hookline: Hookline;
  readonly server: Server;
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Calls the admin API with the token. */
  api(method: string, path: string, body?: unknown): Promise<Answer>;
  /** Creates an enabled workflow and gives its id and trigger URL. */
  workflow(input: object): Promise<{ id: string; hookUrl: string; hookKey: string }>;
  /** POSTs JSON (text is sent as it is). */
  post(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** Resolves with the execution when it is final. */
  finished(executionId: string): Promise<Answer['body']>;
  stop(): Promise<void>;
}

/** `mount`: as a server of its own (default), or as middleware in a Koa app. */
export async function startHookline(
  options: HooklineOptions & { folder?: string; mount?: 'server' | 'koa' } = {},
): Promise<TestHookline> {
  const { folder: given, mount = 'server', ...rest } = options;
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'hookline-test-')));
  // The handler comes later: the trigger URLs need the port first.
  let handle: RequestListener = (_request, response) => response.destroy();
  const server = createServer((request, response) => handle(request, response)).listen(0, '127.0.0.1');
  // On a busy machine, the default of 5 s ends connections while a test is sending its next request.
  server.keepAliveTimeout = 300_000;
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const hookline = createHookline({
    databaseUrl: `sqlite:${join(folder, 'hookline.db')}`,
    secretKeyFile: join(folder, 'secret.key'),
    adminToken: TOKEN,
    logLevel: 'silent',
    // The real cost has tests of its own.
    passwordCost: 14,
    // An expression that is right has as much time as it needs on a busy machine.
    expressionTimeoutMs: 30_000,
    publicUrl: url,
    ...rest,
  });
  await hookline.start();
  const app = new Koa();
  app.silent = true;
  handle = mount === 'koa' ? app.use(hookline.middleware()).callback() : hookline.callback();

  async function call(target: string, init: RequestInit): Promise<Answer> {
    const response = await fetch(target, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text !== '' ? JSON.parse(text) : undefined,
    };
  }

  const api: TestHookline['api'] = (method, path, body) =>
    call(`${url}${rest.prefix ?? ''}${path}`, {
      method,
      headers: { Authorization: `Bearer ${TOKEN}`, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

  return {
    hookline,
    server,
    url,
    port,
    folder,
    api,
    async workflow(input) {
      const { status, body, text } = await api('POST', '/api/workflows', {
        title: 'A workflow',
        enabled: true,
        nodes: [],
        ...input,
      });
      if (status !== 201) throw new Error(`The workflow was refused: ${status} ${text}`);
      return body;
    },
    post: (target, body, headers = {}) =>
      call(target, {
        method: 'POST',
        headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    async finished(executionId) {
      for (;;) {
        const { body } = await api('GET', `/api/executions/${executionId}`);
        if (!['queued', 'running', 'waiting'].includes(body?.status)) return body;
        await pause(10);
      }
    },
    async stop() {
      await hookline.stop();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      if (given === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}
