// A full disk and a locked database under a running server: refused with 503, nothing acknowledged lost, back by itself.

import { once } from 'node:events';
import { join } from 'node:path';
import { QueryTypes } from 'sequelize';
import sqlite3 from 'sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { defineNode, definePlugin } from '../src/index.ts';
import type { OpenStorage } from '../src/storage/storage.ts';
import { PATIENCE } from './patience.ts';
import { type Answer, startHookline, type TestHookline } from './start-hookline.ts';

const opened = vi.hoisted((): { storage: OpenStorage | undefined } => ({ storage: undefined }));

// The connections inside a running Hookline, to make them fail.
vi.mock('../src/storage/storage.ts', async (load) => {
  const original = await load<typeof import('../src/storage/storage.ts')>();
  return {
    ...original,
    openStorage: async (options: Parameters<typeof original.openStorage>[0]) => {
      opened.storage = await original.openStorage(options);
      return opened.storage;
    },
  };
});

async function pragma(sql: string): Promise<number> {
  if (opened.storage === undefined) throw new Error('No storage was opened.');
  const [row] = await opened.storage.connections.writer.query<Record<string, number>>(`PRAGMA ${sql}`, {
    type: QueryTypes.SELECT,
  });
  return Object.values(row ?? {})[0] ?? Number.NaN;
}

/** Lets the database grow no further; the returned function makes room again. */
async function fillDisk(): Promise<() => Promise<void>> {
  const usual = await pragma('max_page_count');
  await pragma('max_page_count = 1');
  return async () => {
    await pragma(`max_page_count = ${usual}`);
  };
}

/** Locks the database as another program would, with a short wait on our side; the returned function lets go. */
async function lockDatabase(folder: string): Promise<() => Promise<void>> {
  await pragma('busy_timeout = 20');
  const other = new sqlite3.Database(join(folder, 'hookline.db'));
  await once(other, 'open');
  const run = (sql: string): Promise<void> =>
    new Promise((resolve, reject) => {
      other.exec(sql, (error) => (error ? reject(error) : resolve()));
    });
  await run('BEGIN IMMEDIATE');
  return async () => {
    await run('ROLLBACK');
    await new Promise<void>((resolve) => other.close(() => resolve()));
  };
}

/** Lets nodes of the type `gate` wait until it is opened, and counts them. */
function createGate() {
  let open = (): void => {};
  const opening = new Promise<void>((resolve) => {
    open = resolve;
  });
  let entered = 0;
  const node = defineNode({
    type: 'gate',
    title: 'Gate',
    description: 'Stays until it is let go.',
    config: z.strictObject({}),
    async run() {
      entered += 1;
      await opening;
      return { type: 'done' };
    },
  });
  return { node, open: () => open(), entered: () => entered };
}

/** Larger than a page; three times this is more than earlier rows have left free. */
const FILLING = 'x'.repeat(200_000);
const webhook = { type: 'webhook', config: {} };
const echo = { key: 'echo', type: 'variable', config: { value: '{{$context.body}}' } };
const answer = { key: 'answer', type: 'response', config: { body: '{{$context.body.n}}' } };

const executionOf = ({ headers }: Answer): string => headers.get('x-hookline-execution-id') ?? '';

