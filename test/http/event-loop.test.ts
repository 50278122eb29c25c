// What callers and readers send costs a bounded amount of work in one turn of the event loop.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHookline, type TestHookline } from '../start-hookline.ts';

let hookline: TestHookline;
beforeAll(async () => {
  hookline = await startHookline();
});
afterAll(() => hookline.stop());

function nested(depth: number, wrap: (inner: string) => string, core: string): string {
  let text = core;
  for (let level = 1; level < depth; level++) text = wrap(text);
  return text;
}
const many = (count: number, text: string): string => `[${Array.from({ length: count }, () => text).join(',')}]`;
const lists = (count: number, depth: number): string =>
  many(
    count,
    nested(depth, (inner) => `[${inner}]`, '[]'),
  );
const objects = (count: number, depth: number): string =>
  many(
    count,
    nested(depth, (inner) => `{"a":${inner}}`, '{"b":1}'),
  );

/** Ends with the health of the server, asked while the work is under way. */
async function healthMeanwhile<Result>(work: Promise<Result>): Promise<Result> {
  const [result, health] = await Promise.all([work, fetch(`${hookline.url}/healthz`)]);
  expect(health.status).toBe(200);
  return result;
}

describe('a JSONPath of a trigger', () => {
  const call = async (path: string, body: string) => {
    const trigger = { type: 'webhook', config: { body: [{ path, name: 'found' }] } };
    const answer = { key: 'answer', type: 'response', config: { body: '{{$context.body.found}}' } };
    const { id, hookUrl } = await hookline.workflow({ mode: 'sync', trigger, nodes: [answer] });
    return { id, reply: await healthMeanwhile(hookline.post(hookUrl, body)) };
  };

  it.each([
    ['$..[0]..[0]', lists(1000, 60)],
    ['$..*..*', lists(500, 50)],
    ['$..a..b', objects(2000, 55)],
    ['$..a..a', objects(900, 55)],
    ['$..*..[0]', lists(500, 50)],
    ['$.*.*..*', lists(1500, 60)],
    ['$..[0,1]..[0]', lists(1000, 60)],
    ['$..[0:]..*', lists(500, 60)],
  ])('that would visit too much is refused, and nothing is stored: %s', async (path, body) => {
    const { id, reply } = await call(path, body);
    expect(reply.status).toBe(422);
    expect(reply.body.error).toMatchObject({ code: 'path_too_costly', details: { path } });
    expect(reply.body.error.message).toContain(path);
    expect((await hookline.api('GET', `/api/executions?workflowId=${id}`)).body.data).toEqual([]);
  });

  it.each([
    ['$..b', objects(1000, 50), 1000],
    ['$.*.a', many(50_000, '{"a":1}'), 50_000],
    ['$[*].a', many(50_000, '{"a":1}'), 50_000],
    ['$[*][*]', many(20_000, '[1,2]'), 40_000],
  ])('that reads each value a few times is answered: %s', async (path, body, count) => {
    const { reply } = await call(path, body);
    expect(reply.status).toBe(200);
    expect(reply.body).toHaveLength(count);
  });

  it('shares what may be visited with the other variables', async () => {
    const variables = Array.from({ length: 40 }, (_, index) => ({ path: '$[*].a', name: `v${index}` }));
    const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: { type: 'webhook', config: { body: variables } } });
    const { status, body } = await healthMeanwhile(hookline.post(hookUrl, many(50_000, '{"a":1}')));
    expect([status, body.error.code]).toEqual([422, 'path_too_costly']);
  });

  it('shares it with plain paths through lists', async () => {
    const variables = Array.from({ length: 40 }, (_, index) => ({ path: 'list.a', name: `v${index}` }));
    const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: { type: 'webhook', config: { body: variables } } });
    const { status, body } = await healthMeanwhile(hookline.post(hookUrl, `{"list":${many(50_000, '{"a":1}')}}`));
    expect([status, body.error.code, body.error.details.path]).toEqual([422, 'path_too_costly', 'list.a']);
  });
});

