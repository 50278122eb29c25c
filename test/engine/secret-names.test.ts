// Which secrets a text names, in every language.

import { describe, expect, it } from 'vitest';
import { findSecretUses, secretUse, soleSecret } from '../../src/engine/secret-names.ts';

describe('a text', () => {
  it.each([
    ['{{$secrets.A}} and {{ $secrets.B }}', ['A', 'B'], false],
    ['{{$secrets["A"]}}', ['A'], false],
    ['$secrets.A & $secrets.`B`', ['A', 'B'], false],
    ['"$secrets".A', ['A'], false],
    ["$['$secrets'].A", ['A'], false],
    ["$.$secrets['A']", ['A'], false],
    ['$lookup($secrets, name)', [], true],
    ['$secrets.A & $keys($secrets)', ['A'], true],
  ])('%s', (text, names, isOpen) => {
    const use = secretUse(text);
    expect([...(use?.names ?? [])]).toEqual(names);
    expect(use?.isOpen).toBe(isOpen);
  });

  it('that names none has no use of them', () => {
    expect(secretUse('{{$context.secrets.A}}')).toBeUndefined();
    expect([...(secretUse('$secretsOfMine.A')?.names ?? [])]).toEqual([]);
    expect(secretUse('$secretsOfMine.A')?.isOpen).toBe(false);
  });
});

it('uses are found at every depth', () => {
  const found = findSecretUses({ a: [{ b: 'x {{$secrets.A}}' }], c: 1, d: null });
  expect(found.map(({ segments, use }) => [segments, [...use.names]])).toEqual([[['a', 0, 'b'], ['A']]]);
});

it('a password is a template only as a whole', () => {
  expect(soleSecret(' {{ $secrets.A }} ')).toBe('A');
  expect(soleSecret('x{{$secrets.A}}')).toBeUndefined();
  expect(soleSecret('{{$context.a}}')).toBeUndefined();
});
