import { describe, expect, it } from 'vitest';
import { findNode, renameKey } from '../../../client/src/canvas/edit.ts';
import { rewriteExpression, rewriteTemplates } from '../../../client/src/canvas/rewrite-references.ts';
import { documentOf, step, types } from './support.ts';

const names = new Map([['paid', 'is-paid']]);
const plain = new Map([['paid', 'done']]);

describe('templates', () => {
  it.each([
    ['{{$nodes.paid}}', '{{$nodes.done}}'],
    ['{{ $nodes["paid"].a }} and {{$nodes[\'paid\'][0]}}', '{{ $nodes.done.a }} and {{$nodes.done[0]}}'],
    ['{{$jobsMapByNodeKey.paid.id}} {{ctx.$scopes.paid.item}}', '{{$jobsMapByNodeKey.done.id}} {{ctx.$scopes.done.item}}'],
    ['{{$resume.paid}}', '{{$resume.done}}'],
    ['{{$nodes.paid-2}} {{$nodes.x.paid}} {{$context.paid}}', '{{$nodes.paid-2}} {{$nodes.x.paid}} {{$context.paid}}'],
    ['$nodes.paid and \\{{$nodes.paid}}', '$nodes.paid and \\{{$nodes.paid}}'],
    ['\\\\{{$nodes.paid}} {{$nodes.paid', '\\\\{{$nodes.done}} {{$nodes.paid'],
    ['{{$nodes.paid["a}}b"]}}', '{{$nodes.done["a}}b"]}}'],
  ])('%s becomes %s', (before, after) => {
    expect(rewriteTemplates(before, plain)).toBe(after);
  });
});

describe('expressions', () => {
  it.each([
    ['$nodes.paid.total + 1', 'jsonata', '$nodes.done.total + 1'],
    ['$nodes.paid-1', 'jsonata', '$nodes.done-1'],
    ['$nodes."paid".x & $nodes.`paid`', 'jsonata', '$nodes."done".x & $nodes.`done`'],
    [
      '"$nodes.paid" & $mynodes.paid & $nodes.paidUp /* $nodes.paid */',
      'jsonata',
      '"$nodes.paid" & $mynodes.paid & $nodes.paidUp /* $nodes.paid */',
    ],
    ['$lookup($nodes, "paid")', 'jsonata', '$lookup($nodes, "done")'],
    ['$scopes.paid.item', 'jsonata', '$scopes.done.item'],
    ['"$nodes".paid.items[?a]', 'jmespath', '"$nodes".done.items[?a]'],
    ['"$nodes"."paid"', 'jmespath', '"$nodes"."done"'],
    ["$['$nodes']['paid'].x", 'jsonpath', "$['$nodes']['done'].x"],
    ['$.$nodes.paid[*]', 'jsonpath', '$.$nodes.done[*]'],
    ['$.$nodes["paid"]', 'jsonpath', '$.$nodes["done"]'],
  ])('%s in %s becomes %s', (before, engine, after) => {
    expect(rewriteExpression(before, plain, engine)).toBe(after);
  });

  it('quotes a name with a minus where the language needs it', () => {
    expect(rewriteExpression('$nodes.paid.x', names, 'jsonata')).toBe('$nodes.`is-paid`.x');
    expect(rewriteExpression('"$nodes".paid', names, 'jmespath')).toBe('"$nodes"."is-paid"');
    expect(rewriteExpression('$.$nodes.paid', names, 'jsonpath')).toBe('$.$nodes.is-paid');
  });

  it('exchanges two names at once', () => {
    const swap = new Map([
      ['a', 'b'],
      ['b', 'a'],
    ]);
    expect(rewriteExpression('$nodes.a + $nodes.b', swap, 'jsonata')).toBe('$nodes.b + $nodes.a');
  });
});

describe('renaming a node', () => {
  const document = {
    ...documentOf(
      step('total'),
      { key: 'add', type: 'variable', config: { assign: 'total', value: '{{$nodes.total}}' } },
      { key: 'ask', type: 'condition', config: { engine: 'jsonata', test: '$nodes.total > 1' } },
      { key: 'sum', type: 'calculation', config: { engine: 'mathjs', expression: '{{$nodes.total}} + 1' } },
      { key: 'text', type: 'calculation', config: { engine: 'template', expression: '$nodes.total is {{$nodes.total}}' } },
      {
        key: 'code',
        type: 'javascript',
        config: { code: 'return "{{$nodes.total}}" + $nodes.total', arguments: [{ name: 'a', value: '{{$nodes.total}}' }] },
      },
      { key: 'keep', type: 'response', config: { status: 200, body: 'total' } },
    ),
    settings: { timeoutMs: 0, concurrency: { limit: 1, key: '{{$nodes.total}}' } },
  };

  it('reaches templates, expressions, variables that are assigned, and settings, but neither scripts nor plain text', () => {
    const next = renameKey(document, 'total', 'amount', types.nodes);
    const configOf = (key: string) => findNode(next, key)?.node.config;
    expect(configOf('add')).toEqual({ assign: 'amount', value: '{{$nodes.amount}}' });
    expect(configOf('ask')).toEqual({ engine: 'jsonata', test: '$nodes.amount > 1' });
    expect(configOf('sum')).toEqual({ engine: 'mathjs', expression: '{{$nodes.amount}} + 1' });
    expect(configOf('text')).toEqual({ engine: 'template', expression: '$nodes.total is {{$nodes.amount}}' });
    expect(configOf('code')).toEqual({
      code: 'return "{{$nodes.total}}" + $nodes.total',
      arguments: [{ name: 'a', value: '{{$nodes.amount}}' }],
    });
    expect(next.settings?.concurrency?.key).toBe('{{$nodes.amount}}');
    expect(findNode(next, 'keep')?.node).toBe(findNode(document, 'keep')?.node);
  });
});
