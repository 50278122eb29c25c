// Named secrets, and messages with sealed parts, in both databases and through a copy.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NewMessage } from '../../src/engine/outbound-ports.ts';
import type { StoredSecret } from '../../src/engine/ports.ts';
import { copyStorage } from '../../src/storage/copy.ts';
import { type OpenStorage, openStorage } from '../../src/storage/storage.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { makeDocument, makeExecution, makeWorkflow, START } from './contract.ts';

let folder: string;
let postgres: TestPostgres;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-secrets-'));
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

const secret = (name: string, change: Partial<StoredSecret> = {}): StoredSecret => ({
  name,
  description: "it's é😀",
  sealedValue: 'v1.a.b.c',
  allowedHosts: null,
  updatedBy: 'ada',
  createdAt: START,
  updatedAt: START,
  ...change,
});

const message: NewMessage = {
  id: 'msg_1',
  type: 'order.created',
  version: null,
  data: '"[secret KEY]"',
  timestamp: START,
  userId: null,
  idempotencyKey: null,
  source: null,
  sealed: 'v1.sealed',
  createdAt: START,
  deliveries: [],
};

describe.each([
  ['SQLite', async () => `sqlite:${join(folder, 'secrets.db')}`, () => postgres.createDatabase()],
  ['PostgreSQL', () => postgres.createDatabase(), async () => `sqlite:${join(folder, 'copy.db')}`],
])('%s', (_, urlOf, copyUrlOf) => {
  let storage: OpenStorage;
  let url: string;
  beforeAll(async () => {
    url = await urlOf();
    storage = await openStorage({ url, durability: 'normal' });
  });
  afterAll(() => storage.close());

  it('keeps secrets by name', async () => {
    const { secrets } = storage;
    await secrets.insert(secret('b'));
    await secrets.insert(secret('A', { description: '\0' }));
    await expect(secrets.insert(secret('b', { description: 'other' }))).rejects.toMatchObject({ code: 'conflict' });
    expect(await secrets.list()).toEqual([secret('A', { description: '\ufffd' }), secret('b')]);
    expect(await secrets.get('b')).toEqual(secret('b'));
    expect(await secrets.get('B')).toBeUndefined();
    expect(await secrets.get('b\0')).toBeUndefined();
    const change = { sealedValue: 'v1.d.e.f', updatedBy: 'bob', updatedAt: START + 1 };
    expect(await secrets.update('b', change)).toBe(true);
    expect(await secrets.get('b')).toEqual(secret('b', change));
    expect(await secrets.update('nobody', change)).toBe(false);
    expect(await secrets.delete('A')).toBe(true);
    expect(await secrets.delete('A')).toBe(false);
  });

  it('keeps what is sealed of messages, executions, jobs and signals', async () => {
    await storage.workflows.insert(makeWorkflow('w'), makeDocument());
    const id = '018bcfe5-6800-7000-8000-000000000001';
    const job = {
      key: 'a',
      path: 'a',
      type: 'variable',
      status: 'succeeded' as const,
      output: '[secret KEY]',
      usesSecrets: true,
      sealed: 'v1.job',
      startedAt: START,
      finishedAt: START,
    };
    const execution = makeExecution(id, {
      workflowId: 'w',
      status: 'waiting',
      request: null,
      context: '[secret KEY]',
      sealed: 'v1.context',
      jobs: [job],
    });
    await storage.executions.commit({ insert: execution, outbound: { messages: [message] } });
    await storage.executions.commit({ signal: { executionId: id, jobPath: 'w', output: '[secret KEY]', sealed: 'v1.signal' } });
    expect(await storage.executions.get(id)).toMatchObject({ context: '[secret KEY]', sealed: 'v1.context', jobs: [job] });
    expect(await storage.executions.signals(id)).toMatchObject([{ jobPath: 'w', sealed: 'v1.signal' }]);
    expect(await storage.outbound.messages.get('msg_1')).toMatchObject({ data: '"[secret KEY]"', sealed: 'v1.sealed' });
  });

  it('arrives whole in a copy', async () => {
    const [secrets, sent] = [await storage.secrets.list(), await storage.outbound.messages.get('msg_1')];
    await storage.close();
    const target = await copyUrlOf();
    await copyStorage({ from: url, to: target });
    const copy = await openStorage({ url: target, durability: 'normal' });
    expect(await copy.secrets.list()).toEqual(secrets);
    expect(await copy.outbound.messages.get('msg_1')).toEqual(sent);
    await copy.close();
  });
});
