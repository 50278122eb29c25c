import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { payment, quiet, startApi, type TestApi } from './support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

async function create(body: object = quiet) {
  return (await api.call('POST', '/api/workflows', { body, status: 201 })).body;
}

function pathsOf(reply: { body: { error: { details: { problems: { path: string }[] } } } }): string[] {
  return reply.body.error.details.problems.map(({ path }) => path).sort();
}

describe('creating and reading', () => {
  test('a created workflow comes back whole, with its trigger URL', async () => {
    const made = await create(payment);
    expect(made).toMatchObject({ title: 'Payment callback', mode: 'sync', enabled: true, revision: 1, executionCount: 0 });
    expect(made.hookKey).toMatch(/^[\w-]{22}$/);
    expect(made.hookUrl).toBe(`https://hooks.example.com/hooks/${made.hookKey}`);
    expect(made.nodes).toMatchObject([{ key: 'paid', branches: { true: [{ key: 'ok' }], false: [{ key: 'no' }] } }]);
    expect((await api.call('GET', `/api/workflows/${made.id}`, { status: 200 })).body).toEqual(made);
  });

  test('its trigger URL works', async () => {
    const { hookKey, id } = await create(payment);
    const reply = await api.agent.post(`/hooks/${hookKey}`).send({ payment: { id: 'p1', status: 'paid' } });
    expect(reply.status).toBe(200);
    expect(reply.body).toEqual({ received: 'p1' });
    expect((await api.call('GET', `/api/workflows/${id}`)).body.executionCount).toBe(1);
  });

  test('a new workflow is disabled unless asked otherwise', async () => {
    const { title, mode, trigger } = quiet;
    expect(await create({ title, mode, trigger })).toMatchObject({ enabled: false, nodes: [] });
  });

  test('the outer shape is checked strictly, every key with its path', async () => {
    const reply = await api.call('POST', '/api/workflows', {
      body: {
        ...quiet,
        title: ' ',
        mode: 'later',
        enabled: 'yes',
        hookKey: 'mine',
        id: 'mine',
        nodes: [{ key: 'a', type: 'x' }],
      },
      status: 422,
    });
    expect(pathsOf(reply)).toEqual(['enabled', 'hookKey', 'id', 'mode', 'nodes[0].type', 'title']);
  });

  test('what is wrong inside the document is reported as 422, all of it at once', async () => {
    const nodes = [
      { key: 'a', type: 'respons', config: {} },
      { key: 'a', type: 'response', config: { status: 'x', nope: 1 } },
    ];
    const reply = await api.call('POST', '/api/workflows', {
      body: { ...quiet, mode: 'sync', nodes, trigger: { type: 'webhok' } },
    });
    expect(reply.status).toBe(422);
    expect(reply.body.error.code).toBe('invalid_workflow');
    expect(pathsOf(reply)).toEqual(expect.arrayContaining(['trigger.type', 'nodes[0].type', 'nodes[1].config.status']));
    expect(pathsOf(reply).length).toBeGreaterThanOrEqual(5);
  });

  test.each([[null], [42], ['text'], [[]], [{ type: 1 }], [{ type: 'webhook', config: [] }]])(
    'a trigger of %j is the document’s problem',
    async (trigger) => {
      const reply = await api.call('POST', '/api/workflows', { body: { ...quiet, trigger }, status: 422 });
      expect(pathsOf(reply).every((path) => path.startsWith('trigger'))).toBe(true);
    },
  );

  test('deeply nested nodes are refused with a sentence', async () => {
    let nodes: object[] = [];
    for (let depth = 0; depth < 60; depth += 1) {
      nodes = [{ ...payment.nodes[0], key: `n${depth}`, branches: { true: nodes } }];
    }
    const reply = await api.call('POST', '/api/workflows', { body: { ...quiet, nodes } });
    expect(reply.status).toBe(422);
  });

  test('an unknown id is 404 on every route', async () => {
    const calls = [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/duplicate'],
      ['POST', '/rotate-key'],
      ['POST', '/run'],
      ['GET', '/export'],
      ['GET', '/revisions'],
      ['GET', '/revisions/1'],
      ['POST', '/revisions/1/activate'],
      ['GET', '/revisions/1/compare/2'],
    ] as const;
    for (const [method, rest] of calls) {
      const body = method === 'PATCH' ? { title: 'x' } : undefined;
      const reply = await api.call(method, `/api/workflows/nobody${rest}`, { body, status: 404 });
      expect(reply.body.error.code, `${method} ${rest}`).toBe('workflow_not_found');
    }
  });
});