describe('a node', () => {
  const range = <Item>(count: number, make: (index: number) => Item): Item[] => Array.from({ length: count }, (_, i) => make(i));
  const answer = (body: unknown) => ({ key: 'answer', type: 'response', config: { body } });
  const compare = (count: number, left: unknown, operator: string, right: unknown) => ({
    key: 'test',
    type: 'condition',
    config: { engine: 'basic', test: { any: range(count, () => ({ left, operator, right })) } },
    branches: { true: [], false: [] },
  });
  const calculate = (engine: string, expression: string) => ({ key: 'sum', type: 'calculation', config: { engine, expression } });
  const everything = { path: '$..*..*', name: 'found' };
  const body = (member: string) => `{{$context.body.${member}}}`;
  const long = `{"list":${many(90_000, '{"b":1}')}}`;
  const list = `{"list":${many(20_000, '{"b":1}')}}`;
  const oneText = (letters: number) => nested(60, (inner) => `{"a":${inner}}`, JSON.stringify('x'.repeat(letters)));

  it.each([
    ['one large text, found again and again, is written as text', [answer(`x ${body('found')}`)], oneText(900_000), [everything]],
    ['a list is read by many templates', [answer(Object.fromEntries(range(100, (i) => [i, body('list.b')])))], list],
    ['a list is written by many templates', [answer(range(100, () => `x${body('list')}`))], list],
    ['a text is written by many templates', [answer(range(100, () => `x${body('text')}`))], `{"text":"${'x'.repeat(900_000)}"}`],
    ['a text is written by one template', [answer(range(400, () => body('text')).join(''))], `{"text":"${'x'.repeat(90_000)}"}`],
    ['a list is read by the templates of a formula', [calculate('formula', range(100, () => body('list.b')).join('&'))], list],
    ['objects are compared', [compare(100, body('list'), 'includes', { b: 2 })], list],
    [
      'lists are compared',
      [compare(200, body('list'), 'equal', body('other'))],
      `{"list":${many(20_000, '1')},"other":${many(20_000, '1').replace(/1]$/, '2]')}}`,
    ],
    ['a list is searched', [compare(200, 'x', 'in', body('list'))], list],
    ['a text is parsed as a list', [compare(100, 'x', 'in', body('text'))], `{"text":${JSON.stringify(many(100_000, '1'))}}`],
    ['a text is matched', [compare(200, body('text'), 'matches', '(a+)+[bc]')], `{"text":"${'a'.repeat(100_000)}"}`],
    ['a text is read as a number', [compare(200, body('text'), 'equal', 5)], `{"text":"${'1'.repeat(900_000)}"}`],
    [
      'cases are compared',
      [
        {
          key: 'cases',
          type: 'multi-conditions',
          config: {
            cases: range(20, (i) => ({
              key: `c${i}`,
              label: 'x',
              test: { any: range(2, () => ({ left: body('list'), operator: 'includes', right: { b: 2 } })) },
            })),
            otherwise: 'continue',
          },
          branches: { ...Object.fromEntries(range(20, (i) => [`c${i}`, []])), otherwise: [] },
        },
      ],
      list,
    ],
    [
      'a list is mapped by many variables',
      [
        {
          key: 'map',
          type: 'json-mapping',
          config: { source: body('list'), variables: range(100, (i) => ({ path: 'b', name: `n${i}` })) },
        },
      ],
      list,
    ],
  ] as [string, object[], string, object[]?][])('fails when %s', async (_, nodes, sent, variables = []) => {
    const trigger = { type: 'webhook', config: { body: variables } };
    const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger, nodes });
    const reply = await healthMeanwhile(hookline.post(hookUrl, sent));
    expect(reply.status).toBe(500);
    const { body: execution } = await hookline.api('GET', `/api/executions/${reply.headers.get('x-hookline-execution-id')}`);
    expect(execution.error).toMatchObject({ code: 'path_too_costly' });
  });

  it('that reads a large request a few times works', async () => {
    const nodes = [
      compare(3, body('list'), 'includes', { b: 1 }),
      answer({ all: body('list.b'), again: body('list'), text: `x${body('list')}` }),
    ];
    const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: { type: 'webhook', config: {} }, nodes });
    const reply = await healthMeanwhile(hookline.post(hookUrl, long));
    expect([reply.status, reply.body.all.length, reply.body.text.length]).toEqual([200, 90_000, 1 + 90_000 * 8 + 1]);
  });

  it('lets others be served before the next one', async () => {
    const nodes = range(200, (i) => ({
      ...compare(1, body('list'), 'includes', { b: 2 }),
      key: `n${i}`,
    }));
    const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: { type: 'webhook', config: {} }, nodes });
    let served = 0;
    const work = hookline.post(hookUrl, long);
    const isOver = work.then(() => true);
    while (!(await Promise.race([isOver, fetch(`${hookline.url}/healthz`).then(() => false)]))) served++;
    expect([200, 504]).toContain((await work).status);
    expect(served).toBeGreaterThan(3);
  }, 60_000);
});

describe('a trigger', () => {
  it('counts the copying of what its paths name', async () => {
    const variables = Array.from({ length: 200 }, (_, index) => ({ path: `list.k${index}` }));
    const { hookUrl } = await hookline.workflow({ mode: 'sync', trigger: { type: 'webhook', config: { body: variables } } });
    const { status, body } = await healthMeanwhile(hookline.post(hookUrl, `{"list":${many(100_000, '{}')}}`));
    expect([status, body.error.code]).toEqual([422, 'path_too_costly']);
  });
});

