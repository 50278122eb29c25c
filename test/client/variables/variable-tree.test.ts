import { describe, expect, it } from 'vitest';
import { buildVariableTree, searchVariables, type VariableEntry } from '../../../client/src/variables/variable-tree.ts';
import { inspectTemplates } from '../../../src/engine/template.ts';
import { orderSource } from './source.ts';

function group(tree: readonly VariableEntry[], name: VariableEntry['group']): VariableEntry | undefined {
  for (const entry of tree) {
    if (entry.group === name) return entry;
    const inside = group(entry.children, name);
    if (inside) return inside;
  }
  return undefined;
}

function everything(tree: readonly VariableEntry[]): VariableEntry[] {
  return tree.flatMap((entry) => [entry, ...everything(entry.children)]);
}

const lines = (entry: VariableEntry | undefined): unknown[] =>
  (entry?.children ?? []).map(({ label, detail, template, types, value }) => [label, detail, template, types, value]);

describe('buildVariableTree', () => {
  it('shows what the trigger parses by its alias, with the path behind it and the value of the last run', () => {
    const tree = buildVariableTree(orderSource('last'));
    expect(lines(group(tree, 'headers'))).toEqual([
      ['Request number', 'X-Request-Id', '$context.headers.x-request-id', ['string'], 'r-1'],
    ]);
    const body = group(tree, 'body');
    expect(lines(body).slice(0, 2)).toEqual([
      ['Status', 'payment.status', '$context.body.payment.status', ['string'], 'paid'],
      ['payment', '', '$context.body.payment', ['object'], { status: 'paid', id: 7 }],
    ]);
    expect(body?.children[3]).toMatchObject({ template: '$context.body.skus', value: ['A', 'B'] });
  });

  it('shows what runs have had in a part where nothing is configured', () => {
    expect(lines(group(buildVariableTree(orderSource('last')), 'query'))).toEqual([
      ['page', '', '$context.query.page', ['string'], '2'],
    ]);
  });

  it('offers a name of every element of a list, before the elements themselves', () => {
    const items = group(buildVariableTree(orderSource('last')), 'body')?.children[2];
    expect(items?.children.map(({ label, template, value, list }) => [label, template, value, list])).toEqual([
      ['sku', '$context.body.items.sku', ['A', 'B'], '$context.body.items'],
      ['[0]', '$context.body.items[0]', { sku: 'A' }, null],
      ['[1]', '$context.body.items[1]', { sku: 'B' }, null],
    ]);
  });

  it('offers the results of the nodes that have run before, and of none else', () => {
    const keys = (open: string | null) =>
      lines(group(buildVariableTree(orderSource(open)), 'nodes')).map((line) => (line as unknown[])[2]);
    expect(keys('sum')).toEqual([]);
    expect(keys('note')).toEqual(['$nodes.sum', '$nodes.paid', '$nodes.line']);
    expect(keys('last')).toEqual(['$nodes.sum', '$nodes.paid', '$nodes.each', '$nodes.line', '$nodes.note', '$nodes.callback']);
    expect(keys(null)).toEqual([]);
    const [sum] = group(buildVariableTree(orderSource('last')), 'nodes')?.children ?? [];
    expect(sum).toMatchObject({ label: 'Total', detail: 'sum', group: 'node', types: ['number'], value: 2 });
  });

  it('offers the rounds of the loops around the node', () => {
    const [loop] = group(buildVariableTree(orderSource('line')), 'scopes')?.children ?? [];
    expect(loop).toMatchObject({ label: 'Every item', template: '$scopes.each' });
    expect(lines(loop).map((line) => (line as unknown[])[2])).toEqual([
      '$scopes.each.item',
      '$scopes.each.index',
      '$scopes.each.length',
    ]);
    expect(group(buildVariableTree(orderSource('last')), 'scopes')).toBeUndefined();
  });

  it('offers a loop before it has ever run', () => {
    const [loop] = group(buildVariableTree(orderSource('line', { learned: undefined })), 'scopes')?.children ?? [];
    expect(loop?.children.map(({ label }) => label)).toEqual(['item', 'index', 'length']);
  });

  it('offers secrets by name, resume URLs, the moment, the execution and the request', () => {
    const templates = everything(buildVariableTree(orderSource('last'))).map(({ template }) => template);
    expect(templates).toEqual(
      expect.arrayContaining([
        '$secrets.TOKEN',
        '$resume.callback',
        '$system.now',
        '$execution.id',
        '$execution.createdAt',
        '$request.rawBody',
        '$request.headers["x-a.b"]',
      ]),
    );
  });

  it('makes templates that the engine reads, and ids that are unique', () => {
    for (const open of [null, 'sum', 'line', 'no', 'last']) {
      const entries = everything(buildVariableTree(orderSource(open)));
      for (const { template } of entries) {
        if (template !== null) expect(inspectTemplates(`{{${template}}}`)).toMatchObject({ problems: [] });
      }
      expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    }
  });
});

describe('searchVariables', () => {
  it('finds by alias, path and heading, the beginning of a name first', () => {
    const tree = buildVariableTree(orderSource('last'));
    const find = (question: string) => searchVariables(tree, question, ({ label }) => label).map(({ entry }) => entry.template);
    expect(find('stat')[0]).toBe('$context.body.payment.status');
    expect(find('TOKEN')).toEqual(['$secrets.TOKEN']);
    expect(find('payment id')).toEqual(['$context.body.payment.id']);
    expect(find('nothing like it')).toEqual([]);
  });
});
