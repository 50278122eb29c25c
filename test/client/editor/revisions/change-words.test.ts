// The differences between two revisions, in words.

import { expect, test } from 'vitest';
import { changeWords, readablePath, valueText } from '../../../../client/src/editor/revisions/change-words.ts';
import { compareDocuments } from '../../../../src/engine/compare.ts';
import type { Document } from '../../../../src/engine/model.ts';

const before: Document = {
  trigger: { type: 'webhook', config: { auth: { $sealed: 'v1.a' }, maxBodyBytes: 10 } },
  nodes: [
    { key: 'first', type: 'variable', title: 'Remember', config: { value: 1 } },
    { key: 'gone', type: 'end', config: {} },
    { key: 'last', type: 'response', config: { status: 200, headers: [{ name: 'A', value: '1' }] } },
  ],
};
const after: Document = {
  trigger: { type: 'webhook', config: { auth: { $sealed: 'v1.b' }, maxBodyBytes: 20 } },
  nodes: [
    { key: 'last', type: 'response', config: { status: 201, headers: [{ name: 'A', value: '2' }], body: { a: 1 } } },
    { key: 'first', type: 'variable', title: 'Remember', config: { value: 1 } },
    { key: 'fresh', type: 'end', title: 'Stop', config: {} },
  ],
  settings: { timeoutMs: 5 },
};
const comparison = { from: 1, to: 2, changes: compareDocuments(before, after) };
const words = changeWords(comparison, before, after);

test('everything that happened to one node stands together, under its title', () => {
  expect(words.map(({ key, name, subject, kinds }) => ({ key, name, subject, kinds }))).toEqual([
    { key: '$trigger', name: '', subject: 'trigger', kinds: ['changed'] },
    { key: '$settings', name: '', subject: 'settings', kinds: ['changed'] },
    expect.objectContaining({ key: 'last', name: 'last' }),
    { key: 'fresh', name: 'Stop', subject: 'node', kinds: ['added'] },
    { key: 'gone', name: 'gone', subject: 'node', kinds: ['removed'] },
  ]);
});

test('a secret that changed is told without its values', () => {
  const secret = words[0]?.values.find(({ isSecret }) => isSecret);
  expect(secret).toEqual({ place: 'auth', isSecret: true });
  expect(JSON.stringify(words)).not.toContain('v1.');
});

test('values are told with what they were and what they are', () => {
  const { values } = words.find(({ key }) => key === 'last') ?? { values: [] };
  expect(values).toContainEqual({ place: 'status', before: '200', after: '201', isSecret: false });
  expect(values).toContainEqual({ place: 'headers › 1 › value', before: '1', after: '2', isSecret: false });
  expect(values).toContainEqual({ place: 'body', after: '{"a":1}', isSecret: false });
});

test('places are read without "config" and counted from 1', () => {
  expect(readablePath('config.test.all[0].right')).toBe('test › all › 1 › right');
  expect(readablePath('title')).toBe('title');
  expect(readablePath('config')).toBe('');
});

test('long values are cut', () => {
  expect(valueText('x'.repeat(500))).toHaveLength(161);
  expect(valueText(null)).toBe('null');
});