describe('listing', () => {
  test('pages follow each other to the end, newest first, nothing twice', async () => {
    const made: string[] = [];
    for (let count = 0; count < 5; count += 1) made.unshift((await create({ ...quiet, title: `Page ${count}` })).id);
    const seen: string[] = [];
    let cursor = '';
    for (;;) {
      const { body } = await api.call('GET', `/api/workflows?limit=2&search=pAGE${cursor}`, { status: 200 });
      expect(body.data.length).toBeLessThanOrEqual(2);
      seen.push(...body.data.map(({ id }: { id: string }) => id));
      if (body.nextCursor === null) break;
      cursor = `&cursor=${encodeURIComponent(body.nextCursor)}`;
    }
    expect(seen).toEqual(made);
  });

  test('filters by mode and by enabled', async () => {
    await create({ ...quiet, title: 'Filtered', enabled: false });
    const { body } = await api.call('GET', '/api/workflows?search=filtered&enabled=false&mode=async', { status: 200 });
    expect(body.data).toHaveLength(1);
    expect((await api.call('GET', '/api/workflows?search=filtered&enabled=true')).body.data).toEqual([]);
  });

  test.each([
    'limit=0',
    'limit=101',
    'limit=x',
    'limit=',
    'cursor=nonsense',
    'cursor=',
    'enabled=1',
    'mode=x',
    'what=1',
    'limit=1&limit=2',
  ])('%s is refused', async (query) => {
    const reply = await api.call('GET', `/api/workflows?${query}`, { status: 400 });
    expect(reply.body.error.code).toBe('invalid_request');
  });
});

describe('changing', () => {
  test('only what is sent changes', async () => {
    const made = await create(payment);
    const { body } = await api.call('PATCH', `/api/workflows/${made.id}`, {
      body: { title: 'Renamed', enabled: false },
      status: 200,
    });
    expect(body).toEqual({ ...made, title: 'Renamed', enabled: false, updatedAt: expect.any(String) });
  });

  test('another mode is a conflict; the present one is fine', async () => {
    const { id } = await create(quiet);
    const reply = await api.call('PATCH', `/api/workflows/${id}`, { body: { mode: 'sync' }, status: 409 });
    expect(reply.body.error.code).toBe('conflict');
    await api.call('PATCH', `/api/workflows/${id}`, { body: { mode: 'async' }, status: 200 });
  });

  test('read-only and unknown keys are refused by name', async () => {
    const { id } = await create(quiet);
    const reply = await api.call('PATCH', `/api/workflows/${id}`, {
      body: { revision: 3, hookKey: 'x', nodes: [{}] },
      status: 422,
    });
    expect(pathsOf(reply)).toEqual(['hookKey', 'nodes[0].key', 'nodes[0].type', 'revision']);
  });

  test('an edit based on an old state is a conflict when it says so', async () => {
    const made = await create(quiet);
    const old = new Date(Date.parse(made.updatedAt) - 1000).toISOString();
    const path = `/api/workflows/${made.id}?ifUpdatedAt=`;
    await api.call('PATCH', path + old, { body: { title: 'Mine' }, status: 409 });
    await api.call('PATCH', path + made.updatedAt, { body: { title: 'Mine' }, status: 200 });
  });

  test('a password goes in, never comes out, and survives an edit that sends back what was read', async () => {
    const auth = { type: 'basic', username: 'shop', password: 'pass:wörd' };
    const made = await create({ ...quiet, trigger: { type: 'webhook', config: { auth } } });
    expect(JSON.stringify(made)).not.toContain('wörd');
    const { body } = await api.call('PATCH', `/api/workflows/${made.id}`, {
      body: { trigger: made.trigger, title: 'Edited' },
      status: 200,
    });
    expect(JSON.stringify(body)).not.toContain('wörd');
    const exported = await api.call('GET', `/api/workflows/${made.id}/export`, { status: 200 });
    expect(exported.text).not.toContain('wörd');
    const hook = api.agent.post(`/hooks/${made.hookKey}`);
    const credentials = Buffer.from('shop:pass:wörd').toString('base64');
    expect((await hook.set('Authorization', `Basic ${credentials}`)).status).toBe(200);
    expect((await api.agent.post(`/hooks/${made.hookKey}`)).status).toBe(401);
  });

  test('a rotated key closes the old URL at once', async () => {
    const made = await create(quiet);
    expect((await api.agent.post(`/hooks/${made.hookKey}`)).status).toBe(200);
    const { body } = await api.call('POST', `/api/workflows/${made.id}/rotate-key`, { status: 200 });
    expect(body.hookKey).not.toBe(made.hookKey);
    expect((await api.agent.post(`/hooks/${made.hookKey}`)).status).toBe(404);
    expect((await api.agent.post(`/hooks/${body.hookKey}`)).status).toBe(200);
  });

  test('a workflow that is deleted for ever is gone with its executions and its URL', async () => {
    const made = await create(payment);
    await api.call('POST', `/api/workflows/${made.id}/run`, {
      body: { body: { payment: { id: '1', status: 'paid' } } },
      status: 201,
    });
    const reply = await api.call('DELETE', `/api/workflows/${made.id}?forever=true`, { status: 204 });
    expect(reply.text).toBe('');
    await api.call('GET', `/api/workflows/${made.id}`, { status: 404 });
    expect((await api.call('GET', `/api/executions?workflowId=${made.id}`)).body.data).toEqual([]);
    expect((await api.agent.post(`/hooks/${made.hookKey}`)).status).toBe(404);
  });
});

