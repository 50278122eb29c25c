// Every node type in one workflow: run, resumed, replayed, interrupted by a restart, re-run and retried, on both stores.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { builtIns } from '../../src/plugins/index.ts';
import { jobAt, type Shown, STORES, startWorld, type World } from './world.ts';

const ORDER = {
  order: {
    lines: [
      { name: 'pen', price: 5 },
      { name: 'ink', price: 7 },
    ],
    on: '2026-01-31',
  },
};

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** What every mode can do. */
const preparation = [
  { key: 'total', type: 'variable', config: { value: 0 } },
  {
    key: 'mapped',
    type: 'json-mapping',
    config: { source: '{{$context.body}}', variables: [{ path: 'order.lines.price', name: 'prices' }] },
  },
  {
    key: 'names',
    type: 'json-query',
    config: { engine: 'jmespath', source: '{{$context.body}}', expression: 'order.lines[].name' },
  },
  {
    key: 'due',
    type: 'date-calculation',
    config: {
      input: '{{$context.body.order.on}}',
      steps: [
        { action: 'add', amount: 1, unit: 'months' },
        { action: 'format', format: 'yyyy-MM-dd' },
      ],
    },
  },
  {
    key: 'highest',
    type: 'javascript',
    config: {
      code: 'console.log("looks at", prices.length); return Math.max(...prices);',
      arguments: [{ name: 'prices', value: '{{$nodes.mapped.prices}}' }],
      timeoutMs: 60_000,
    },
  },
];

const loop = (url: string, ...more: object[]) => ({
  key: 'each',
  type: 'loop',
  config: { over: '{{$context.body.order.lines}}' },
  branches: {
    body: [
      {
        key: 'notify',
        type: 'http-request',
        config: { method: 'POST', url: `${url}/line`, body: { type: 'json', value: '{{$scopes.each.item}}' } },
      },
      ...more,
      {
        key: 'next',
        type: 'calculation',
        config: { engine: 'mathjs', expression: '{{$nodes.total}} + {{$scopes.each.item.price}}' },
      },
      { key: 'add', type: 'variable', config: { assign: 'total', value: '{{$nodes.next}}' } },
    ],
  },
});

const decision = (large: object[]) => ({
  key: 'large',
  type: 'condition',
  config: { test: { all: [{ left: '{{$nodes.total}}', operator: 'gt', right: 10 }] } },
  branches: {
    true: [
      {
        key: 'size',
        type: 'multi-conditions',
        config: {
          cases: [
            { key: 'huge', engine: 'jsonata', test: '$nodes.total > 1000' },
            { key: 'big', engine: 'mathjs', test: '{{$nodes.total}} > 10' },
          ],
        },
        branches: { huge: [], big: large },
      },
    ],
    false: [{ key: 'tooSmall', type: 'end', config: { status: 'failed' } }],
  },
});

const asyncNodes = (url: string, child: string): object[] => [
  ...preparation,
  loop(url, { key: 'breathe', type: 'delay', config: { duration: 20, unit: 'milliseconds' } }),
  {
    key: 'tell',
    type: 'http-request',
    config: { method: 'POST', url: `${url}/tell`, body: { type: 'json', value: { resume: '{{$resume.approval}}' } } },
  },
  {
    key: 'both',
    type: 'parallel',
    config: { branches: [{ key: 'left' }, { key: 'right' }] },
    branches: {
      left: [{ key: 'pause', type: 'delay', config: { duration: '50', unit: 'milliseconds' } }],
      right: [
        {
          key: 'approval',
          type: 'wait',
          config: { timeout: 1 },
          branches: {
            resumed: [{ key: 'approvedBy', type: 'variable', config: { value: '{{$nodes.approval.by}}' } }],
            timeout: [{ key: 'nobody', type: 'end', config: { status: 'failed' } }],
          },
        },
      ],
    },
  },
  { key: 'tax', type: 'subflow', config: { workflow: child, input: { amount: '{{$nodes.total}}' } } },
  decision([
    {
      key: 'result',
      type: 'output',
      config: {
        value: {
          total: '{{$nodes.total}}',
          tax: '{{$nodes.tax.tax}}',
          names: '{{$nodes.names}}',
          due: '{{$nodes.due}}',
          highest: '{{$nodes.highest}}',
          by: '{{$nodes.approvedBy}}',
        },
      },
    },
  ]),
  {
    key: 'ship',
    type: 'http-request',
    config: { method: 'POST', url: `${url}/ship`, body: { type: 'json', value: '{{$nodes.result}}' } },
  },
  {
    key: 'told',
    type: 'send-webhook',
    config: {
      to: { type: 'url', url: `${url}/told`, secret: SECRET },
      event: 'order.shipped',
      data: '{{$nodes.result}}',
      wait: true,
    },
    branches: { delivered: [], failed: [{ key: 'untold', type: 'end', config: { status: 'failed' } }] },
  },
  { key: 'done', type: 'end', config: {} },
];

