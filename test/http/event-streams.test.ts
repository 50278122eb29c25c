// Streams of server-sent events over real sockets: their form, their limits, their readers and their ends.

import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Koa from 'koa';
import { afterEach, expect, it, vi } from 'vitest';
import type { Actor } from '../../src/access/model.ts';
import { createEventStreams, type EventStreams, type EventStreamsOptions } from '../../src/http/event-streams.ts';
import { errors } from '../../src/http/middleware/errors.ts';
import { EventStream, type StreamEvent } from '../../src/http/route.ts';
import { StreamQueue } from '../../src/http/stream-queue.ts';
import { PATIENCE } from '../patience.ts';
import { type EventReader, readEvents } from './event-reader.ts';

const logged: string[] = [];
const note = (_: object, message: string) => void logged.push(message);
const log = { debug: note, info: note, warn: note, error: note };
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  logged.length = 0;
});

interface Source {
  readonly url: string;
  readonly streams: EventStreams;
  readonly server: Server;
  /** Sends to all streams. */
  send(event: StreamEvent): void;
  /** Streams whose source is still read. */
  sources(): number;
}

const actorNamed = (id: string): Actor => ({ kind: 'user', id, name: id, permissions: new Set() });

async function start(
  options: Partial<EventStreamsOptions> = {},
  open?: (signal: AbortSignal) => AsyncIterable<StreamEvent>,
  isAllowed: (id: string) => Promise<boolean> = async () => true,
): Promise<Source> {
  const streams = createEventStreams({ log, ...options });
  const queues = new Set<StreamQueue<StreamEvent>>();
  async function* fromQueue(signal: AbortSignal): AsyncGenerator<StreamEvent> {
    const queue = new StreamQueue<StreamEvent>(signal, 100_000);
    queues.add(queue);
    try {
      for (let event = await queue.next(); event; event = await queue.next()) yield event;
    } finally {
      queues.delete(queue);
    }
  }
  const app = new Koa();
  app.silent = true;
  app.use(errors(log));
  app.use((ctx) => {
    const id = ctx.get('X-Actor') || 'ada';
    streams.serve(ctx, actorNamed(id), new EventStream(open ?? fromQueue), () => isAllowed(id));
  });
  const server = createServer(app.callback()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    await streams.close();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    streams,
    server,
    send: (event) => queues.forEach((queue) => void queue.push(event)),
    sources: () => queues.size,
  };
}

async function open(source: Source, actor = 'ada'): Promise<EventReader> {
  const reader = await readEvents(source.url, { 'X-Actor': actor });
  closers.push(async () => reader.hangUp());
  return reader;
}

it('answers at once, in the form of server-sent events, so that no proxy keeps anything back', async () => {
  const source = await start();
  const reader = await open(source);
  expect(reader.status).toBe(200);
  expect(reader.headers).toMatchObject({
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-accel-buffering': 'no',
  });
  await vi.waitFor(() => expect(reader.comments).toBe(1), PATIENCE);
  source.send({ event: 'one', data: { text: 'a\nb' } });
  source.send({ event: 'two', data: null, id: '7' });
  expect(await reader.next()).toEqual({ event: 'one', id: undefined, data: { text: 'a\nb' } });
  expect(await reader.next()).toEqual({ event: 'two', id: '7', data: null });
});

it('a HEAD request gets the head alone', async () => {
  const source = await start();
  const sent = request(source.url, { method: 'HEAD' }).end();
  const [response] = await once(sent, 'response');
  response.resume();
  expect(response.headers['content-type']).toContain('text/event-stream');
  await once(response, 'end');
  expect(source.streams.size()).toBe(0);
});

it('sends a comment at each heartbeat', async () => {
  const reader = await open(await start({ heartbeatMs: 20 }));
  await vi.waitFor(() => expect(reader.comments).toBeGreaterThan(3), PATIENCE);
});

