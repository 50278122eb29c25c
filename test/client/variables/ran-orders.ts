// A workflow that has really run twice, on a real server: for what is tried out with the data of the last run.

import { afterAll, beforeAll } from 'vitest';
import type { LearnedView } from '../../../client/src/api/drafts.ts';
import { request } from '../../../client/src/api/request.ts';
import type { VariableSource } from '../../../client/src/variables/variable-source.tsx';
import { documentSchema } from '../../../src/engine/model.ts';
import { type DesignerServer, startDesignerServer } from '../editor/server.ts';
import { createQueries } from '../render.tsx';
import { types } from './source.ts';

export const document = documentSchema.parse({
  trigger: { type: 'webhook', config: { body: [{ path: 'items' }, { path: 'customer', alias: 'Customer' }] } },
  nodes: [
    {
      key: 'sum',
      type: 'calculation',
      title: 'Total',
      config: { engine: 'jsonata', expression: '$sum($context.body.items.price)' },
    },
    {
      key: 'answer',
      type: 'response',
      config: {
        status: 201,
        headers: [{ name: 'X-Total', value: '{{$nodes.sum}}' }],
        body: { for: '{{$context.body.customer}}' },
      },
    },
  ],
});

/** Goes through the items, and works a price out in each round. */
export const loopDocument = documentSchema.parse({
  trigger: document.trigger,
  nodes: [
    {
      key: 'each',
      type: 'loop',
      config: { over: '{{$context.body.items}}' },
      branches: {
        body: [
          { key: 'double', type: 'calculation', config: { engine: 'jsonata', expression: '$scopes.each.item.price * 2' } },
          { key: 'text', type: 'variable', config: { value: '{{$scopes.each.index}}: {{$nodes.double}}' } },
        ],
      },
    },
  ],
});

export interface RanOrders {
  readonly workflowId: string;
  readonly loopId: string;
  /** What is known behind the last run. */
  source(change?: Partial<VariableSource>): Promise<VariableSource>;
  /** The same of the workflow with a loop. */
  loopSource(nodeKey: string): Promise<VariableSource>;
  addSecret(name: string, value: string): Promise<void>;
}

/** For the tests of one file. */
export function prepareOrders(): RanOrders {
  let server: DesignerServer;
  let id = '';
  let loopId = '';
  beforeAll(async () => {
    server = await startDesignerServer();
    const { body } = await server.api('POST', '/api/workflows', { title: 'Orders', mode: 'sync', enabled: true, ...document });
    id = body.id;
    const { body: loop } = await server.api('POST', '/api/workflows', {
      title: 'Items',
      mode: 'sync',
      enabled: true,
      ...loopDocument,
    });
    loopId = loop.id;
    for (const customer of ['Grace', 'Ada']) {
      for (const { hookUrl } of [body, loop]) await server.post(hookUrl, { customer, items: [{ price: 4.5 }, { price: 6.25 }] });
    }
  });
  afterAll(() => server.stop());

  return {
    get workflowId() {
      return id;
    },
    get loopId() {
      return loopId;
    },
    async source(change = {}) {
      const learned = await request<LearnedView>('GET', `/api/workflows/${id}/learned`);
      return { workflowId: id, mode: 'sync', document, nodeKey: 'answer', types, learned, ...change };
    },
    async loopSource(nodeKey) {
      const learned = await request<LearnedView>('GET', `/api/workflows/${loopId}/learned`);
      return { workflowId: loopId, mode: 'sync', document: loopDocument, nodeKey, types, learned };
    },
    async addSecret(name, value) {
      await server.api('POST', '/api/secrets', { name, value });
    },
  };
}

/** Somebody who may do this. */
export function queriesOf(permissions: readonly string[]) {
  const queries = createQueries();
  queries.setQueryData(['session'], { user: null, permissions, csrfToken: null, needsSetup: false, version: '' });
  return queries;
}
export const EDITOR = ['executions:read', 'executions:write'];
