// Captured calls: what is kept of a request, and how they come to those who listen.

import { afterEach, expect, it, vi } from 'vitest';
import { createLocalBus } from '../../src/cluster/bus.ts';
import { makeCapture, pathsOf } from '../../src/engine/capture.ts';
import { type Captures, createCaptures } from '../../src/engine/captures.ts';
import { createInterest } from '../../src/engine/interest.ts';
import type { Capture, StoredRequest } from '../../src/engine/model.ts';
import type { Bus, BusMessage, CaptureStore } from '../../src/engine/ports.ts';
import { PATIENCE } from '../patience.ts';
import { type KeptLog, keepLog, NOW } from './running.ts';

const request: StoredRequest = { method: 'POST', url: '/hooks/k', headers: {}, body: '{"n":1}', address: '::1' };
const outcome = { status: 200, executionId: 'e1', error: null };

interface Rows extends CaptureStore {
  readonly rows: Map<string, Capture>;
  isBroken: boolean;
}

function memoryStore(): Rows {
  const rows = new Map<string, Capture>();
  const store: Rows = {
    rows,
    isBroken: false,
    async add(id, _, capture) {
      if (store.isBroken) throw new Error('The disk is full.');
      rows.set(id, capture);
    },
    get: async (id) => rows.get(id),
    async deleteBefore(time) {
      for (const [id, { at }] of rows) if (at < time) rows.delete(id);
    },
  };
  return store;
}

let time = NOW;
afterEach(() => {
  vi.useRealTimers();
  time = NOW;
});

function start(store = memoryStore()): {
  captures: Captures;
  store: Rows;
  log: KeptLog;
  said: BusMessage[];
  hear(message: BusMessage): void;
} {
  const log = keepLog();
  const own = createLocalBus(log);
  const said: BusMessage[] = [];
  const bus: Bus = { subscribe: own.subscribe, publish: async (message) => void said.push(message) };
  const captures = createCaptures({ bus, interest: createInterest(bus), store, log, now: () => time });
  return { captures, store, log, said, hear: own.deliver };
}

it('captures only while somebody listens, twenty calls a second', () => {
  const { captures } = start();
  expect(captures.isWanted('w1')).toBe(false);
  const stop = captures.listen('w1', () => {});
  expect([captures.isWanted('w1'), captures.isWanted('w2')]).toEqual([true, false]);
  const wanted = () => Array.from({ length: 30 }, () => captures.isWanted('w1')).filter(Boolean).length;
  time += 1_000;
  expect(wanted()).toBe(20);
  time += 1_000;
  expect(wanted()).toBe(20);
  stop();
  time += 1_000;
  expect(captures.isWanted('w1')).toBe(false);
});

it('writes nothing down for listeners of this process alone', async () => {
  const { captures, store } = start();
  const seen: Capture[] = [];
  captures.listen('w1', (capture) => seen.push(capture));
  captures.add('w1', request, outcome);
  await captures.stop();
  expect(seen).toMatchObject([{ at: NOW, request, outcome, paths: { body: [{ path: 'n', value: 1 }] } }]);
  expect(store.rows.size).toBe(0);
});

it('hands over through the store, and clears it after a minute', async () => {
  vi.useFakeTimers();
  const here = start();
  const there = start(here.store);
  const seen: Capture[] = [];
  there.captures.listen('w1', (capture) => seen.push(capture));
  here.hear({ type: 'interest', topics: ['w1'] });
  here.captures.add('w1', request, outcome);
  await vi.waitFor(() => expect(here.said).toMatchObject([{ type: 'call-captured', workflowId: 'w1' }]), PATIENCE);
  for (const message of here.said) there.hear(message);
  await vi.waitFor(() => expect(seen).toMatchObject([{ request, outcome }]), PATIENCE);
  expect(here.store.rows.size).toBe(1);
  time += 61_000;
  await vi.advanceTimersByTimeAsync(61_000);
  expect(here.store.rows.size).toBe(0);
  await here.captures.stop();
  await there.captures.stop();
});

it('a store that fails costs the call nothing, and is logged', async () => {
  const { captures, store, log, hear } = start();
  store.isBroken = true;
  hear({ type: 'interest', topics: ['w1'] });
  captures.add('w1', request, outcome);
  await captures.stop();
  expect(log.lines.map(({ message }) => message)).toEqual(['a captured call could not be handed over']);
});

it('cuts long bodies at a whole character, and shortens what stands beside paths', () => {
  const body = JSON.stringify({ list: Array.from({ length: 300 }, (_, n) => n), text: `${'€'.repeat(100_000)}` });
  const capture = makeCapture(NOW, { ...request, body }, outcome);
  expect(Buffer.byteLength(capture.request.body)).toBeGreaterThan(256 * 1024 - 3);
  expect(Buffer.byteLength(capture.request.body)).toBeLessThanOrEqual(256 * 1024);
  expect(capture.request.body).not.toContain('\uFFFD');
  expect(capture.paths.body[0]).toEqual({ path: 'list', value: [] });
  expect(capture.paths.body.at(-1)).toEqual({ path: 'text', value: `${'€'.repeat(400)}…` });
});

it('lists the first paths of a body with too many, and none of what cannot be read', () => {
  const many = JSON.stringify(Array.from({ length: 5_000 }, (_, n) => ({ n })));
  expect(pathsOf({ ...request, body: many }).body).toHaveLength(2_000);
  const headers = { 'x-shop': 'ghent', authorization: '[redacted]' };
  expect(pathsOf({ ...request, url: '/hooks/k?a[b]=1', headers, body: '{' })).toEqual({
    headers: [{ path: 'x-shop', value: 'ghent' }],
    query: [
      { path: 'a', value: { b: '1' } },
      { path: 'a.b', value: '1' },
    ],
    body: [],
  });
});