it('a reader that hangs up ends the source', async () => {
  const source = await start();
  const readers = [await open(source), await open(source)];
  await vi.waitFor(() => expect(source.sources()).toBe(2), PATIENCE);
  readers[0]?.hangUp();
  await vi.waitFor(() => expect([source.sources(), source.streams.size()]).toEqual([1, 1]), PATIENCE);
  source.send({ event: 'still', data: 1 });
  expect(await readers[1]?.next()).toMatchObject({ event: 'still' });
});

it('refuses more streams than one actor, or all, may have, and takes new ones when others end', async () => {
  const source = await start({ maxPerActor: 2, maxStreams: 3 });
  const first = await open(source);
  await open(source);
  const refused = await fetch(source.url, { headers: { 'X-Actor': 'ada' } });
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '10']);
  expect(await refused.json()).toMatchObject({ error: { code: 'too_many_requests' } });
  await open(source, 'ben');
  expect((await fetch(source.url, { headers: { 'X-Actor': 'cleo' } })).status).toBe(429);
  first.hangUp();
  await vi.waitFor(() => expect(source.streams.size()).toBe(2), PATIENCE);
  expect((await open(source)).status).toBe(200);
});

it('ends the streams of whoever may no longer read, at the next heartbeat, and those of nobody else', async () => {
  const allowed = new Set(['ada', 'ben']);
  const source = await start({ heartbeatMs: 20 }, undefined, async (id) => allowed.has(id));
  const [ada, ben] = [await open(source, 'ada'), await open(source, 'ben')];
  await vi.waitFor(() => expect(ada.comments).toBeGreaterThan(2), PATIENCE);
  allowed.delete('ada');
  await ada.ended;
  const { comments } = ben;
  await vi.waitFor(() => expect(ben.comments).toBeGreaterThan(comments + 2), PATIENCE);
});

it('goes on while it cannot be asked whether somebody may still read', async () => {
  const source = await start({ heartbeatMs: 20 }, undefined, () => Promise.reject(new Error('no database')));
  const reader = await open(source);
  await vi.waitFor(() => expect(logged.length).toBeGreaterThan(2), PATIENCE);
  source.send({ event: 'here', data: 1 });
  expect(await reader.next()).toMatchObject({ event: 'here' });
});

it('reads no further from the source than a slow reader takes, and then goes on', async () => {
  let made = 0;
  const text = 'x'.repeat(100_000);
  const source = await start({}, async function* () {
    while (made < 400) {
      made += 1;
      yield { event: 'much', data: { made, text } };
    }
  });
  const reader = await open(source);
  reader.pause();
  // What fits into the buffers of both sockets; the rest of 40 MB is not made.
  let before = -1;
  await vi.waitFor(
    () => {
      const still = made === before;
      before = made;
      expect(still).toBe(true);
    },
    { ...PATIENCE, interval: 200 },
  );
  expect(made).toBeLessThan(300);
  reader.resume();
  await reader.ended;
  expect(reader.events.map(({ data }) => data.made)).toEqual(Array.from({ length: 400 }, (_, index) => index + 1));
});

it('gives up a reader that takes nothing at all', async () => {
  const source = await start({ heartbeatMs: 30 }, async function* () {
    for (;;) yield { event: 'much', data: 'x'.repeat(100_000) };
  });
  const reader = await open(source);
  reader.pause();
  await vi.waitFor(() => expect(source.streams.size()).toBe(0), PATIENCE);
});

it('closing ends every stream at once, also of a reader that does not read, and refuses new ones', async () => {
  const source = await start({}, async function* () {
    for (;;) yield { event: 'much', data: 'x'.repeat(100_000) };
  });
  const readers = [await open(source), await open(source), await open(source, 'ben')];
  readers[0]?.pause();
  await source.streams.close();
  expect(source.streams.size()).toBe(0);
  readers[0]?.resume();
  await Promise.all(readers.map(({ ended }) => ended));
  expect((await fetch(source.url)).status).toBe(503);
});

it('logs a source that fails, and ends its stream', async () => {
  const source = await start({}, async function* () {
    yield { event: 'one', data: 1 };
    throw new Error('broken source');
  });
  const reader = await open(source);
  expect(await reader.next()).toMatchObject({ event: 'one' });
  await reader.ended;
  expect(logged).toEqual(['A stream of events has failed']);
});
