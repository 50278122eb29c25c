// A workflow with a trigger, a branch and a loop, and what its last run has shown: for tests of everything about variables.

import type { LearnedView } from '../../../client/src/api/drafts.ts';
import type { PluginList } from '../../../client/src/api/workflows.ts';
import type { VariableSource } from '../../../client/src/variables/variable-source.tsx';
import { documentSchema } from '../../../src/engine/model.ts';
import { createRegistry } from '../../../src/engine/registry.ts';
import { builtIns } from '../../../src/plugins/index.ts';

export const types: PluginList = createRegistry([builtIns]).describe();

export const orderDocument = documentSchema.parse({
  trigger: {
    type: 'webhook',
    config: {
      headers: [{ name: 'X-Request-Id', alias: 'Request number' }],
      body: [
        { path: 'payment.status', alias: 'Status' },
        { path: 'payment' },
        { path: 'items' },
        { path: '$..sku', name: 'skus' },
      ],
    },
  },
  nodes: [
    { key: 'sum', type: 'calculation', title: 'Total', config: { engine: 'mathjs', expression: '1+1' } },
    {
      key: 'paid',
      type: 'condition',
      config: { engine: 'basic', test: { all: [] } },
      branches: {
        true: [
          {
            key: 'each',
            type: 'loop',
            title: 'Every item',
            config: { over: '{{$context.body.items}}' },
            branches: {
              body: [
                { key: 'line', type: 'variable', config: { value: '{{$scopes.each.item.sku}}' } },
                { key: 'note', type: 'variable', config: { value: '' } },
              ],
            },
          },
        ],
        false: [{ key: 'no', type: 'response', config: { status: 422 } }],
      },
    },
    { key: 'callback', type: 'wait', config: {} },
    { key: 'last', type: 'variable', config: { value: '' } },
  ],
});

const body = { payment: { status: 'paid', id: 7 }, items: [{ sku: 'A' }, { sku: 'B' }], skus: ['A', 'B'] };

export const orderLearned: LearnedView = {
  execution: { id: '0190-1', createdAt: '2026-07-01T12:00:00.000Z' },
  executions: 3,
  context: [
    { path: 'headers', types: ['object'] },
    { path: 'headers.x-request-id', types: ['string'], example: 'r-1', alias: 'Request number' },
    { path: 'query', types: ['object'] },
    { path: 'query.page', types: ['string'], example: '2' },
    { path: 'body', types: ['object'] },
    { path: 'body.payment', types: ['object'] },
    { path: 'body.payment.status', types: ['string'], example: 'paid', alias: 'Status' },
    { path: 'body.payment.id', types: ['number'], example: 7 },
    { path: 'body.items', types: ['array'] },
    { path: 'body.items[0].sku', types: ['string'], example: 'A' },
    { path: 'body.items[1].sku', types: ['string', 'null'], example: 'B' },
    { path: 'body.skus', types: ['array'] },
    { path: 'body.skus[0]', types: ['string'], example: 'A' },
  ],
  request: [{ path: 'headers["x-a.b"]', types: ['string'], example: 'dotted' }],
  nodes: { sum: [{ path: '', types: ['number'], example: 2 }] },
  scopes: {
    each: [
      { path: 'item', types: ['object'] },
      { path: 'item.sku', types: ['string'], example: 'B' },
    ],
  },
  secrets: ['TOKEN'],
  variables: {
    context: { headers: { 'x-request-id': 'r-1' }, query: { page: '2' }, body },
    nodes: { sum: 2 },
    scopes: { each: { item: { sku: 'B' }, index: 1, length: 2 } },
  },
};

/** @param nodeKey whose form is open */
export function orderSource(nodeKey: string | null, change: Partial<VariableSource> = {}): VariableSource {
  return { workflowId: 'w1', mode: 'async', document: orderDocument, nodeKey, types, learned: orderLearned, ...change };
}
