// Streams behind the router: who may open them, and when they end because who reads is no longer who they were.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { Actor, Permission } from '../../../src/access/model.ts';
import { HooklineError } from '../../../src/errors.ts';
import { createEventStreams, type EventStreams } from '../../../src/http/event-streams.ts';
import type { Caller } from '../../../src/http/middleware/auth.ts';
import { errors } from '../../../src/http/middleware/errors.ts';
import { router } from '../../../src/http/middleware/router.ts';
import { createReach } from '../../../src/http/reach.ts';
import { defineRoute, EventStream, type RouteContext } from '../../../src/http/route.ts';
import { createConnections } from '../../../src/http/trusted-proxies.ts';
import { PATIENCE } from '../../patience.ts';
import { type EventReader, readEvents } from '../event-reader.ts';

const reachOf = createReach('http://localhost', createConnections([]));
const log = { debug() {}, info() {}, warn() {}, error() {} };
const route = defineRoute({
  ...{ method: 'GET', path: '/api/stream/{name}', name: 'stream', permission: 'executions:read' },
  ...{ summary: 'A stream of this test', tag: 'Test', isStream: true },
  params: z.strictObject({ name: z.string() }),
  response: z.unknown(),
  handle({ params }) {
    if (params.name === 'none') throw new HooklineError('not_found', 'There is no such stream.');
    return new EventStream(async function* (signal) {
      yield { event: 'hello', data: params.name };
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    });
  },
});

const who = (...permissions: Permission[]): Actor => ({ kind: 'user', id: 'u', name: 'Ada', permissions: new Set(permissions) });

let server: Server;
let url: string;
let streams: EventStreams;
/** Who the session belongs to; a function is what finding out throws. */
let present: Actor | null | (() => never);
const find = async (): Promise<Caller> => ({
  actor: typeof present === 'function' ? present() : present,
  origin: { address: '', session: null },
  mustEnrol: false,
  pendingSignIn: undefined,
});

beforeAll(async () => {
  streams = createEventStreams({ log, heartbeatMs: 20 });
  const app = new Koa();
  app.use(errors(log));
  app.use(async (ctx, next) => {
    ctx.state.caller = { ...(await find()), again: find };
    return next();
  });
  const access = { audit: { note: async () => {} } };
  app.use(router([route], { streams, reachOf, access, revealFor: () => undefined } as unknown as RouteContext));
  server = createServer(app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/stream`;
});
afterAll(async () => {
  await streams.close();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});
beforeEach(() => {
  present = who('executions:read', 'workflows:read');
});

async function open(): Promise<EventReader> {
  const reader = await readEvents(`${url}/a`);
  expect(await reader.next()).toMatchObject({ event: 'hello', data: 'a' });
  return reader;
}

it('what a handler refuses is an error reply as ever', async () => {
  expect((await fetch(`${url}/none`)).status).toBe(404);
  present = who('workflows:read');
  expect((await fetch(`${url}/a`)).status).toBe(403);
  present = null;
  expect((await fetch(`${url}/a`)).status).toBe(401);
});

it.each([
  ['has signed out', null],
  ['has fewer rights', who('executions:read')],
  [
    'has a token that was revoked',
    () => {
      throw new HooklineError('unauthorized', 'No such token.');
    },
  ],
])('a stream ends when its reader %s', async (_, then) => {
  const reader = await open();
  present = then;
  await reader.ended;
});

it('a stream goes on when its reader has more rights, or the database is away', async () => {
  const reader = await open();
  present = who('executions:read', 'workflows:read', 'outbound:read');
  await vi.waitFor(() => expect(reader.comments).toBeGreaterThan(3), PATIENCE);
  present = () => {
    throw new HooklineError('storage_unavailable', 'The database is away.');
  };
  const { comments } = reader;
  await vi.waitFor(() => expect(reader.comments).toBeGreaterThan(comments + 3), PATIENCE);
  reader.hangUp();
});
