import { describe, expect, it } from 'vitest';
import { compilePath } from '../../src/engine/path.ts';
import { listPaths, parseBodySample, parseQuerySample } from '../../src/engine/sample.ts';

const names = (paths: readonly { path: string }[]): string[] => paths.map(({ path }) => path);

describe('listPaths', () => {
  it('lists containers before what is in them', () => {
    expect(listPaths({ a: 1, b: { c: 2 } })).toEqual([
      { path: 'a', value: 1 },
      { path: 'b', value: { c: 2 } },
      { path: 'b.c', value: 2 },
    ]);
    expect(names(listPaths([{ a: 1 }]))).toEqual(['[0]', '[0].a']);
    expect(listPaths('text')).toEqual([]);
  });

  it('prints paths that find their values', () => {
    const sample = { 'a.b': [{ ' x': null }], '': 1, $: 2 };
    for (const { path, value } of listPaths(sample)) expect(compilePath(path).get(sample)).toEqual(value);
  });

  it('leaves out what no path can name', () => {
    expect(names(listPaths({ constructor: { a: 1 }, b: 1, ['x'.repeat(1001)]: 1 }))).toEqual(['b']);
    let deep: unknown = 1;
    for (let i = 0; i < 80; i++) deep = { a: deep };
    expect(listPaths(deep)).toHaveLength(64);
  });

  it('refuses more than 5,000 paths', () => {
    expect(listPaths(Array(5000).fill(0))).toHaveLength(5000);
    expect(() => listPaths(Array(5001).fill(0))).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});

describe('parseQuerySample', () => {
  it.each([
    'https://example.com/hooks/abc?query[0][a]=1#top',
    '/hooks/abc?query[0][a]=1',
    'example.com/hooks/abc?query[0][a]=1',
    '?query[0][a]=1',
    ' query[0][a]=1 ',
  ])('reads %s', (sample) => {
    expect(names(parseQuerySample(sample))).toEqual(['query', 'query[0]', 'query[0].a']);
  });

  it('takes a question mark in a value for what it is', () => {
    expect(parseQuerySample('a=what?&b=2')).toEqual([
      { path: 'a', value: 'what?' },
      { path: 'b', value: '2' },
    ]);
    expect(parseQuerySample('?a=b?c')).toEqual([{ path: 'a', value: 'b?c' }]);
  });

  it('finds nothing in an address without a query', () => {
    for (const sample of ['https://example.com/a', '/a=b', '', '?']) expect(parseQuerySample(sample)).toEqual([]);
  });
});

describe('parseBodySample', () => {
  it('takes JSON text or a value', () => {
    expect(names(parseBodySample('{"a":1,"b":{"c":2}}'))).toEqual(['a', 'b', 'b.c']);
    expect(names(parseBodySample({ a: [1] }))).toEqual(['a', 'a[0]']);
  });

  it('says where JSON text broke', () => {
    expect(() => parseBodySample('{"a":1,}')).toThrow('line 1, column 8');
  });
});
