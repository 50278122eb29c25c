import { describe, expect, it } from 'vitest';
import { placeOfError } from '../../../client/src/variables/error-place.ts';
import { completeExpression, type ExpressionOffer } from '../../../client/src/variables/expression-completion.ts';
import { valueOfSource } from '../../../client/src/variables/source-value.ts';
import { buildVariableTree, entriesOfValue, type VariableEntry } from '../../../client/src/variables/variable-tree.ts';
import type { ExpressionEngine } from '../../../src/engine/plugin.ts';
import { orderSource } from './source.ts';

const nameOf = ({ label, group }: VariableEntry): string => label || (group ?? '');
const offer: ExpressionOffer = { tree: buildVariableTree(orderSource('last')), isSource: false, nameOf };
const ofBody: ExpressionOffer = {
  tree: entriesOfValue(valueOfSource('{{$context.body}}', orderSource('last'))),
  isSource: true,
  nameOf,
};

function texts(engine: ExpressionEngine, before: string, from: ExpressionOffer = offer, isExplicit = false): string[] {
  return completeExpression(engine, before, isExplicit, from)?.options.map(({ text }) => text) ?? [];
}

describe('completeExpression', () => {
  it.each([
    ['jsonata', '$sum($context.body.pay', '$context.body.payment.status'],
    ['jsonata', 'stat', '$context.body.payment.status'],
    ['jsonata', '$context.headers', '$context.headers.`x-request-id`'],
    ['jsonata', '$context.body.items.s', '$context.body.items.sku'],
    ['mathjs', '1 + {{sum', '{{$nodes.sum}}'],
    ['formula', '1 + Total', '{{$nodes.sum}}'],
    ['jmespath', '"$context".body.pay', '"$context".body.payment.status'],
    ['jmespath', 'sku', '"$context".body.items[*].sku'],
    ['jsonpath', "$['$context'].body.pay", "$['$context'].body.payment.status"],
    ['jsonpath', 'sku', "$['$context'].body.items[*].sku"],
  ] as const)('writes variables in %s: %s', (engine, before, text) => {
    expect(texts(engine, before)).toContain(text);
  });

  it('replaces what has been written of the variable, and nothing before it', () => {
    expect(completeExpression('jsonata', '$sum($context.bo', false, offer)?.from).toBe(5);
    expect(completeExpression('jmespath', 'a + "$context".bo', false, offer)?.from).toBe(4);
    expect(completeExpression('formula', '1 + {{sum', false, offer)?.from).toBe(4);
  });

  it('offers the inside of the source of a query', () => {
    expect(texts('jmespath', 'pay', ofBody)[0]).toBe('payment');
    expect(texts('jmespath', 'items[*].s', ofBody)).toContain('items[*].sku');
    expect(texts('jsonata', 'items.s', ofBody)).toContain('items.sku');
    expect(texts('jsonpath', '$.pay', ofBody)).toContain('$.payment.status');
  });

  it('offers functions with what they take and do', () => {
    expect(texts('jsonata', '$substringB')).toContain('$substringBefore');
    expect(texts('jsonata', 'substringB')).toContain('$substringBefore');
    expect(texts('formula', 'rou').slice(0, 3)).toEqual(['ROUND', 'ROUNDUP', 'ROUNDDOWN']);
    expect(texts('mathjs', 'equalT')[0]).toBe('equalText');
    expect(texts('jmespath', 'sort_')[0]).toBe('sort_by');
    const [round] = completeExpression('mathjs', 'round', false, offer)?.options ?? [];
    expect(round).toMatchObject({ info: { signature: 'round(x, digits?)' } });
  });

  it('offers nothing inside a text, and nothing unasked', () => {
    expect(texts('jsonata', '"su')).toEqual([]);
    expect(texts('formula', 'IF({{$nodes.sum}} > 1, "su')).toEqual([]);
    expect(texts('jsonata', '1 + ')).toEqual([]);
    expect(texts('jsonata', '1 + ', offer, true).length).toBeGreaterThan(20);
  });
});

describe('valueOfSource', () => {
  it('is what the source was in the last run, and nothing when that is not known', () => {
    const source = orderSource('last');
    expect(valueOfSource({ a: '{{$nodes.sum}}' }, source)).toEqual({ a: 2 });
    expect(valueOfSource('{{$secrets.TOKEN}}', source)).toBeUndefined();
    expect(valueOfSource('{{ wrong', source)).toBeUndefined();
    expect(valueOfSource('{{$nodes.sum}}', null)).toBeUndefined();
  });
});

describe('placeOfError', () => {
  it('finds the character that a message counts', () => {
    expect(placeOfError('Unexpected end (at character 3)', 'abcdef')).toEqual({ from: 2, to: 3 });
    expect(placeOfError('Undefined symbol x (char 99)', 'abc')).toEqual({ from: 2, to: 3 });
  });

  it('does not guess', () => {
    expect(placeOfError('It divides by zero', 'abc')).toBeUndefined();
    expect(placeOfError('(char 3)', '1 + {{$nodes.a}}')).toBeUndefined();
    expect(placeOfError('(char 3)', '')).toBeUndefined();
  });
});
