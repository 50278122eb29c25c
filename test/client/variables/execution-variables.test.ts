import { afterAll, beforeAll, expect, it } from 'vitest';
import { variablesOfExecution } from '../../../client/src/variables/execution-variables.ts';
import { documentSchema } from '../../../src/engine/model.ts';
import { startHookline, type TestHookline } from '../../start-hookline.ts';

let server: TestHookline;
beforeAll(async () => {
  server = await startHookline();
});
afterAll(() => server.stop());

const NODE = { key: 'all', type: 'variable', config: { value: { context: '{{$context}}', request: '{{$request}}' } } };

it.each([
  ['parts that are there whole', {}],
  [
    'headers, paths, names, JSONPaths and defaults',
    {
      headers: [{ name: 'X-Id' }, { name: 'X-Missing' }],
      query: [{ path: 'a.b' }, { path: 'none', default: 'd' }],
      body: [{ path: 'items.sku' }, { path: '$..sku', name: 'skus' }, { path: 'items[0].sku', name: 'first' }],
    },
  ],
])('are for a stored execution what its nodes have seen: %s', async (_, config) => {
  const trigger = { type: 'webhook', config };
  const { id, hookUrl } = await server.workflow({ title: 'All', mode: 'sync', trigger, nodes: [NODE] });
  const reply = await server.post(`${hookUrl}?a[b]=1&c=2`, { items: [{ sku: 'A' }, { sku: 'B' }] }, { 'x-id': 'i' });
  expect(reply.status).toBe(200);
  const { body: list } = await server.api('GET', `/api/executions?workflowId=${id}`);
  const { body: execution } = await server.api('GET', `/api/executions/${list.data[0].id}`);
  const document = documentSchema.parse({ trigger, nodes: [NODE] });
  const found = variablesOfExecution(execution, { document });
  const seen = execution.jobs[0].output;
  expect(found.context).toEqual(seen.context);
  expect(found.request).toEqual(seen.request);
  expect(found.nodes).toEqual({ all: seen });
});

it('take the results of the chosen round, and those in front of its loop', async () => {
  const body = [{ key: 'double', type: 'calculation', config: { engine: 'jsonata', expression: '$scopes.each.item * 2' } }];
  const nodes = [
    { key: 'before', type: 'variable', config: { value: 1 } },
    { key: 'each', type: 'loop', config: { over: '{{$context.body}}' }, branches: { body } },
  ];
  const trigger = { type: 'webhook', config: {} };
  const { id, hookUrl } = await server.workflow({ title: 'Rounds', mode: 'sync', trigger, nodes });
  expect((await server.post(hookUrl, [1, 2, 3])).status).toBe(200);
  const { body: list } = await server.api('GET', `/api/executions?workflowId=${id}`);
  const { body: execution } = await server.api('GET', `/api/executions/${list.data[0].id}`);
  const document = documentSchema.parse({ trigger, nodes });
  expect(variablesOfExecution(execution, { document }, 'each[1]/').nodes).toMatchObject({ before: 1, double: 4 });
  expect(variablesOfExecution(execution, { document }).nodes).toMatchObject({ before: 1, double: 6 });
});
