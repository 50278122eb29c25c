// The contract of the storage port: every storage has to pass it.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Document, ExecutionStatus, ExecutionWithJobs, Job, Workflow } from '../../src/engine/model.ts';
import type { ExecutionUpdate } from '../../src/engine/ports.ts';
import { HooklineError } from '../../src/errors.ts';
import { lowestIdAt } from '../../src/storage/execution-id.ts';
import type { OpenStorage } from '../../src/storage/storage.ts';

export interface ContractStorage {
  readonly storage: OpenStorage;
  /** Opens the same database again, after `storage.close()`. */
  reopen(): Promise<OpenStorage>;
  /** Lets the database grow no more; the returned function lifts that. */
  fillDisk(): Promise<() => Promise<void>>;
  /** Rows of a table, to see that nothing is left behind. */
  countRows(table: string): Promise<number>;
  cleanUp(): Promise<void>;
}

export const START = 1_700_000_000_000;

/** An id whose time is `START + offset` milliseconds; `serial` tells ids of one millisecond apart. */
export function executionId(offset: number, serial = 0): string {
  return lowestIdAt(START + offset).slice(0, -12) + serial.toString(16).padStart(12, '0');
}

export function makeWorkflow(id: string, change: Partial<Workflow> = {}): Workflow {
  const created = { id, title: `Title of ${id}`, mode: 'sync' as const, enabled: true, hookKey: `key-${id}`, revision: 1 };
  return { ...created, tags: [], deletedAt: null, createdAt: START, updatedAt: START, ...change };
}

export function makeDocument(note: unknown = 'first'): Document {
  return { trigger: { type: 'webhook', config: { note } }, nodes: [] };
}

export function makeExecution(id: string, change: Partial<ExecutionWithJobs> = {}): ExecutionWithJobs {
  return {
    id,
    workflowId: 'w1',
    revision: 1,
    status: 'queued',
    source: 'webhook',
    createdAt: START,
    startedAt: null,
    finishedAt: null,
    request: {
      method: 'POST',
      url: '/hooks/abc?x=1',
      headers: { 'content-type': 'application/json' },
      body: '{"a":1}',
      address: '::1',
    },
    context: null,
    response: null,
    error: null,
    replayOf: null,
    parent: null,
    depth: 0,
    output: null,
    lane: null,
    wakeAt: null,
    jobs: [],
    ...change,
  };
}

export function makeJob(path: string, change: Partial<Job> = {}): Job {
  return {
    key: path,
    path,
    type: 'calculation',
    status: 'succeeded',
    output: 1,
    startedAt: START,
    finishedAt: START + 1,
    ...change,
  };
}

export function makeUpdate(id: string, change: Partial<ExecutionUpdate> = {}): ExecutionUpdate {
  const result = { response: null, error: null, output: null, wakeAt: null, lane: null, jobs: [], sequence: 0, takenSignals: [] };
  return { id, status: 'succeeded', startedAt: START + 1, finishedAt: START + 2, ...result, ...change };
}

/** Texts that have broken some database, encoder or SQL builder before. */
const ODD_TEXTS = [
  '',
  '\0',
  'a\0b\0',
  '\u{1F600} e\u0301 \u202E \uFEFF',
  '\uFFFF\uFFFE',
  "'; DROP TABLE executions; --",
  '$1 $$2 ?  :name @x $x',
  '\\u0000 \\" \\\\',
  '\r\n\t\u0001\u001f\u007f\u2028\u2029',
  '{"__proto__":{"polluted":true}}',
];