describe('a check of a draft', () => {
  const draft = (nodes: unknown, more: object = {}) => ({
    mode: 'async',
    trigger: { type: 'webhook', config: {} },
    nodes,
    ...more,
  });
  const node = (index: number, text = '') => ({ key: `n${index}`, type: 'variable', config: { value: text } });
  const chain = (count: number, references: number) =>
    Array.from({ length: count }, (_, index) =>
      node(index, Array.from({ length: references }, () => `{{$nodes.n${Math.max(0, index - 1)}.x}}`).join(' ')),
    );
  const check = (body: unknown) => hookline.api('POST', '/api/workflows/check', body);

  it.each([
    ['chained nodes', () => chain(1900, 1)],
    ['nodes with many references', () => chain(1000, 100)],
    ['references to nodes that are not there', () => chain(1000, 1).map(({ key }, index) => node(index, `{{$nodes.${key}x.y}}`))],
    ['nodes of one key', () => chain(1900, 5).map((one) => ({ ...one, key: 'same', config: { value: '{{$nodes.same.x}}' } }))],
    ['nodes that assign', () => chain(1900, 0).map(({ key }) => ({ key, type: 'variable', config: { assign: 'n0', value: 1 } }))],
  ])(
    'of %s lets others be served',
    async (_, nodes) => {
      let served = 0;
      const work = check(draft(nodes()));
      const isOver = work.then(() => true);
      // Each is sent when the one before was answered.
      while (!(await Promise.race([isOver, fetch(`${hookline.url}/healthz`).then(() => false)]))) served++;
      expect((await work).status).toBe(200);
      expect(served).toBeGreaterThan(3);
    },
    60_000,
  );

  it('with too many nodes says that alone, however wrong the rest is', async () => {
    const nodes = Array.from({ length: 3000 }, (_, index) => ({ key: '!', type: `no-type-${index}`, config: 5, more: 1 }));
    const { body } = await check(draft(nodes));
    expect(body.problems).toMatchObject([{ path: 'nodes', code: 'too_many_nodes', severity: 'error' }]);
    const inside = { key: 'if', type: 'condition', config: {}, branches: { true: nodes } };
    expect((await check(draft([inside]))).body.problems).toMatchObject([{ code: 'too_many_nodes' }]);
    const whole = { hookline: 1, title: 'Many', ...draft(nodes) };
    for (const [method, path, sent] of [
      ['POST', '/api/workflows/import', whole],
      ['POST', '/api/workflows', { title: 'Many', ...draft(nodes) }],
    ] as const) {
      const reply = await hookline.api(method, path, sent);
      expect(reply.status).toBe(422);
      expect(reply.body.error.details.problems).toMatchObject([{ code: 'too_many_nodes' }]);
    }
    const { id } = await hookline.workflow({ mode: 'async', trigger: { type: 'webhook', config: {} } });
    const patched = await hookline.api('PATCH', `/api/workflows/${id}`, { nodes });
    expect([patched.status, patched.body.error.details.problems.length]).toEqual([422, 1]);
  });

  it('waits for the one before of the same actor, and a newer one of the same workflow takes its place', async () => {
    const ids = await Promise.all(
      [1, 2].map(async () => (await hookline.workflow({ mode: 'async', trigger: { type: 'webhook', config: {} } })).id),
    );
    const ended: string[] = [];
    const send = async (name: string, workflowId: string | undefined, nodes: unknown) => {
      const { status, body } = await check(draft(nodes, { workflowId }));
      ended.push(name);
      return body.error?.code ?? status;
    };
    const outcomes = await Promise.all([
      send('first', undefined, chain(1900, 40)),
      // They are small, and arrive while the first is judged.
      ...[1, 2, 3, 4].map((index) => send(`a${index}`, ids[0], [node(index)])),
      send('b', ids[1], [node(1)]),
    ]);
    expect(outcomes.filter((outcome) => outcome === 'superseded').length).toBeLessThanOrEqual(3);
    expect(outcomes.every((outcome) => outcome === 200 || outcome === 'superseded')).toBe(true);
    expect([outcomes[0], outcomes.at(-1)]).toEqual([200, 200]);
    expect(ended).toHaveLength(6);
  });

  it('by a reader is 1 MB at most', async () => {
    const { status, body: made } = await hookline.api('POST', '/api/tokens', {
      name: 'reader',
      permissions: ['workflows:read'],
      expiresAt: null,
    });
    expect(status).toBe(201);
    const text = JSON.stringify(draft([node(1, 'x'.repeat(1024 * 1024))]));
    const send = (token: string) =>
      fetch(`${hookline.url}/api/workflows/check`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
        body: text,
      });
    const refused = await send(made.secret);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toMatchObject({ error: { code: 'payload_too_large', details: { maxBytes: 1024 * 1024 } } });
    const writer = await hookline.api('POST', '/api/tokens', {
      name: 'writer',
      permissions: ['workflows:read', 'workflows:write'],
      expiresAt: null,
    });
    expect((await send(writer.body.secret)).status).toBe(200);
  });
});