describe.each(['a full disk', 'a database that another program has locked'] as const)('%s', (failure) => {
  let gate: ReturnType<typeof createGate>;
  let hookline: TestHookline;
  let mend: () => Promise<void> = () => Promise.resolve();
  beforeEach(async () => {
    gate = createGate();
    hookline = await startHookline({
      plugins: [definePlugin({ name: 'test', nodes: [gate.node] })],
      concurrency: 4,
      queueWindow: 3,
    });
    mend = () => Promise.resolve();
  });
  afterEach(async () => {
    await mend();
    gate.open();
    await hookline.stop();
  });

  async function fail(): Promise<void> {
    const repair = await (failure === 'a full disk' ? fillDisk() : lockDatabase(hookline.folder));
    mend = async () => {
      mend = () => Promise.resolve();
      await repair();
    };
  }

  function expectRefused({ status, headers, body }: Answer): void {
    expect([status, body?.error?.code]).toEqual([503, 'storage_unavailable']);
    expect(headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
    expect(body.error.message).toMatch(failure === 'a full disk' ? /cannot grow/ : /locked/);
  }

  it('refuses callers and designers with 503 and Retry-After while reads go on, and takes everything again afterwards', async () => {
    const sync = await hookline.workflow({ mode: 'sync', trigger: webhook, nodes: [answer] });
    const async = await hookline.workflow({ mode: 'async', trigger: webhook, nodes: [echo] });
    const untouched = await hookline.workflow({ mode: 'sync', trigger: webhook, nodes: [answer] });
    const accepted = [
      await hookline.post(sync.hookUrl, { n: 1, FILLING: FILLING.repeat(3) }),
      await hookline.post(async.hookUrl, { n: 1, FILLING }),
    ];
    for (const { status } of accepted) expect(status).toBe(200);
    for (const one of accepted) await hookline.finished(executionOf(one));

    await fail();
    const refused = await Promise.all(
      Array.from({ length: 20 }, (_, n) => hookline.post(n % 2 ? sync.hookUrl : async.hookUrl, { n, FILLING })),
    );
    for (const one of refused) expectRefused(one);
    const document = { title: 'New', mode: 'sync', trigger: webhook, nodes: [{ ...echo, config: { value: FILLING.repeat(3) } }] };
    expectRefused(await hookline.api('POST', '/api/workflows', document));
    expectRefused(await hookline.api('PATCH', `/api/workflows/${sync.id}`, { nodes: document.nodes }));
    expectRefused(await hookline.api('POST', `/api/workflows/${sync.id}/run`, { body: { n: 1, FILLING: FILLING.repeat(3) } }));
    expectRefused(await hookline.api('POST', `/api/executions/${executionOf(accepted[0] as Answer)}/replay`));
    for (const path of ['/api/workflows', `/api/workflows/${sync.id}`, '/api/executions', '/metrics', '/healthz']) {
      expect((await hookline.api('GET', path)).status).toBe(200);
    }
    expect((await hookline.api('GET', `/api/executions/${executionOf(accepted[0] as Answer)}`)).body.status).toBe('succeeded');
    // The rest of the refusals is as always.
    expect((await hookline.post(sync.hookUrl, '{')).status).toBe(400);
    expect((await hookline.post(`${hookline.url}/hooks/unknown`, {})).status).toBe(404);

    await mend();
    for (const { hookUrl } of [sync, async, untouched])
      expect((await hookline.post(hookUrl, { n: 2, FILLING })).status).toBe(200);
    expect((await hookline.api('PATCH', `/api/workflows/${sync.id}`, { nodes: document.nodes })).status).toBe(200);
    expect((await hookline.api('GET', '/readyz')).status).toBe(200);
    const counts = [sync, async, untouched].map(async ({ id }) => (await hookline.api('GET', `/api/workflows/${id}`)).body);
    expect((await Promise.all(counts)).map(({ executionCount }) => executionCount)).toEqual([2, 2, 1]);
  });

  it('finishes by itself what was accepted before, in order and once, when the failure is over', async () => {
    const { id, hookUrl } = await hookline.workflow({
      mode: 'async',
      trigger: webhook,
      nodes: [{ key: 'hold', type: 'gate', config: {} }, echo],
    });
    const accepted: string[] = [];
    for (let n = 0; n < 12; n++) accepted.push(executionOf(await hookline.post(hookUrl, { n, FILLING })));
    await vi.waitFor(() => expect(gate.entered()).toBe(4), PATIENCE);
    await fail();
    gate.open();
    // Each of them has run and could not be stored; the rest waits.
    await vi.waitFor(
      async () => expect((await hookline.api('GET', `/api/executions/${accepted[0]}`)).status).toBe(200),
      PATIENCE,
    );
    expectRefused(await hookline.post(hookUrl, { n: 99, FILLING }));
    await mend();
    for (const [n, executionId] of accepted.entries()) {
      expect(await hookline.finished(executionId)).toMatchObject({
        status: 'succeeded',
        jobs: [{ key: 'hold' }, { key: 'echo', output: { n } }],
      });
    }
    expect((await hookline.api('GET', `/api/workflows/${id}`)).body.executionCount).toBe(12);
  });

  it('ends what a caller waited for and could not be stored, rather than leave it running', async () => {
    const { hookUrl, id } = await hookline.workflow({
      mode: 'sync',
      trigger: webhook,
      nodes: [{ key: 'hold', type: 'gate', config: {} }, echo, answer],
    });
    const reply = hookline.post(hookUrl, { n: 1, FILLING });
    await vi.waitFor(async () => {
      const { body } = await hookline.api('GET', `/api/executions?workflowId=${id}&status=running`);
      expect(body.data).toHaveLength(1);
    }, PATIENCE);
    const { body } = await hookline.api('GET', `/api/executions?workflowId=${id}`);
    await fail();
    gate.open();
    expectRefused(await reply);
    await mend();
    expect(await hookline.finished(body.data[0].id)).toMatchObject({ status: 'succeeded', jobs: [{}, {}, { key: 'answer' }] });
  });

  it('runs an execution whose cancelling could not be stored', async () => {
    const { hookUrl } = await hookline.workflow({
      mode: 'async',
      trigger: webhook,
      nodes: [{ key: 'hold', type: 'gate', config: {} }, echo],
    });
    const accepted: string[] = [];
    for (let n = 0; n < 6; n++) accepted.push(executionOf(await hookline.post(hookUrl, { n, FILLING })));
    await vi.waitFor(() => expect(gate.entered()).toBe(4), PATIENCE);
    await fail();
    // The first one runs, the last one waits for its turn.
    const canceled = [accepted[0], accepted[5]].map((id) => hookline.api('POST', `/api/executions/${id}/cancel`));
    const answers = await Promise.all(canceled);
    await mend();
    gate.open();
    for (const [index, executionId] of [accepted[0], accepted[5]].entries()) {
      const expected = answers[index]?.status === 200 ? 'canceled' : 'succeeded';
      expect(await hookline.finished(executionId ?? '')).toMatchObject({ status: expected });
    }
    if (failure !== 'a full disk') for (const one of answers) expectRefused(one);
  });
});