/** Runs the contract over a storage that `open` makes anew, and empty, for each test. */
export function storageContract(name: string, open: () => Promise<ContractStorage>): void {
  describe(`${name} keeps the storage contract:`, () => {
    let opened: ContractStorage;
    let storage: OpenStorage;

    beforeEach(async () => {
      opened = await open();
      storage = opened.storage;
    });
    afterEach(() => opened.cleanUp());

    const addExecutions = async (...executions: ExecutionWithJobs[]) => {
      await Promise.all(executions.map((insert) => storage.executions.commit({ insert })));
    };

    describe('workflows', () => {
      test('tags are stored, searched and counted, and titles are found by ids', async () => {
        for (const [id, tags] of [
          ['w1', ['a', 'ü 💶']],
          ['w2', ['a']],
          ['w3', []],
        ] as const) {
          await storage.workflows.insert(makeWorkflow(id, { tags: [...tags] }), makeDocument());
        }
        expect((await storage.workflows.get('w1'))?.tags).toEqual(['a', 'ü 💶']);
        const tagged = await allPages((page) => storage.workflows.list({ ...page, tag: 'a' }), 1);
        expect(tagged.map((page) => page.map(({ id }) => id))).toEqual([['w2'], ['w1']]);
        expect([...(await storage.workflows.countTags())]).toEqual([
          ['a', 2],
          ['ü 💶', 1],
        ]);
        await storage.workflows.update('w1', { tags: [], updatedAt: START });
        expect([...(await storage.workflows.countTags())]).toEqual([['a', 1]]);
        expect([...(await storage.workflows.titles(['w2', 'w9', 'w2', 'a\0']))]).toEqual([['w2', 'Title of w2']]);
      });

      test('those that lie in the trash are listed apart, are not enabled, and go when their time is over', async () => {
        for (const id of ['w1', 'w2', 'w3']) await storage.workflows.insert(makeWorkflow(id, { tags: ['a'] }), makeDocument());
        await addExecutions(makeExecution(executionId(1)), makeExecution(executionId(2), { workflowId: 'w2' }));
        await storage.workflows.update('w1', { deletedAt: START + 5 });
        await storage.workflows.update('w2', { deletedAt: START + 9 });
        const ids = async (trashed?: boolean) =>
          (await storage.workflows.list({ limit: 9, trashed })).items.map(({ id }) => id).sort();
        expect([await ids(), await ids(false), await ids(true)]).toEqual([['w3'], ['w3'], ['w1', 'w2']]);
        expect((await storage.workflows.listEnabled()).map(({ id }) => id)).toEqual(['w3']);
        expect([...(await storage.workflows.countTags())]).toEqual([['a', 1]]);
        expect(await storage.workflows.findByHookKey('key-w1')).toMatchObject({ deletedAt: START + 5 });
        await expect(storage.workflows.insert(makeWorkflow('w4', { hookKey: 'key-w1' }), makeDocument())).rejects.toMatchObject({
          code: 'conflict',
        });
        expect(await storage.workflows.deleteTrashed(START + 5, 10)).toEqual([]);
        expect(await storage.workflows.deleteTrashed(START + 6, 10)).toEqual(['w1']);
        expect(await storage.executions.get(executionId(1))).toBeUndefined();
        expect(await storage.executions.get(executionId(2))).toBeDefined();
        await storage.workflows.update('w2', { deletedAt: null });
        expect(await storage.workflows.deleteTrashed(START + 600, 10)).toEqual([]);
        expect(await ids()).toEqual(['w2', 'w3']);
      });

      test('an inserted workflow is found by its id and by its hook key, with its first revision', async () => {
        const workflow = makeWorkflow('w1', { title: 'Zahlung – fällig 💶', mode: 'async', enabled: false, revision: 3 });
        await storage.workflows.insert(workflow, makeDocument());
        expect(await storage.workflows.get('w1')).toEqual(workflow);
        expect(await storage.workflows.findByHookKey('key-w1')).toEqual(workflow);
        const revision = { workflowId: 'w1', revision: 3, document: makeDocument(), executed: false, createdAt: START };
        expect(await storage.workflows.getRevision('w1', 3)).toEqual(revision);
      });

      test('hook keys are all told, of the trash too, and every change of a workflow makes another state', async () => {
        const { workflows } = storage;
        const states = [await workflows.hookKeysState()];
        const changes = [
          () => workflows.insert(makeWorkflow('w1'), makeDocument()),
          () => workflows.insert(makeWorkflow('w2'), makeDocument()),
          () => workflows.update('w1', { hookKey: 'another', updatedAt: START + 1 }),
          // By a process whose clock is behind.
          () => workflows.update('w2', { hookKey: 'a third', updatedAt: START - 1 }),
          () => workflows.update('w2', { deletedAt: START + 3, updatedAt: START + 3 }),
          () => workflows.delete('w1'),
        ];
        for (const change of changes) {
          await change();
          const state = await workflows.hookKeysState();
          expect(state).not.toBe(states.at(-1));
          expect(await workflows.hookKeysState()).toBe(state);
          states.push(state);
        }
        expect(await workflows.hookKeys()).toEqual(['a third']);
      });

      test('what does not exist is undefined', async () => {
        expect(await storage.workflows.get('none')).toBeUndefined();
        expect(await storage.workflows.findByHookKey('none')).toBeUndefined();
        expect(await storage.workflows.getRevision('none', 1)).toBeUndefined();
        expect(await storage.executions.get('none')).toBeUndefined();
        expect(await storage.settings.get('none')).toBeUndefined();
      });

      test('a name that no database could hold finds nothing', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        for (const id of ['\0', 'w1\0', "w1' OR '1'='1", '\uD800', 'x'.repeat(100_000), '__proto__']) {
          expect(await storage.workflows.get(id)).toBeUndefined();
          expect(await storage.workflows.findByHookKey(id)).toBeUndefined();
          expect(await storage.workflows.getRevision(id, 1)).toBeUndefined();
          expect(await storage.workflows.listRevisions(id, { limit: 1 })).toEqual({ items: [], nextCursor: null });
          expect(await storage.executions.get(id)).toBeUndefined();
          expect(await storage.executions.list({ limit: 1, workflowId: id })).toEqual({ items: [], nextCursor: null });
          expect(await storage.workflows.executionCounts([id, 'w1'])).toEqual(new Map([['w1', 0]]));
          expect(await storage.settings.get(id)).toBeUndefined();
          const save = storage.workflows.saveDocument(id, makeDocument(), START);
          await expect(save).rejects.toMatchObject({ code: 'workflow_not_found' });
          await expect(storage.workflows.delete(id)).rejects.toMatchObject({ code: 'workflow_not_found' });
          await expect(storage.workflows.update(id, { title: 'x' })).rejects.toMatchObject({ code: 'workflow_not_found' });
        }
        expect(await storage.workflows.get('w1')).toEqual(makeWorkflow('w1'));
      });

      test('odd titles come back exactly', async () => {
        // A title may not have U+0000: see `titleSchema`.
        for (const [n, title] of ODD_TEXTS.filter((text) => !text.includes('\0')).entries()) {
          await storage.workflows.insert(makeWorkflow(`w${n}`, { title }), makeDocument());
          expect((await storage.workflows.get(`w${n}`))?.title).toBe(title);
          await storage.workflows.update(`w${n}`, { title: `${title}!` });
          expect((await storage.workflows.get(`w${n}`))?.title).toBe(`${title}!`);
        }
      });

      test('a taken hook key is a conflict, and nothing of the workflow is stored', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        const twin = makeWorkflow('w2', { hookKey: 'key-w1' });
        await expect(storage.workflows.insert(twin, makeDocument())).rejects.toMatchObject({ code: 'conflict' });
        expect(await storage.workflows.get('w2')).toBeUndefined();
        expect(await opened.countRows('revisions')).toBe(1);
      });

      test('an update to a taken hook key is a conflict and changes nothing', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        await storage.workflows.insert(makeWorkflow('w2'), makeDocument());
        const update = storage.workflows.update('w2', { title: 'Other', hookKey: 'key-w1' });
        await expect(update).rejects.toMatchObject({ code: 'conflict' });
        expect(await storage.workflows.get('w2')).toEqual(makeWorkflow('w2'));
      });

      test('an update changes the named fields alone', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        await storage.workflows.update('w1', { title: 'New', enabled: false, updatedAt: START + 9 });
        const expected = makeWorkflow('w1', { title: 'New', enabled: false, updatedAt: START + 9 });
        expect(await storage.workflows.get('w1')).toEqual(expected);
        await storage.workflows.update('w1', {});
        await storage.workflows.update('w1', { hookKey: 'another' });
        expect(await storage.workflows.findByHookKey('key-w1')).toBeUndefined();
        expect(await storage.workflows.findByHookKey('another')).toEqual({ ...expected, hookKey: 'another' });
      });

      test('an update of a workflow or to a revision that does not exist is refused', async () => {
        await expect(storage.workflows.update('w1', { title: 'x' })).rejects.toMatchObject({ code: 'workflow_not_found' });
        await expect(storage.workflows.update('w1', {})).rejects.toMatchObject({ code: 'workflow_not_found' });
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        await expect(storage.workflows.update('w1', { revision: 2 })).rejects.toMatchObject({ code: 'revision_not_found' });
      });

      test('the list goes page by page from the newest to the oldest, each workflow once', async () => {
        for (const id of ['a', 'b', 'c', 'd', 'e']) {
          // Two of one millisecond, to see that ties are told apart.
          const createdAt = START + (id === 'b' || id === 'c' ? 5 : id.charCodeAt(0));
          await storage.workflows.insert(makeWorkflow(id, { createdAt }), makeDocument());
        }
        expect(await allPages((page) => storage.workflows.list(page), 2)).toMatchObject([
          [{ id: 'e' }, { id: 'd' }],
          [{ id: 'a' }, { id: 'c' }],
          [{ id: 'b' }],
        ]);
        expect((await storage.workflows.list({ limit: 5 })).nextCursor).toBeNull();
      });

      test('the list is filtered by mode, by enabled and by part of the title in any case', async () => {
        await storage.workflows.insert(makeWorkflow('a', { title: 'ÜBERWEISUNG 100%', mode: 'async' }), makeDocument());
        await storage.workflows.insert(makeWorkflow('b', { title: 'Rechnung_1', enabled: false }), makeDocument());
        await storage.workflows.insert(makeWorkflow('c', { title: 'Rechnung 21' }), makeDocument());
        const ids = async (filter: object) => (await storage.workflows.list({ limit: 10, ...filter })).items.map(({ id }) => id);
        expect(await ids({ mode: 'async' })).toEqual(['a']);
        expect(await ids({ enabled: false })).toEqual(['b']);
        expect(await ids({ search: 'überweisung' })).toEqual(['a']);
        expect(await ids({ search: '%' })).toEqual(['a']);
        expect(await ids({ search: '_1' })).toEqual(['b']);
        expect(await ids({ search: 'RECHNUNG', mode: 'sync', enabled: true })).toEqual(['c']);
        expect((await storage.workflows.listEnabled()).map(({ id }) => id)).toEqual(['a', 'c']);
      });

      test('a search goes on through more workflows than are read at a time', async () => {
        for (let i = 0; i < 230; i += 1) {
          const title = i % 100 === 0 ? `hit ${i}` : 'miss';
          await storage.workflows.insert(makeWorkflow(`w${i}`, { title, createdAt: START + i }), makeDocument());
        }
        const pages = await allPages((page) => storage.workflows.list({ ...page, search: 'HIT' }), 2);
        expect(pages.map((page) => page.map(({ id }) => id))).toEqual([['w200', 'w100'], ['w0']]);
      });
    });

    describe('revisions', () => {
      test('an edit replaces the live revision while it has not executed', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        const saved = await storage.workflows.saveDocument('w1', makeDocument('second'), START + 7);
        expect(saved).toBe(1);
        expect((await storage.workflows.getRevision('w1', 1))?.document).toEqual(makeDocument('second'));
        expect(await storage.workflows.get('w1')).toMatchObject({ revision: 1, updatedAt: START + 7 });
      });

      test('an edit of a revision that has executed adds one and makes it live', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        await storage.executions.markExecuted('w1', 1);
        expect(await storage.workflows.saveDocument('w1', makeDocument('second'), START + 7)).toBe(2);
        expect(await storage.workflows.get('w1')).toMatchObject({ revision: 2, updatedAt: START + 7 });
        expect((await storage.workflows.getRevision('w1', 1))?.document).toEqual(makeDocument());
        const second = { document: makeDocument('second'), executed: false, createdAt: START + 7 };
        expect(await storage.workflows.getRevision('w1', 2)).toMatchObject(second);
      });

      test('after an older revision was made live, a new one still gets a number of its own', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        await storage.executions.markExecuted('w1', 1);
        await storage.workflows.saveDocument('w1', makeDocument('second'), START);
        await storage.workflows.update('w1', { revision: 1 });
        expect(await storage.workflows.saveDocument('w1', makeDocument('third'), START)).toBe(3);
        expect((await storage.workflows.getRevision('w1', 2))?.document).toEqual(makeDocument('second'));
      });

      test('edits at the same moment get a number each', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        const edits = [1, 2, 3, 4].flatMap((n) => [
          storage.executions.markExecuted('w1', n),
          storage.workflows.saveDocument('w1', makeDocument(n), START),
        ]);
        expect((await Promise.all(edits)).filter((number) => number !== undefined)).toEqual([2, 3, 4, 5]);
      });

      test('an edit of a workflow that does not exist is refused', async () => {
        const save = storage.workflows.saveDocument('w1', makeDocument(), START);
        await expect(save).rejects.toMatchObject({ code: 'workflow_not_found' });
      });

      test('revisions are listed page by page, newest first', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        await storage.workflows.insert(makeWorkflow('w2'), makeDocument());
        for (let i = 1; i <= 4; i += 1) {
          await storage.executions.markExecuted('w1', i);
          await storage.workflows.saveDocument('w1', makeDocument(i), START);
        }
        const pages = await allPages((page) => storage.workflows.listRevisions('w1', page), 2);
        expect(pages.map((page) => page.map(({ revision }) => revision))).toEqual([[5, 4], [3, 2], [1]]);
      });

      test('a document comes back exactly, odd texts and reserved names included', async () => {
        const document = makeDocument([
          ...ODD_TEXTS,
          '\uD800 alone',
          JSON.parse('{"__proto__":1}'),
          1e300,
          'x'.repeat(2_000_000),
        ]);
        await storage.workflows.insert(makeWorkflow('w1', { title: '$1 \' " ? :x' }), document);
        expect((await storage.workflows.getRevision('w1', 1))?.document).toEqual(document);
        expect((await storage.workflows.get('w1'))?.title).toBe('$1 \' " ? :x');
      });
    });

    describe('executions', () => {
      test('a stored execution comes back whole', async () => {
        const execution = makeExecution(executionId(1), {
          status: 'succeeded',
          source: 'replay',
          replayOf: executionId(0),
          startedAt: START + 1,
          finishedAt: START + 2,
          response: { status: 422, headers: { 'x-a': 'b' }, body: '{"ok":false}' },
          jobs: [makeJob('a'), makeJob('b', { branch: 'true', output: { deep: [1, null, '2'] } })],
        });
        await addExecutions(execution);
        expect(await storage.executions.get(execution.id)).toEqual(execution);
      });

      test('an execution without a request keeps its context', async () => {
        const execution = makeExecution(executionId(1), {
          source: 'trigger',
          request: null,
          context: { tick: [1, 'two', null] },
        });
        await addExecutions(execution);
        expect(await storage.executions.get(execution.id)).toEqual(execution);
      });

      test('an empty body and an empty log are not nothing', async () => {
        const request = { method: 'POST', url: '/', headers: {}, body: '', address: '' };
        const execution = makeExecution(executionId(1), { request });
        await addExecutions(execution);
        expect(await storage.executions.get(execution.id)).toEqual(execution);
      });

      test('jobs of several writes come back in the order they finished', async () => {
        const id = executionId(1);
        await addExecutions(makeExecution(id, { status: 'running', jobs: [makeJob('a')] }));
        const running = { status: 'running', finishedAt: null } as const;
        await storage.executions.commit({
          update: makeUpdate(id, { ...running, jobs: [makeJob('b'), makeJob('c')], sequence: 1 }),
        });
        const waiting = makeUpdate(id, { ...running, status: 'waiting', wakeAt: START, sequence: 2 });
        await storage.executions.commit({ update: waiting });
        expect(await storage.executions.claim(id, START)).toBeDefined();
        await storage.executions.commit({ update: makeUpdate(id, { ...running, jobs: [makeJob('d')], sequence: 2 }) });
        expect(await storage.executions.get(id)).toMatchObject({ status: 'running', response: null, error: null });
        const response = { status: 200, headers: {}, body: 'ok' };
        await storage.executions.commit({ update: makeUpdate(id, { response, jobs: [makeJob('e')], sequence: 3 }) });
        const stored = await storage.executions.get(id);
        expect(stored).toMatchObject({ status: 'succeeded', startedAt: START + 1, finishedAt: START + 2, response, error: null });
        expect(stored?.jobs.map(({ path }) => path)).toEqual(['a', 'b', 'c', 'd', 'e']);
        expect(stored?.request).toEqual(makeExecution(id).request);
      });

      test('a failure comes back in the execution and in the list', async () => {
        const error = { code: 'node_failed', message: 'It said "no"\u0000.', details: { path: 'a' } };
        await addExecutions(
          makeExecution(executionId(1), { status: 'error', error, replayOf: 'x' }),
          makeExecution(executionId(2)),
        );
        expect((await storage.executions.get(executionId(1)))?.error).toEqual(error);
        const { items } = await storage.executions.list({ limit: 10 });
        expect(items).toMatchObject([
          { id: executionId(2), source: 'webhook', error: null, replayOf: null },
          { id: executionId(1), source: 'webhook', error, replayOf: 'x' },
        ]);
        expect(Object.keys(items[0] ?? {})).not.toContain('request');
      });

      test('odd texts come back exactly', async () => {
        const executions = ODD_TEXTS.map((text, i) =>
          makeExecution(executionId(i), {
            status: 'succeeded',
            request: { method: text, url: text, headers: { 'x-odd': text }, body: text, address: text },
            response: { status: 200, headers: { 'x-odd': text }, body: text },
            jobs: [makeJob('a', { output: { [text]: text, alone: '\uD800' } })],
          }),
        );
        await addExecutions(...executions);
        for (const execution of executions) expect(await storage.executions.get(execution.id)).toEqual(execution);
      });

      test('a body of many megabytes comes back exactly', async () => {
        const body = JSON.stringify({ big: 'é'.repeat(4_000_000) });
        const request = { method: 'POST', url: '/', headers: {}, body, address: '' };
        await addExecutions(makeExecution(executionId(1), { request }));
        expect((await storage.executions.get(executionId(1)))?.request?.body === body).toBe(true);
      });

      test('hundreds of commits at once are all stored', async () => {
        const executions = Array.from({ length: 500 }, (_, i) => makeExecution(executionId(i)));
        await addExecutions(...executions);
        expect(await opened.countRows('executions')).toBe(500);
      });

      test('an update of an execution that is gone stores nothing', async () => {
        const update = makeUpdate(executionId(1), { jobs: [makeJob('a')] });
        await expect(storage.executions.commit({ update })).rejects.toMatchObject({ code: 'ownership_lost' });
        expect(await storage.executions.get(executionId(1))).toBeUndefined();
        expect(await opened.countRows('executions')).toBe(0);
      });

      test('the list goes page by page, newest first, also while executions arrive', async () => {
        await addExecutions(...[1, 2, 3, 4, 5].map((n) => makeExecution(executionId(n))));
        const first = await storage.executions.list({ limit: 2 });
        await addExecutions(makeExecution(executionId(9)));
        const rest = await storage.executions.list({ limit: 100, cursor: first.nextCursor ?? undefined });
        const ids = [...first.items, ...rest.items].map(({ id }) => id);
        expect(ids).toEqual([5, 4, 3, 2, 1].map((n) => executionId(n)));
        expect(rest.nextCursor).toBeNull();
      });

      test('the list is that of a plain filter, whatever is combined', async () => {
        const statuses = ['queued', 'waiting', 'succeeded', 'failed', 'error'] as const;
        const sources = ['webhook', 'manual', 'replay'] as const;
        const all = Array.from({ length: 90 }, (_, n) =>
          makeExecution(executionId(n), {
            workflowId: `w${n % 7 === 0 ? 2 : 1}`,
            status: statuses[(n * 3) % 5] ?? 'queued',
            source: sources[(n * 5) % 3] ?? 'webhook',
            replayOf: (n * 5) % 3 === 2 ? executionId(n % 4) : null,
          }),
        );
        await addExecutions(...all);
        const some = <Value>(values: readonly Value[]) => fc.option(fc.subarray([...values]), { nil: undefined });
        await fc.assert(
          fc.asyncProperty(
            fc.record({
              workflowId: fc.constantFrom(undefined, 'w1', 'w2', 'w3'),
              statuses: some(statuses),
              sources: some(sources),
              replayOf: fc.constantFrom(undefined, undefined, executionId(1), executionId(50), 'x'),
              from: fc.option(fc.integer({ min: START - 5, max: START + 95 }), { nil: undefined }),
              to: fc.option(fc.integer({ min: START - 5, max: START + 95 }), { nil: undefined }),
            }),
            fc.integer({ min: 1, max: 40 }),
            async (filter, limit) => {
              const at = ({ id }: ExecutionWithJobs) => START + all.findIndex((one) => one.id === id);
              const wanted = all.filter(
                (one) =>
                  (filter.workflowId === undefined || one.workflowId === filter.workflowId) &&
                  (filter.statuses === undefined || filter.statuses.some((status) => status === one.status)) &&
                  (filter.sources === undefined || filter.sources.some((source) => source === one.source)) &&
                  (filter.replayOf === undefined || one.replayOf === filter.replayOf) &&
                  (filter.from === undefined || at(one) >= filter.from) &&
                  (filter.to === undefined || at(one) < filter.to),
              );
              const pages = await allPages((page) => storage.executions.list({ ...filter, ...page }), limit);
              expect(pages.flat().map(({ id }) => id)).toEqual(wanted.map(({ id }) => id).reverse());
            },
          ),
          { numRuns: 60 },
        );
      });

      test('summaries are found by their ids', async () => {
        await addExecutions(makeExecution(executionId(1), { source: 'replay', replayOf: executionId(0) }));
        const found = await storage.executions.summaries([executionId(1), executionId(2), 'x', "'; --"]);
        expect([...found.keys()]).toEqual([executionId(1)]);
        expect(found.get(executionId(1))).toMatchObject({ source: 'replay', replayOf: executionId(0), status: 'queued' });
      });

      test('the list is filtered by workflow, status and time of acceptance', async () => {
        await addExecutions(
          makeExecution(executionId(1), { status: 'failed' }),
          makeExecution(executionId(2), { workflowId: 'w2', status: 'failed' }),
          makeExecution(executionId(3, 7), { status: 'succeeded' }),
          makeExecution(executionId(4), { workflowId: 'w2' }),
        );
        const offsets = async (filter: object) => {
          const { items } = await storage.executions.list({ limit: 10, ...filter });
          return items.map(({ id }) => [1, 2, 3, 4].find((n) => id.startsWith(executionId(n).slice(0, 18))));
        };
        expect(await offsets({ workflowId: 'w2' })).toEqual([4, 2]);
        expect(await offsets({ statuses: ['failed'] })).toEqual([2, 1]);
        expect(await offsets({ statuses: ['succeeded'] })).toEqual([3]);
        expect(await offsets({ statuses: ['failed'], workflowId: 'w1' })).toEqual([1]);
        expect(await offsets({ from: START + 3 })).toEqual([4, 3]);
        expect(await offsets({ to: START + 3 })).toEqual([2, 1]);
        expect(await offsets({ from: START + 2, to: START + 4, workflowId: 'w1' })).toEqual([3]);
        expect(await offsets({ from: -5, to: Number.MAX_SAFE_INTEGER })).toEqual([4, 3, 2, 1]);
      });

      test('the oldest of a status come with their jobs', async () => {
        await addExecutions(
          makeExecution(executionId(4)),
          makeExecution(executionId(3), { status: 'running', jobs: [makeJob('a')] }),
          makeExecution(executionId(2), { status: 'waiting' }),
          makeExecution(executionId(1)),
          makeExecution(executionId(0), { status: 'succeeded' }),
        );
        const first = { execution: makeExecution(executionId(1)), signals: [], sequence: 0 };
        expect(await storage.executions.listOldest('queued', 1)).toEqual([first]);
        const queued = await storage.executions.listOldest('queued', 9);
        expect(queued.map(({ execution }) => execution.id)).toEqual([executionId(1), executionId(4)]);
        const running = makeExecution(executionId(3), { status: 'running', jobs: [makeJob('a')] });
        expect(await storage.executions.listOldest('running', 9)).toEqual([{ execution: running, signals: [], sequence: 1 }]);
      });

      test('the oldest of a status are as many as asked for while others change', async () => {
        const ids = Array.from({ length: 120 }, (_, n) => executionId(n));
        await addExecutions(...ids.map((id) => makeExecution(id)));
        let isOver = false;
        const ending = (async () => {
          for (const id of ids.slice(0, 100)) {
            await storage.executions.commit({ update: makeUpdate(id, { status: 'canceled', isForced: true }) });
          }
          isOver = true;
        })();
        while (!isOver) expect(await storage.executions.listOldest('queued', 20)).toHaveLength(20);
        await ending;
      });

      test('executions are counted by status, and the oldest queued one has its age', async () => {
        expect(await storage.executions.oldestQueuedAt()).toBeNull();
        const empty = await storage.executions.countByStatus();
        expect(Object.values(empty).every((count) => count === 0)).toBe(true);
        const statuses: ExecutionStatus[] = ['succeeded', 'succeeded', 'succeeded', 'failed', 'queued', 'queued', 'timed_out'];
        await addExecutions(...statuses.map((status, n) => makeExecution(executionId(n), { status, createdAt: START + n })));
        const counts = { ...empty, succeeded: 3, failed: 1, queued: 2, timed_out: 1 };
        expect(await storage.executions.countByStatus()).toEqual(counts);
        expect(await storage.executions.oldestQueuedAt()).toBe(START + 4);
      });
    });

    describe('pages', () => {
      const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
      const badCursors = [
        '',
        'x',
        'A'.repeat(100_000),
        forged(null),
        forged(['executions', "' OR 1=1"]),
        forged(['executions', 5]),
        forged(['executions', executionId(1), 1]),
        forged(['workflows', '5', 'x']),
        forged(['revisions', { a: 1 }]),
        forged({ 0: 'executions', 1: executionId(1) }),
        '\0\u{1F600}',
      ];
      test('a cursor that is not ours is refused by name', async () => {
        for (const cursor of badCursors) {
          const page = { limit: 5, cursor };
          await expect(storage.executions.list(page), cursor.slice(0, 50)).rejects.toMatchObject({ code: 'invalid_request' });
          await expect(storage.workflows.list(page), cursor.slice(0, 50)).rejects.toMatchObject({ code: 'invalid_request' });
          const revisions = storage.workflows.listRevisions('w1', page);
          await expect(revisions, cursor.slice(0, 50)).rejects.toMatchObject({ code: 'invalid_request' });
        }
      });

      test("one list's cursor is refused by another", async () => {
        await addExecutions(makeExecution(executionId(1)), makeExecution(executionId(2)));
        const { nextCursor } = await storage.executions.list({ limit: 1 });
        expect(nextCursor).toEqual(expect.any(String));
        const listing = storage.workflows.list({ limit: 1, cursor: nextCursor ?? undefined });
        await expect(listing).rejects.toMatchObject({ code: 'invalid_request' });
      });

      test('a limit outside 1 to 100 is refused', async () => {
        for (const limit of [0, -1, 101, 1.5, Number.NaN]) {
          await expect(storage.executions.list({ limit })).rejects.toMatchObject({ code: 'invalid_request' });
          await expect(storage.workflows.list({ limit })).rejects.toMatchObject({ code: 'invalid_request' });
        }
      });
    });

    describe('deletion', () => {
      test('a deleted workflow takes its revisions, executions and jobs along, and nobody else’s', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        await storage.workflows.insert(makeWorkflow('w2'), makeDocument());
        const many = Array.from({ length: 450 }, (_, n) =>
          makeExecution(executionId(n), { status: 'running', jobs: [makeJob('a')] }),
        );
        await addExecutions(...many, makeExecution(executionId(900), { workflowId: 'w2' }));
        await storage.workflows.delete('w1');
        expect(await storage.workflows.get('w1')).toBeUndefined();
        expect(await storage.workflows.get('w2')).toEqual(makeWorkflow('w2'));
        expect(await opened.countRows('revisions')).toBe(1);
        expect(await opened.countRows('executions')).toBe(1);
        expect(await opened.countRows('execution_jobs')).toBe(0);
        expect(await opened.countRows("settings WHERE name LIKE 'purge:%'")).toBe(0);
        await expect(storage.workflows.delete('w1')).rejects.toMatchObject({ code: 'workflow_not_found' });
      });

      test('a deletion that stopped half-way is finished later', async () => {
        await addExecutions(makeExecution(executionId(1)), makeExecution(executionId(2), { workflowId: 'w2' }));
        await storage.settings.set('purge:w1', '');
        await storage.finishDeletes();
        expect(await storage.executions.get(executionId(1))).toBeUndefined();
        expect(await storage.executions.get(executionId(2))).toBeDefined();
        expect(await opened.countRows("settings WHERE name LIKE 'purge:%'")).toBe(0);
      });

      test('old executions of a status are deleted oldest first, a limited number at a time', async () => {
        await addExecutions(
          ...[1, 2, 3, 4].map((n) => makeExecution(executionId(n), { status: 'failed' })),
          makeExecution(executionId(0), { status: 'succeeded' }),
          makeExecution(executionId(0, 1)),
        );
        expect(await storage.executions.deleteOld('failed', START + 4, 2)).toBe(2);
        expect(await storage.executions.get(executionId(2))).toBeUndefined();
        expect(await storage.executions.get(executionId(3))).toBeDefined();
        expect(await storage.executions.deleteOld('failed', START + 4, 2)).toBe(1);
        expect(await storage.executions.deleteOld('failed', START + 4, 2)).toBe(0);
        expect(await storage.executions.get(executionId(4))).toBeDefined();
        expect(await opened.countRows('executions')).toBe(3);
      });

      test('executions that are not final are never deleted by age', async () => {
        await expect(storage.executions.deleteOld('queued', START, 1)).rejects.toThrow(/final/);
        await expect(storage.executions.deleteOld('waiting', START, 1)).rejects.toThrow(/final/);
      });

      test('deleted executions still count for their workflow', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        await storage.workflows.insert(makeWorkflow('w2'), makeDocument());
        await storage.workflows.insert(makeWorkflow('w3'), makeDocument());
        await addExecutions(
          ...[1, 2, 3].map((n) => makeExecution(executionId(n), { status: 'succeeded', jobs: [makeJob('a')] })),
          makeExecution(executionId(4), { workflowId: 'w2', status: 'succeeded' }),
          makeExecution(executionId(5), { workflowId: 'gone', status: 'succeeded' }),
        );
        const counts = new Map([
          ['w1', 3],
          ['w2', 1],
          ['w3', 0],
        ]);
        expect(await storage.workflows.executionCounts(['w1', 'w2', 'w3', 'none'])).toEqual(counts);
        // Both at once: each execution is counted out exactly once.
        const deletions = [
          storage.executions.deleteOld('succeeded', START + 9, 4),
          storage.executions.deleteOld('succeeded', START + 9, 4),
        ];
        expect((await Promise.all(deletions)).sort()).toEqual([0, 4]);
        expect(await storage.executions.deleteOld('succeeded', START + 9, 4)).toBe(1);
        expect(await opened.countRows('executions')).toBe(0);
        expect(await storage.workflows.executionCounts(['w1', 'w2', 'w3', 'none'])).toEqual(counts);
      });
    });

    describe('the installation', () => {
      test('settings are set, changed and read', async () => {
        await storage.settings.set('token', 'a');
        await storage.settings.set("to'ken $1", '$1 ? :x \\');
        await storage.settings.set('token', 'b');
        expect(await storage.settings.get('token')).toBe('b');
        expect(await storage.settings.get("to'ken $1")).toBe('$1 ? :x \\');
      });

      test('everything is there after the database is opened again', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        await addExecutions(makeExecution(executionId(1)));
        await storage.settings.set('token', 'a');
        await storage.close();
        storage = await opened.reopen();
        expect(await storage.workflows.get('w1')).toEqual(makeWorkflow('w1'));
        expect(await storage.executions.get(executionId(1))).toEqual(makeExecution(executionId(1)));
        expect(await storage.settings.get('token')).toBe('a');
      });

      test('model writes and commits at the same moment do not disturb each other', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        const work: Promise<unknown>[] = [];
        for (let n = 0; n < 120; n += 1) {
          work.push(
            storage.executions.commit({ insert: makeExecution(executionId(n), { status: 'running', jobs: [makeJob('a')] }) }),
          );
          if (n % 4 === 0) work.push(storage.settings.set(`s${n}`, String(n)));
          if (n % 6 === 0) work.push(storage.workflows.update('w1', { title: `Title ${n}` }));
          const twin = makeWorkflow(`t${n}`, { hookKey: 'key-w1' });
          if (n % 10 === 0)
            work.push(expect(storage.workflows.insert(twin, makeDocument())).rejects.toMatchObject({ code: 'conflict' }));
        }
        await Promise.all(work);
        expect(await opened.countRows('executions')).toBe(120);
        expect(await opened.countRows('execution_jobs')).toBe(120);
        expect(await opened.countRows('settings')).toBe(30);
        expect((await storage.workflows.get('w1'))?.title).toBe('Title 114');
      });

      test('a healthy database answers, a closed one says that it is unavailable', async () => {
        await Promise.all([storage.ping(), storage.ping()]);
        await Promise.all([storage.close(), storage.close()]);
        const unavailable = { code: 'storage_unavailable' };
        await expect(storage.ping()).rejects.toMatchObject(unavailable);
        await expect(storage.executions.commit({ insert: makeExecution(executionId(1)) })).rejects.toMatchObject(unavailable);
        await expect(storage.workflows.insert(makeWorkflow('w1'), makeDocument())).rejects.toMatchObject(unavailable);
        await expect(storage.workflows.get('w1')).rejects.toMatchObject(unavailable);
        await expect(storage.executions.list({ limit: 1 })).rejects.toMatchObject(unavailable);
        await expect(storage.executions.countByStatus()).rejects.toMatchObject(unavailable);
        storage = await opened.reopen();
      });

      test('a full disk is an error, loses nothing that was acknowledged, and is over when there is room again', async () => {
        await storage.workflows.insert(makeWorkflow('w1'), makeDocument());
        const request = { method: 'POST', url: '/', headers: {}, body: 'x'.repeat(50_000), address: '' };
        const makeRoom = await opened.fillDisk();
        const stored: string[] = [];
        const refused: string[] = [];
        for (let n = 0; n < 20; n += 1) {
          const id = executionId(n);
          try {
            await storage.executions.commit({ insert: makeExecution(id, { request }) });
            stored.push(id);
          } catch (error) {
            expect(error).toBeInstanceOf(HooklineError);
            expect(error).toMatchObject({ code: 'storage_unavailable', status: 503, message: expect.stringMatching(/disk/) });
            refused.push(id);
          }
        }
        expect(refused.length).toBeGreaterThan(10);
        const document = makeDocument('x'.repeat(200_000));
        const save = storage.workflows.saveDocument('w1', document, START + 1);
        await expect(save).rejects.toMatchObject({ code: 'storage_unavailable' });
        for (const id of refused) expect(await storage.executions.get(id)).toBeUndefined();
        expect(await storage.workflows.get('w1')).toEqual(makeWorkflow('w1'));

        await makeRoom();
        for (const id of refused) await storage.executions.commit({ insert: makeExecution(id, { request }) });
        expect(await storage.workflows.saveDocument('w1', document, START + 1)).toBe(1);
        for (const id of [...stored, ...refused]) expect((await storage.executions.get(id))?.request).toEqual(request);
        expect(await opened.countRows('executions')).toBe(20);
      });
    });
  });
}

async function allPages<Item>(
  list: (page: { limit: number; cursor?: string }) => Promise<{ items: Item[]; nextCursor: string | null }>,
  limit: number,
): Promise<Item[][]> {
  const pages: Item[][] = [];
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const page = await list(cursor === undefined ? { limit } : { limit, cursor });
    pages.push(page.items);
    cursor = page.nextCursor;
  }
  return pages;
}