describe('copying and moving', () => {
  test('a duplicate is disabled and has a key of its own', async () => {
    const made = await create(payment);
    const { body } = await api.call('POST', `/api/workflows/${made.id}/duplicate`, { status: 201 });
    expect(body).toMatchObject({ enabled: false, mode: 'sync', nodes: made.nodes, executionCount: 0 });
    expect(body.id).not.toBe(made.id);
    expect(body.hookKey).not.toBe(made.hookKey);
  });

  test('an export can be imported again; its key is kept only when asked and free', async () => {
    const made = await create(payment);
    const { body: document } = await api.call('GET', `/api/workflows/${made.id}/export`, { status: 200 });
    expect(document).toMatchObject({ hookline: 1, title: made.title, mode: 'sync', hookKey: made.hookKey });
    const copy = await api.call('POST', '/api/workflows/import', { body: document, status: 201 });
    expect(copy.body).toMatchObject({ title: made.title, enabled: false, nodes: made.nodes });
    expect(copy.body.hookKey).not.toBe(made.hookKey);
    await api.call('POST', '/api/workflows/import?keepKey=true', { body: document, status: 409 });
    await api.call('DELETE', `/api/workflows/${made.id}?forever=true`, { status: 204 });
    const moved = await api.call('POST', '/api/workflows/import?keepKey=true', { body: document, status: 201 });
    expect(moved.body.hookKey).toBe(made.hookKey);
  });

  test.each([
    [[], 400],
    [{}, 422],
    [{ hookline: 2, title: 'x' }, 422],
    [{ hookline: 1, title: 'x', mode: 'sync', trigger: { type: 'webhook' }, nodes: [], extra: 1 }, 422],
  ])('importing %j is refused', async (document, status) => {
    await api.call('POST', '/api/workflows/import', { body: document, status });
  });
});

describe('revisions', () => {
  test('an edit after a run makes a new revision; both can be listed, read, compared and activated', async () => {
    const made = await create(payment);
    const path = `/api/workflows/${made.id}`;
    await api.call('POST', `${path}/run`, { body: { body: { payment: { id: '1', status: 'paid' } } }, status: 201 });
    const nodes = [{ key: 'only', type: 'response', config: { status: 204 } }];
    const edited = await api.call('PATCH', path, { body: { nodes }, status: 200 });
    expect(edited.body.revision).toBe(2);

    const list = await api.call('GET', `${path}/revisions`, { status: 200 });
    expect(list.body.data.map(({ revision }: { revision: number }) => revision)).toEqual([2, 1]);
    expect(list.body.nextCursor).toBeNull();
    const page = await api.call('GET', `${path}/revisions?limit=1`, { status: 200 });
    const next = await api.call('GET', `${path}/revisions?limit=1&cursor=${encodeURIComponent(page.body.nextCursor)}`, {
      status: 200,
    });
    expect(next.body.data).toMatchObject([{ revision: 1, executed: true }]);

    const first = await api.call('GET', `${path}/revisions/1`, { status: 200 });
    expect(first.body.nodes).toEqual(made.nodes);
    const changes = await api.call('GET', `${path}/revisions/1/compare/2`, { status: 200 });
    expect(JSON.stringify(changes.body)).toContain('only');

    const active = await api.call('POST', `${path}/revisions/1/activate`, { status: 200 });
    expect(active.body).toMatchObject({ revision: 1, nodes: made.nodes });
    const reply = await api.agent.post(`/hooks/${made.hookKey}`).send({ payment: { id: 'p9', status: 'paid' } });
    expect(reply.body).toEqual({ received: 'p9' });
  });

  test('a revision that is not there is 404, one that is no number 400', async () => {
    const { id } = await create();
    const reply = await api.call('GET', `/api/workflows/${id}/revisions/9`, { status: 404 });
    expect(reply.body.error.code).toBe('revision_not_found');
    await api.call('POST', `/api/workflows/${id}/revisions/9/activate`, { status: 404 });
    await api.call('GET', `/api/workflows/${id}/revisions/1/compare/9`, { status: 404 });
    for (const wrong of ['x', '0', '-1', '1.5', '99999999999']) {
      expect(pathsOf(await api.call('GET', `/api/workflows/${id}/revisions/${wrong}`, { status: 400 }))).toEqual([
        'params.revision',
      ]);
    }
  });
});
