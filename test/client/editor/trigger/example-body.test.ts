// The body that a workflow is tried with.

import { expect, test } from 'vitest';
import type { CaptureView } from '../../../../client/src/api/trigger.ts';
import { exampleBody, pastedQuery, queryOf, requestFrom } from '../../../../client/src/editor/trigger/example-body.ts';

function sample(url: string, body: string): CaptureView {
  return {
    at: '2026-01-31T12:00:00.000Z',
    request: { method: 'POST', url, headers: {}, body, address: '' },
    outcome: null,
    paths: { headers: [], query: [], body: [] },
  };
}

test('the pinned sample comes first, indented', () => {
  expect(exampleBody(sample('/hooks/abc', '{"a":1}'), ['b'])).toBe('{\n  "a": 1\n}');
});

test('a sample that is not JSON is used as it is', () => {
  expect(exampleBody(sample('/hooks/abc', '{"a":'), [])).toBe('{"a":');
});

test('without a sample every variable has a place', () => {
  expect(JSON.parse(exampleBody(null, ['payment.status', 'payment.id', 'items[0].sku', 'items[0].price', 'note']))).toEqual({
    payment: { status: '', id: '' },
    items: [{ sku: '', price: '' }],
    note: '',
  });
});

test('a path through a list means its elements', () => {
  expect(JSON.parse(exampleBody(null, ['items[0].sku', 'items.price']))).toEqual({ items: [{ sku: '', price: '' }] });
});

test('a container that was chosen beside what is in it does not lose it', () => {
  expect(JSON.parse(exampleBody(null, ['payment.id', 'payment']))).toEqual({ payment: { id: '' } });
  expect(JSON.parse(exampleBody(null, ['payment', 'payment.id']))).toEqual({ payment: { id: '' } });
});

test('half-typed paths, JSONPaths and reserved names have no place', () => {
  expect(exampleBody(null, ['', 'a[', '$.items[*].sku', '__proto__.x'])).toBe('{}');
});

test('the query is what stands behind the question mark', () => {
  expect(queryOf(sample('/hooks/abc?a=1&b=2', ''))).toBe('a=1&b=2');
  expect(queryOf(sample('/hooks/abc', ''))).toBe('');
  expect(queryOf(null)).toBe('');
});

test('a pasted body becomes a request to keep, with the query of the one before', () => {
  const url = 'https://hooks.example.com/base/hooks/abc';
  expect(requestFrom(sample('/base/hooks/abc?a=1', '{}'), url, { body: '{"b":2}' })).toEqual({
    method: 'POST',
    url: '/base/hooks/abc?a=1',
    headers: { 'content-type': 'application/json' },
    body: '{"b":2}',
    address: '',
  });
  expect(requestFrom(null, url, { query: 'x=1' })).toMatchObject({ url: '/base/hooks/abc?x=1', headers: {}, body: '' });
});

test.each([
  ['https://shop.example.com/cb?a=1&b=2#top', 'a=1&b=2'],
  ['/cb?a=1', 'a=1'],
  ['?a=1', 'a=1'],
  ['a=1&b=2', 'a=1&b=2'],
  ['https://shop.example.com/cb', ''],
])('the query of what was pasted: %s', (text, query) => {
  expect(pastedQuery(text)).toBe(query);
});
