import { describe, expect, it } from 'vitest';
import { createReferenceReader, shortValue } from '../../../client/src/variables/reference.ts';
import { orderSource } from './source.ts';

const reader = createReferenceReader(orderSource('last'));

describe('createReferenceReader', () => {
  it.each([
    [' $context.body.payment.status ', 'Status', 'paid'],
    ['$context.headers.X-Request-Id', 'Request number', 'r-1'],
    ['$context.body.payment.id', 'payment.id', 7],
    ['ctx.$context.query.page', 'page', '2'],
    ['$context.body.items.sku', 'items.sku', ['A', 'B']],
    ['$context.body', 'body', orderSource('last').learned?.variables.context],
    ['$nodes.sum', 'Total', 2],
    ['$jobsMapByNodeKey.sum.deep', 'Total › deep', undefined],
    ['$secrets.TOKEN', 'TOKEN', undefined],
    ['$system.now', 'now', undefined],
    ['$execution.id', 'execution.id', '0190-1'],
    ['$request.body.x', 'request.body.x', undefined],
    ['$resume.callback', 'Wait for a callback', undefined],
  ])('calls %j %s', (text, label, value) => {
    const described = reader.describe(text);
    expect(described).toMatchObject({ label, problem: null });
    expect(described.value).toEqual(label === 'body' ? (value as { body: unknown }).body : value);
  });

  it.each([
    ['$nodes.nobody', 'unknown_node'],
    ['$nodes.last', 'node_not_run'],
    ['$scopes.each.item', 'scope_not_available'],
    ['$secrets.OTHER', 'unknown_secret'],
    ['$context.body.customer', 'not_parsed'],
    ['$context.nothing', 'not_parsed'],
    ['$contxt.body', 'syntax'],
    ['', 'syntax'],
    ['$context.body[', 'syntax'],
    ['$nodes.no', 'node_not_run'],
  ])('marks %j as %s', (text, problem) => {
    const open = text === '$nodes.no' ? createReferenceReader(orderSource('note')) : reader;
    expect(open.describe(text).problem).toBe(problem);
  });

  it('marks nothing but the grammar where no workflow is known', () => {
    const alone = createReferenceReader(null);
    expect(alone.describe('$nodes.nobody')).toMatchObject({ label: 'nobody', problem: null });
    expect(alone.describe('$nodes.').problem).toBe('syntax');
  });
});

describe('shortValue', () => {
  it('is one line, and says when there is more', () => {
    expect(shortValue('a\nb')).toBe('"a\\nb"');
    expect(shortValue({ a: [1] })).toBe('{"a":[1]}');
    expect(shortValue('x'.repeat(100), 10)).toHaveLength(10);
    expect(shortValue(undefined)).toBe('');
  });
});
