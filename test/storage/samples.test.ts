// Pinned samples and captured calls in both databases.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Capture } from '../../src/engine/model.ts';
import { type OpenStorage, openStorage } from '../../src/storage/storage.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { makeDocument, makeWorkflow, START } from './contract.ts';

let folder: string;
let postgres: TestPostgres;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-samples-'));
  postgres = await startPostgres();
});
afterAll(async () => {
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

const request = {
  method: 'POST',
  url: '/hooks/x?a=1',
  headers: { 'x-a': "it's \\ \u0000" },
  body: '{"é":"\u0000"}',
  address: '',
};
const capture: Capture = {
  at: START,
  request,
  outcome: { status: 401, executionId: null, error: { code: 'unauthorized', message: 'No.' } },
  paths: { headers: [], query: [{ path: 'a', value: '1' }], body: [] },
};

describe.each([
  ['SQLite', async () => `sqlite:${join(folder, 'samples.db')}`],
  ['PostgreSQL', () => postgres.createDatabase()],
])('%s', (_, urlOf) => {
  let storage: OpenStorage;
  beforeAll(async () => {
    storage = await openStorage({ url: await urlOf(), durability: 'normal' });
  });
  afterAll(() => storage.close());

  it('keeps one sample of a workflow exactly, and forgets it with the workflow', async () => {
    await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
    expect(await storage.samples.get('w1')).toBeUndefined();
    await storage.samples.set('w1', { at: START, request: { ...request, body: 'first' } });
    await storage.samples.set('w1', { at: START + 1, request });
    expect(await storage.samples.get('w1')).toEqual({ at: START + 1, request });
    await storage.workflows.delete('w1');
    expect(await storage.samples.get('w1')).toBeUndefined();
    await expect(storage.samples.set('w1', { at: START, request })).rejects.toMatchObject({ code: 'workflow_not_found' });
  });

  it('a sample that is taken away is gone, and taking it away again is fine', async () => {
    await storage.workflows.insert(makeWorkflow('w2'), makeDocument());
    await storage.samples.set('w2', { at: START, request });
    for (const _ of [1, 2]) await storage.samples.delete('w2');
    expect(await storage.samples.get('w2')).toBeUndefined();
  });

  it('keeps captured calls until their time has come, also those of a process that is gone', async () => {
    await storage.captures.add('c1', 'w2', capture);
    await storage.captures.add('c2', 'w2', { ...capture, at: START + 10 });
    expect(await storage.captures.get('c1')).toEqual(capture);
    await storage.captures.deleteBefore(START + 10);
    expect(await storage.captures.get('c1')).toBeUndefined();
    expect(await storage.captures.get('c2')).toBeDefined();
    await storage.finishDeletes();
    expect(await storage.captures.get('c2')).toBeUndefined();
  });

  it('finds nothing by names that nobody has', async () => {
    for (const name of ['', 'none', 'a\0b']) {
      expect([await storage.samples.get(name), await storage.captures.get(name)]).toEqual([undefined, undefined]);
      await storage.samples.delete(name);
    }
  });
});