const taxNodes = [
  { key: 'compute', type: 'calculation', config: { engine: 'mathjs', expression: '{{$context.amount}} * 0.25' } },
  { key: 'nap', type: 'delay', config: { duration: 10, unit: 'milliseconds' } },
  { key: 'answer', type: 'output', config: { value: { tax: '{{$nodes.compute}}' } } },
];

const OUTPUT = { total: 12, tax: 3, names: ['pen', 'ink'], due: '2026-02-28', highest: 7, by: 'ann' };

/** What a node has that has waited for the answer of one URL. */
const SENT = (count: number): unknown => ({
  messageId: expect.stringMatching(/^msg_[0-9a-f]{32}$/),
  delivered: true,
  deliveries: [expect.objectContaining({ status: 'succeeded', httpStatus: 200, attempts: 1, error: null })],
  status: 200,
  headers: expect.objectContaining({ 'content-type': 'application/json' }),
  body: { count },
  durationMs: expect.any(Number),
});

/** Path, type, output and branch of every job, sorted by path. */
const JOBS = (url: string, times: { line: [number, number]; tell: number; ship: number; told?: number }): unknown => {
  const answer = (count: number) => expect.objectContaining({ ok: true, status: 200, body: { count } });
  const until = { until: expect.any(String) };
  void url;
  return [
    ['approval', 'wait', { by: 'ann' }, 'resumed'],
    ['approvedBy', 'variable', 'ann', null],
    ['both', 'parallel', { branches: ['left', 'right'] }, null],
    ['done', 'end', null, null],
    ['due', 'date-calculation', '2026-02-28', null],
    ['each', 'loop', { rounds: 2, failures: 0 }, null],
    ['each[0]/add', 'variable', 5, null],
    ['each[0]/breathe', 'delay', until, null],
    ['each[0]/next', 'calculation', 5, null],
    ['each[0]/notify', 'http-request', answer(times.line[0]), null],
    ['each[1]/add', 'variable', 12, null],
    ['each[1]/breathe', 'delay', until, null],
    ['each[1]/next', 'calculation', 12, null],
    ['each[1]/notify', 'http-request', answer(times.line[1]), null],
    ['highest', 'javascript', 7, null],
    ['large', 'condition', true, 'true'],
    ['mapped', 'json-mapping', { prices: [5, 7] }, null],
    ['names', 'json-query', ['pen', 'ink'], null],
    ['pause', 'delay', until, null],
    ['result', 'output', OUTPUT, null],
    ['ship', 'http-request', answer(times.ship), null],
    ['size', 'multi-conditions', 'big', 'big'],
    ['tax', 'subflow', { tax: 3 }, null],
    ['tell', 'http-request', answer(times.tell), null],
    ['told', 'send-webhook', SENT(times.told ?? 1), 'delivered'],
    ['total', 'variable', 0, null],
  ];
};

function jobsOf(execution: Shown): unknown[] {
  return execution.jobs
    .map(({ path, type, output, branch }: Shown) => [path, type, output, branch])
    .sort(([a]: [string], [b]: [string]) => (a < b ? -1 : 1));
}

/** Types that stand in a list of nodes, at any depth. */
function typesIn(nodes: readonly Shown[]): Set<string> {
  return new Set(
    nodes.flatMap((node) => [node.type, ...Object.values(node.branches ?? {}).flatMap((list) => [...typesIn(list as Shown[])])]),
  );
}

