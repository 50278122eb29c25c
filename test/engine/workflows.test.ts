// Tests of the workflow service: what designers save, and what the engine loads.

import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Problem } from '../../src/engine/model.ts';
import { defineNode, definePlugin, type Plugin } from '../../src/engine/plugin.ts';
import { createRegistry } from '../../src/engine/registry.ts';
import { type CreateWorkflow, createWorkflowService, type WorkflowService } from '../../src/engine/workflows.ts';
import { HooklineError } from '../../src/errors.ts';
import { builtIns } from '../../src/plugins/index.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';
import { createMemoryWorkflows, type MemoryWorkflows } from './memory-storage.ts';

const mail = defineNode({
  type: 'mail',
  title: 'Mail',
  description: 'Sends a letter.',
  config: z.strictObject({ to: z.string().default('somebody'), key: z.string().min(3).meta({ writeOnly: true }) }),
  run: () => ({ type: 'done' }),
});
const PLUGINS = [builtIns, definePlugin({ name: 'test', nodes: [mail] })];
const KEY = Buffer.alloc(32, 1);

let store: MemoryWorkflows;
let clock: number;
let changed: string[];
let service: WorkflowService;

function createService(options: { key?: Buffer; plugins?: readonly Plugin[] } = {}): WorkflowService {
  return createWorkflowService({
    storage: { workflows: store },
    registry: createRegistry(options.plugins ?? PLUGINS),
    evaluator: {
      check: async (_, text) => (text.includes('wrong') ? 'unexpected word' : undefined),
      checkScript: async (code) => (code.includes('wrong') ? 'unexpected word' : undefined),
    },
    secretBox: createSecretBox(options.key ?? KEY),
    now: () => clock,
    onChange: (id) => {
      changed.push(id);
    },
  });
}

beforeEach(() => {
  store = createMemoryWorkflows();
  clock = Date.parse('2030-01-01T00:00:00.000Z');
  changed = [];
  service = createService();
});

const AUTH = { type: 'basic', username: 'SECRET-user', password: 'SECRET-pass' };
const CALLBACK: CreateWorkflow = {
  title: 'Payment callback',
  mode: 'sync',
  trigger: { type: 'webhook', config: { auth: AUTH } },
  nodes: [{ key: 'ok', type: 'response', config: { body: { id: '{{$context.body.id}}' } } }],
};
const MAILER: CreateWorkflow = {
  title: 'Mailer',
  mode: 'async',
  trigger: { type: 'webhook' },
  nodes: [{ key: 'send', type: 'mail', config: { key: 'SECRET-key' } }],
};

async function failure(promise: Promise<unknown>): Promise<HooklineError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof HooklineError)) throw new Error(`expected a HooklineError, got ${String(error)}`);
  return error;
}
const problemsIn = ({ details }: HooklineError) =>
  (details as { problems: Problem[] }).problems.map(({ path, code }) => `${path} ${code}`);

