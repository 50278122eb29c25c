import { describe, expect, it } from 'vitest';
import { pickUsed, usedVariables, usesNothing } from '../../../client/src/variables/used-variables.ts';
import type { Node } from '../../../src/engine/model.ts';
import { orderLearned, types } from './source.ts';

const used = (node: Omit<Node, 'key'>) => usedVariables({ key: 'here', ...node }, types);
const input = (node: Omit<Node, 'key'>) => pickUsed(used(node), orderLearned.variables);

describe('the input of a test', () => {
  it('is what the templates name, and null where there is nothing yet', () => {
    const config = {
      value: '{{$context.body.payment.status}} {{$nodes.sum}} {{$nodes.other.x}} {{$secrets.TOKEN}} {{$system.now}}',
    };
    expect(input({ type: 'variable', config })).toEqual({
      context: { body: { payment: { status: 'paid' } } },
      nodes: { sum: 2, other: { x: null } },
    });
  });

  it('is all of what an expression names', () => {
    const config = { engine: 'jsonata', expression: '$context.body.items[0].sku & $nodes.`sum`' };
    expect(input({ type: 'calculation', config })).toEqual({
      context: { body: orderLearned.variables.context && expect.anything() },
      nodes: { sum: 2 },
    });
    const formula = { engine: 'formula', expression: '{{$scopes.each.index}} + 1' };
    expect(input({ type: 'calculation', config: formula })).toEqual({ scopes: { each: { index: 1 } } });
  });

  it('is everything for a query that names nothing and has no source', () => {
    const query = { engine: 'jmespath', expression: 'keys(@)' };
    expect(Object.keys(input({ type: 'json-query', config: query }))).toEqual(['context', 'request', 'nodes', 'scopes']);
    expect(input({ type: 'json-query', config: { ...query, source: '{{$context.query}}' } })).toEqual({
      context: { query: { page: '2' } },
    });
  });

  it('is not what the node inside it gives', () => {
    const inner: Node = { key: 'inner', type: 'variable', config: { value: '{{$scopes.here.item}}{{$nodes.sum}}' } };
    const after: Node = { key: 'after', type: 'variable', config: { value: '{{$nodes.inner}}' } };
    expect(input({ type: 'loop', config: { over: '{{$context.body.items}}' }, branches: { body: [inner, after] } })).toEqual({
      context: { body: { items: [{ sku: 'A' }, { sku: 'B' }] } },
      nodes: { sum: 2 },
    });
  });

  it('is nothing for a node that uses no variables', () => {
    expect(usesNothing(used({ type: 'variable', config: { value: 1 } }))).toBe(true);
    expect(usesNothing(used({ type: 'javascript', config: { code: 'return "{{$nodes.sum}}"' } }))).toBe(true);
  });
});