describe.each(STORES)('every node type on %s', (store) => {
  let world: World;
  let workflow: { id: string; hookUrl: string };
  beforeAll(async () => {
    world = await startWorld(store);
    const child = await world.subflow(taxNodes);
    workflow = await world.workflow(asyncNodes(world.receiver.url, child));
  });
  afterAll(() => world.stop());
  beforeEach(() => world.receiver.forget());

  /** Waits for the approval, and gives it. */
  async function approve(id: string): Promise<void> {
    await world.whenWaiting(id, 'approval');
    const [call] = await world.receiver.called('/tell');
    expect(await world.call(call?.body.resume, { by: 'ann' })).toMatchObject({ status: 200, body: { resumed: true } });
  }

  it('runs them in one async workflow, and replays it', async () => {
    const { receiver } = world;
    const id = await world.fire(workflow.hookUrl, ORDER);
    await approve(id);
    const execution = await world.when(id, 'succeeded');
    expect(execution).toMatchObject({ output: OUTPUT, error: null, wakeAt: null, source: 'webhook' });
    expect(jobsOf(execution)).toEqual(JOBS(receiver.url, { line: [1, 2], tell: 1, ship: 1 }));
    for (const job of execution.jobs) {
      expect(job).toMatchObject({ status: 'succeeded', error: null, attempts: 1, handled: false, waitsUntil: null });
      expect(job.finishedAt >= job.startedAt).toBe(true);
    }
    expect(jobAt(execution, 'highest').log).toEqual(['looks at 2']);
    expect(receiver.keys('/line')).toEqual([`${id}/each[0]/notify`, `${id}/each[1]/notify`]);
    expect(receiver.keys('/ship')).toEqual([`${id}/ship`]);
    expect(receiver.calls('/ship')[0]?.body).toEqual(OUTPUT);
    expect(receiver.calls('/told').map(({ body }) => body)).toEqual([
      { type: 'order.shipped', timestamp: expect.stringMatching(/Z$/), data: OUTPUT },
    ]);

    receiver.forget();
    const replayed = await world.act(id, 'replay');
    expect(replayed.status).toBe(201);
    await approve(replayed.body.id);
    const again = await world.when(replayed.body.id, 'succeeded');
    expect(again).toMatchObject({ output: OUTPUT, source: 'replay', replayOf: id });
    expect(jobsOf(again)).toEqual(JOBS(receiver.url, { line: [1, 2], tell: 1, ship: 1 }));
    expect(receiver.keys('/line')).toEqual([`${again.id}/each[0]/notify`, `${again.id}/each[1]/notify`]);
  });

  it('goes on after a restart in the middle of a wait, without running anything twice', async () => {
    const { receiver } = world;
    const id = await world.fire(workflow.hookUrl, ORDER);
    await world.whenWaiting(id, 'approval');
    await world.restart();
    await approve(id);
    const execution = await world.when(id, 'succeeded');
    expect(execution.output).toEqual(OUTPUT);
    expect(jobsOf(execution)).toEqual(JOBS(receiver.url, { line: [1, 2], tell: 1, ship: 1 }));
    expect(receiver.calls('/line')).toHaveLength(2);
    expect(receiver.calls('/tell')).toHaveLength(1);
    expect(receiver.calls('/ship')).toHaveLength(1);
    expect(receiver.calls('/told')).toHaveLength(1);
  });

  it('runs again from a node in a loop round, with new idempotency keys', async () => {
    const { receiver } = world;
    const id = await world.fire(workflow.hookUrl, ORDER);
    await approve(id);
    const first = await world.when(id, 'succeeded');

    receiver.forget();
    const rerun = await world.act(id, 'rerun', { from: 'each[1]/notify' });
    expect(rerun.status).toBe(201);
    await approve(rerun.body.id);
    const execution = await world.when(rerun.body.id, 'succeeded');
    expect(execution).toMatchObject({ output: OUTPUT, replayOf: id });
    // The count that round 0 got is the old one: it was taken over.
    expect(jobsOf(execution)).toEqual(JOBS(receiver.url, { line: [1, 1], tell: 1, ship: 1 }));
    expect(receiver.keys('/line')).toEqual([`${execution.id}/each[1]/notify`]);
    for (const path of ['highest', 'each[0]/notify', 'each[0]/add']) {
      expect(jobAt(execution, path)).toEqual(jobAt(first, path));
    }
    expect(await world.act(id, 'rerun', { from: 'each[9]/notify' })).toMatchObject({ status: 400 });
  });

  it('is retried from the node that failed, with the same idempotency keys', async () => {
    const { receiver } = world;
    receiver.failures.set('/ship', 1);
    const id = await world.fire(workflow.hookUrl, ORDER);
    await approve(id);
    const failed = await world.when(id, 'error');
    expect(failed).toMatchObject({ error: { code: 'unexpected_status', details: { node: 'ship' } } });
    expect(jobAt(failed, 'ship')).toMatchObject({ status: 'error' });

    expect((await world.act(id, 'retry')).status).toBe(200);
    const execution = await world.when(id, 'succeeded');
    expect(execution).toMatchObject({ output: OUTPUT, error: null });
    expect(jobsOf(execution)).toEqual(JOBS(receiver.url, { line: [1, 2], tell: 1, ship: 2 }));
    expect(receiver.keys('/ship')).toEqual([`${id}/ship`, `${id}/ship`]);
    expect(receiver.calls('/line')).toHaveLength(2);
    expect(receiver.calls('/tell')).toHaveLength(1);
    expect(await world.act(id, 'retry')).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
  });

  it('is retried from a node in a loop round that failed', async () => {
    const { receiver } = world;
    const { hookUrl } = await world.workflow([
      { key: 'before', type: 'http-request', config: { url: `${receiver.url}/before` } },
      {
        key: 'each',
        type: 'loop',
        config: { over: 3 },
        branches: { body: [{ key: 'one', type: 'http-request', config: { url: `${receiver.url}/{{$scopes.each.item}}` } }] },
      },
    ]);
    receiver.failures.set('/1', 1);
    const id = await world.fire(hookUrl);
    expect(await world.when(id, 'error')).toMatchObject({ error: { details: { node: 'each[1]/one' } } });
    await world.act(id, 'retry');
    expect(jobAt(await world.when(id, 'succeeded'), 'each')).toMatchObject({ output: { rounds: 3, failures: 0 } });
    expect(['/before', '/0', '/1', '/2'].map((path) => receiver.calls(path).length)).toEqual([1, 1, 2, 1]);
    expect(receiver.keys('/1')).toEqual([`${id}/each[1]/one`, `${id}/each[1]/one`]);
  });

  it('runs every type that does not wait in one sync workflow, replays and re-runs it', async () => {
    const { receiver } = world;
    const child = await world.subflow([{ key: 'note', type: 'http-request', config: { url: `${receiver.url}/child` } }]);
    const nodes: object[] = [
      ...preparation,
      loop(receiver.url),
      {
        key: 'both',
        type: 'parallel',
        config: { branches: [{ key: 'left' }, { key: 'right' }] },
        branches: { left: [{ key: 'one', type: 'variable', config: { value: 1 } }], right: [] },
      },
      { key: 'called', type: 'subflow', config: { workflow: child, wait: false } },
      {
        key: 'sent',
        type: 'send-webhook',
        config: { to: { type: 'url', url: `${receiver.url}/sent` }, data: '{{$nodes.due}}' },
      },
      { key: 'result', type: 'output', config: { value: '{{$nodes.total}}' } },
      decision([
        {
          key: 'reply',
          type: 'response',
          config: { status: 201, body: { total: '{{$nodes.total}}', due: '{{$nodes.due}}', one: '{{$nodes.one}}' } },
        },
      ]),
    ];
    const { hookUrl } = await world.workflow(nodes, { mode: 'sync' });
    const reply = await world.hookline.post(hookUrl, ORDER);
    expect(reply).toMatchObject({ status: 201, body: { total: 12, due: '2026-02-28', one: 1 } });
    const id = reply.headers.get('x-hookline-execution-id') ?? '';
    expect(await world.read(id)).toMatchObject({ status: 'succeeded', output: 12 });
    await receiver.called('/child');
    expect((await receiver.called('/sent'))[0]?.body).toMatchObject({ type: 'message', data: '2026-02-28' });

    receiver.forget();
    const replayed = (await world.act(id, 'replay')).body;
    expect(replayed).toMatchObject({ status: 'succeeded', output: 12, response: { status: 201 } });
    expect(receiver.calls('/line')).toHaveLength(2);
    await receiver.called('/child');
    await receiver.called('/sent');

    receiver.forget();
    const rerun = (await world.act(id, 'rerun', { from: 'each[1]/next' })).body;
    expect(rerun).toMatchObject({ status: 'succeeded', output: 12, response: { status: 201, body: reply.text } });
    expect(receiver.calls('/line')).toHaveLength(0);
    await receiver.called('/child');

    // Over and out: together they are all types that there are.
    const asyncTypes = typesIn(asyncNodes(receiver.url, child));
    const syncTypes = typesIn(nodes);
    for (const { type, modes = ['sync', 'async'], canWait, waits } of builtIns.nodes ?? []) {
      if (modes.includes('async')) expect(asyncTypes).toContain(type);
      if (modes.includes('sync') && (!canWait || waits)) expect(syncTypes).toContain(type);
    }
  });
});