describe('creating', () => {
  it('gives a view with a key of 128 random bits, disabled unless asked, and no secret', async () => {
    const view = await service.create(CALLBACK);
    expect(view).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
      title: 'Payment callback',
      mode: 'sync',
      enabled: false,
      hookKey: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
      revision: 1,
      tags: [],
      deletedAt: null,
      trigger: { type: 'webhook', config: { auth: { type: 'basic' } } },
      nodes: CALLBACK.nodes,
      executionCount: 0,
      createdAt: '2030-01-01T00:00:00.000Z',
      updatedAt: '2030-01-01T00:00:00.000Z',
      problems: [],
    });
    expect((await service.create({ ...CALLBACK, enabled: true })).enabled).toBe(true);
    expect((await service.create(CALLBACK)).hookKey).not.toBe(view.hookKey);
    expect(changed).toContain(view.id);
  });

  it('stores secrets sealed and opens them for the engine only', async () => {
    const { id, hookKey } = await service.create(CALLBACK);
    expect(store.dump()).not.toContain('SECRET');
    const loaded = await service.byHookKey(hookKey);
    expect(loaded).toMatchObject({
      workflow: { id },
      revision: 1,
      executed: false,
      document: { trigger: { config: { auth: AUTH } } },
    });
    expect(await service.byId(id, 1)).toEqual(loaded);
    expect(await service.byId(id)).toEqual(loaded);
    const shown = [
      await service.get(id),
      await service.list({ limit: 10 }),
      await service.exportWorkflow(id),
      await service.getRevision(id, 1),
    ];
    expect(JSON.stringify(shown)).not.toMatch(/SECRET|sealed/);
  });

  it('tells every problem at once and saves nothing', async () => {
    const input = {
      title: ' ',
      mode: 'both',
      extra: 1,
      trigger: { type: 'webhok' },
      nodes: [{ key: 'a', type: 'mail', config: { to: 5 } }],
    };
    const error = await failure(service.create(input as unknown as CreateWorkflow));
    expect(error).toMatchObject({ code: 'invalid_workflow', status: 422, message: expect.stringContaining('more)') });
    expect(problemsIn(error)).toEqual([
      'title invalid_shape',
      'mode invalid_shape',
      'extra unknown_key',
      'trigger.type unknown_type',
      'nodes[0].config.to invalid_value',
      'nodes[0].config.key missing_secret',
    ]);
    expect((await service.list({ limit: 10 })).items).toEqual([]);
    expect(problemsIn(await failure(service.create({ title: 'x', mode: 'sync' } as CreateWorkflow)))).toContain(
      'trigger invalid_shape',
    );
  });

  it('saves what only has warnings, and tells them', async () => {
    const view = await service.create({ title: 'Empty', mode: 'sync', trigger: { type: 'webhook' } });
    expect(view.problems).toMatchObject([{ path: 'nodes', code: 'no_response', severity: 'warning' }]);
    expect((await service.get(view.id)).problems).toEqual(view.problems);
    expect((await service.list({ limit: 10 })).items[0]?.problems).toEqual(view.problems);
  });

  it('checks the syntax of expressions', async () => {
    const nodes = [{ key: 'a', type: 'calculation', config: { engine: 'jsonata', expression: 'wrong' } }];
    expect(problemsIn(await failure(service.create({ ...MAILER, nodes })))).toEqual([
      'nodes[0].config.expression invalid_expression',
    ]);
  });

  it('accepts no sealed value from outside', async () => {
    const sealed = { $sealed: createSecretBox(KEY).seal('"x"', 'revisions/w/nodes/a/key') };
    const nodes = [{ key: 'a', type: 'mail', config: { key: sealed } }];
    expect(problemsIn(await failure(service.create({ ...MAILER, nodes })))).toContain(
      'nodes[0].config.key.$sealed reserved_name',
    );
  });

  it('throws nothing but HooklineError for any input at all', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.anything(), fc.jsonValue()), async (input) => {
        for (const attempt of [
          () => service.create(input as CreateWorkflow),
          () => service.importWorkflow(input),
          () => service.create({ ...MAILER, nodes: input }),
          () => service.create({ ...MAILER, trigger: input }),
        ]) {
          const error: unknown = await attempt().then(
            () => undefined,
            (reason: unknown) => reason,
          );
          if (error !== undefined) expect(error).toMatchObject({ code: 'invalid_workflow' });
        }
      }),
    );
  });
});

describe('reading', () => {
  it('says which workflow or revision there is not', async () => {
    const { id } = await service.create(MAILER);
    expect(await failure(service.get('nope'))).toMatchObject({ code: 'workflow_not_found' });
    expect(await failure(service.getRevision(id, 2))).toMatchObject({ code: 'revision_not_found' });
    expect(await failure(service.listRevisions('nope', { limit: 5 }))).toMatchObject({ code: 'workflow_not_found' });
    expect([await service.byId('nope'), await service.byId(id, 9), await service.byHookKey('nope')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('lists in pages', async () => {
    for (const title of ['a', 'b', 'c']) await service.create({ ...MAILER, title });
    const first = await service.list({ limit: 2 });
    const second = await service.list({ limit: 2, cursor: first.nextCursor ?? '' });
    expect([...first.items, ...second.items].map(({ title }) => title)).toEqual(['c', 'b', 'a']);
    expect(second.nextCursor).toBeNull();
  });
});

describe('changing', () => {
  it('changes only what is named, and moves updatedAt on, even within a millisecond', async () => {
    const { id, updatedAt, ...rest } = await service.create(CALLBACK);
    const { updatedAt: later, ...after } = await service.update(id, { title: 'New' });
    expect({ id, ...rest, title: 'New' }).toEqual(after);
    expect(Date.parse(later)).toBe(Date.parse(updatedAt) + 1);
    expect(changed.filter((entry) => entry === id)).toHaveLength(2);
  });

  it('loses no secret when what was read is sent back', async () => {
    const { id } = await service.create(CALLBACK);
    const view = await service.get(id);
    await service.update(id, { trigger: view.trigger, nodes: view.nodes, enabled: true });
    expect((await service.byId(id))?.document.trigger.config).toEqual({ auth: AUTH });
    const mailer = await service.create(MAILER);
    const nodes = [
      {
        key: 'fork',
        type: 'condition',
        config: { test: { all: [{ left: 1, operator: 'equal', right: 1 }] } },
        branches: { true: mailer.nodes },
      },
    ];
    await service.update(mailer.id, { nodes });
    expect(JSON.stringify((await service.byId(mailer.id))?.document)).toContain('SECRET-key');
    expect(store.dump()).not.toContain('SECRET');
  });

  it('takes a new secret, and keeps none for a node of another key or type', async () => {
    const { id } = await service.create(MAILER);
    await service.update(id, { nodes: [{ key: 'send', type: 'mail', config: { key: 'changed' } }] });
    expect((await service.byId(id))?.document.nodes[0]?.config).toEqual({ key: 'changed' });
    const renamed = service.update(id, { nodes: [{ key: 'other', type: 'mail', config: {} }] });
    expect(problemsIn(await failure(renamed))).toEqual(['nodes[0].config.key missing_secret']);
  });

  it('replaces the revision while it has not executed, else adds one', async () => {
    const { id } = await service.create(MAILER);
    const nodes = (to: string) => [{ key: 'send', type: 'mail', config: { to } }];
    expect((await service.update(id, { nodes: nodes('a') })).revision).toBe(1);
    store.markExecuted(id, 1);
    expect((await service.update(id, { nodes: nodes('b') })).revision).toBe(2);
    store.markExecuted(id, 2);
    expect((await service.update(id, { nodes: nodes('c') })).revision).toBe(3);
    expect((await service.update(id, { title: 'No edit of the document', nodes: nodes('c') })).revision).toBe(3);
    const { items } = await service.listRevisions(id, { limit: 10 });
    expect(items.map(({ revision, live, executed }) => [revision, live, executed])).toEqual([
      [3, true, false],
      [2, false, true],
      [1, false, true],
    ]);
    expect((await service.getRevision(id, 1)).nodes).toEqual(nodes('a'));
  });

  it('makes no revision of what is sent back unchanged', async () => {
    const { id } = await service.create(CALLBACK);
    store.markExecuted(id, 1);
    const view = await service.get(id);
    expect((await service.update(id, { trigger: view.trigger, nodes: view.nodes })).revision).toBe(1);
  });

  it('refuses another mode, a stale change and unknown fields', async () => {
    const { id, updatedAt } = await service.create(CALLBACK);
    expect(await failure(service.update(id, { mode: 'async' }))).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('fixed at creation'),
    });
    await service.update(id, { mode: 'sync', title: 'a' }, { ifUpdatedAt: updatedAt });
    expect(await failure(service.update(id, { title: 'b' }, { ifUpdatedAt: updatedAt }))).toMatchObject({ code: 'conflict' });
    expect(await failure(service.update(id, { title: 'b' }, { ifUpdatedAt: 'yesterday' }))).toMatchObject({
      code: 'invalid_request',
    });
    expect(problemsIn(await failure(service.update(id, { hookKey: 'mine' } as object)))).toEqual(['hookKey unknown_key']);
    expect(problemsIn(await failure(service.update(id, { nodes: null })))).toContain('nodes invalid_shape');
    expect(await failure(service.update('nope', {}))).toMatchObject({ code: 'workflow_not_found' });
    expect((await service.get(id)).title).toBe('a');
  });

  it('lets one of two people who changed the same version win', async () => {
    const { id, updatedAt } = await service.create(CALLBACK);
    const outcomes = await Promise.allSettled(
      ['a', 'b'].map((title) => service.update(id, { title }, { ifUpdatedAt: updatedAt })),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('gives a new key, and the old one is gone', async () => {
    const { id, hookKey } = await service.create(CALLBACK);
    const view = await service.rotateKey(id);
    expect(view.hookKey).not.toBe(hookKey);
    expect([await service.byHookKey(hookKey), (await service.byHookKey(view.hookKey))?.workflow.id]).toEqual([undefined, id]);
  });

  it('deletes', async () => {
    const { id } = await service.create(CALLBACK);
    await service.delete(id);
    expect(await failure(service.get(id))).toMatchObject({ code: 'workflow_not_found' });
    expect(await failure(service.delete(id))).toMatchObject({ code: 'workflow_not_found' });
    expect(changed.filter((entry) => entry === id)).toHaveLength(2);
  });
});

describe('revisions', () => {
  async function withThree(): Promise<string> {
    const { id } = await service.create({ ...CALLBACK, enabled: true });
    for (const status of [201, 202]) {
      store.markExecuted(id, status - 200);
      await service.update(id, { nodes: [{ key: 'ok', type: 'response', config: { status } }] });
    }
    return id;
  }

  it('can be made live again; the next edit makes a new number', async () => {
    const id = await withThree();
    expect(await service.activate(id, 1)).toMatchObject({ revision: 1, nodes: CALLBACK.nodes });
    expect((await service.byId(id))?.revision).toBe(1);
    expect((await service.update(id, { nodes: [{ key: 'ok', type: 'response' }] })).revision).toBe(4);
    expect(await failure(service.activate(id, 9))).toMatchObject({ code: 'revision_not_found' });
    expect((await service.activate(id, 4)).revision).toBe(4);
  });

  it('are not made live when they can no longer run and the workflow is enabled', async () => {
    const { id } = await service.create({ ...MAILER, enabled: true });
    store.markExecuted(id, 1);
    await service.update(id, { nodes: [] });
    const poorer = createService({ plugins: [builtIns] });
    expect(problemsIn(await failure(poorer.activate(id, 1)))).toEqual(['nodes[0].type unknown_type']);
    await poorer.update(id, { enabled: false });
    expect((await poorer.activate(id, 1)).problems).toMatchObject([{ code: 'unknown_type', severity: 'error' }]);
    expect(JSON.stringify(await poorer.get(id))).not.toMatch(/SECRET|sealed/);
    expect(problemsIn(await failure(poorer.update(id, { enabled: true })))).toEqual(['nodes[0].type unknown_type']);
  });

  it('are compared without showing secrets', async () => {
    const id = await withThree();
    await service.update(id, { trigger: { type: 'webhook', config: { auth: { ...AUTH, password: 'SECRET-other' } } } });
    store.markExecuted(id, 3);
    await service.update(id, { nodes: [] });
    expect(await service.compare(id, 1, 2)).toEqual({
      from: 1,
      to: 2,
      changes: [
        {
          kind: 'changed',
          key: 'ok',
          path: 'nodes[0]',
          values: [
            { path: 'config.body', before: { id: '{{$context.body.id}}' } },
            { path: 'config.status', after: 201 },
          ],
        },
      ],
    });
    const { changes } = await service.compare(id, 2, 4);
    expect(changes).toEqual([
      { kind: 'changed', key: null, path: 'trigger', values: [{ path: 'config.auth.password', secret: true }] },
      { kind: 'removed', key: 'ok', path: 'nodes[0]' },
    ]);
    expect(await failure(service.compare(id, 1, 7))).toMatchObject({ code: 'revision_not_found' });
  });
});

describe('copies', () => {
  it('are disabled, with a key of their own, and keep their secrets', async () => {
    const original = await service.create({ ...CALLBACK, enabled: true });
    const copy = await service.duplicate(original.id);
    expect(copy).toMatchObject({
      title: 'Payment callback copy',
      enabled: false,
      revision: 1,
      nodes: original.nodes,
      executionCount: 0,
    });
    expect([copy.id, copy.hookKey]).not.toEqual([original.id, original.hookKey]);
    expect((await service.byId(copy.id))?.document.trigger.config).toEqual({ auth: AUTH });
    const long = await service.create({ ...MAILER, title: 'x'.repeat(200) });
    expect((await service.duplicate(long.id)).title).toHaveLength(200);
  });

  it('keep their secrets sealed also when the type is gone', async () => {
    const { id } = await service.create(MAILER);
    const poorer = createService({ plugins: [builtIns] });
    const copy = await poorer.duplicate(id);
    expect(store.dump()).not.toContain('SECRET');
    expect((await service.byId(copy.id))?.document.nodes[0]?.config).toEqual({ key: 'SECRET-key' });
  });
});

describe('export and import', () => {
  it('give the same workflow again, with a new key', async () => {
    const original = await service.create({
      ...MAILER,
      nodes: [{ key: 'v', type: 'variable', config: { value: 1 } }],
      enabled: true,
    });
    const exported = await service.exportWorkflow(original.id);
    expect(exported).toEqual({
      hookline: 1,
      title: 'Mailer',
      mode: 'async',
      hookKey: original.hookKey,
      tags: [],
      trigger: original.trigger,
      nodes: original.nodes,
    });
    const imported = await service.importWorkflow(JSON.parse(JSON.stringify(exported)));
    expect(imported).toMatchObject({
      title: 'Mailer',
      mode: 'async',
      enabled: false,
      revision: 1,
      nodes: original.nodes,
      problems: [],
    });
    expect(imported.hookKey).not.toBe(original.hookKey);
  });

  it('keep the key when asked, unless it is taken', async () => {
    const original = await service.create({ ...MAILER, nodes: [] });
    const exported = await service.exportWorkflow(original.id);
    expect(await failure(service.importWorkflow(exported, { keepKey: true }))).toMatchObject({ code: 'conflict' });
    await service.delete(original.id);
    expect((await service.importWorkflow(exported, { keepKey: true })).hookKey).toBe(original.hookKey);
    const guessable = { ...exported, hookKey: 'short' };
    expect(problemsIn(await failure(service.importWorkflow(guessable)))).toEqual(['hookKey invalid_shape']);
  });

  it('leave secrets to be entered before the workflow is enabled', async () => {
    const exported = await service.exportWorkflow((await service.create(MAILER)).id);
    const imported = await service.importWorkflow(exported);
    expect(imported.problems).toMatchObject([{ path: 'nodes[0].config.key', code: 'missing_secret', severity: 'warning' }]);
    expect((await service.get(imported.id)).problems).toEqual(imported.problems);
    expect(problemsIn(await failure(service.update(imported.id, { enabled: true })))).toEqual([
      'nodes[0].config.key missing_secret',
    ]);
    // Other edits are possible meanwhile.
    const nodes = [{ key: 'send', type: 'mail', config: { to: 'me' } }];
    expect((await service.update(imported.id, { title: 'Renamed', nodes })).problems).toEqual(imported.problems);
    const complete = [{ key: 'send', type: 'mail', config: { key: 'entered' } }];
    expect(await service.update(imported.id, { enabled: true, nodes: complete })).toMatchObject({ enabled: true, problems: [] });
  });

  it('refuse what is not an export, with every problem', async () => {
    expect(
      problemsIn(await failure(service.importWorkflow({ hookline: 2, title: 'x', mode: 'sync', id: 1, nodes: [{}] }))),
    ).toEqual([
      'hookline invalid_shape',
      'id unknown_key',
      'trigger invalid_shape',
      'nodes[0].key invalid_shape',
      'nodes[0].type invalid_shape',
    ]);
    expect(await failure(service.importWorkflow('text'))).toMatchObject({ code: 'invalid_workflow' });
  });
});

describe('another secret key', () => {
  it('does not open stored secrets: running says so, reading and entering them again works', async () => {
    const { id } = await service.create(CALLBACK);
    const other = createService({ key: Buffer.alloc(32, 9) });
    expect(await failure(other.byId(id))).toMatchObject({ code: 'invalid_configuration' });
    const view = await other.get(id);
    expect(view.problems.map(({ path, code }) => `${path} ${code}`)).toContain('trigger.config.auth.password secret_unreadable');
    expect(problemsIn(await failure(other.update(id, { enabled: true })))).toContain(
      'trigger.config.auth.password missing_secret',
    );
    await other.update(id, { enabled: true, trigger: { type: 'webhook', config: { auth: AUTH } } });
    expect((await other.byId(id))?.document.trigger.config).toEqual({ auth: AUTH });
  });
});
