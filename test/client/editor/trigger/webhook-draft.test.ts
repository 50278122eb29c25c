// The webhook trigger's configuration as the panel edits it.

import { expect, test } from 'vitest';
import {
  addPaths,
  credentialsOf,
  variablesOf,
  withCredentials,
  withVariables,
} from '../../../../client/src/editor/trigger/webhook-draft.ts';
import { webhookConfigSchema } from '../../../../src/plugins/webhook/schema.ts';

const config = {
  headers: [{ name: 'X-Request-Id', alias: 'Request', required: true }],
  query: [{ path: 'page', default: 1 }],
  body: [{ path: '$.items[*].sku', name: 'skus' }, { path: 'payment.id' }],
  maxBodyBytes: 1000,
};

test('what is read and written again is the same, and the server takes it', () => {
  let next: Record<string, unknown> = config;
  for (const part of ['headers', 'query', 'body'] as const) next = withVariables(next, part, variablesOf(next, part));
  expect(next).toEqual(config);
  expect(webhookConfigSchema.safeParse(next).success).toBe(true);
});

test('empty aliases and names and an unticked box are left out', () => {
  const next = withVariables({}, 'body', [{ path: 'a', alias: '', name: '', required: false, default: undefined }]);
  expect(next).toEqual({ body: [{ path: 'a' }] });
});

test('a default of false, null or zero is kept', () => {
  for (const value of [false, null, 0, '']) {
    expect(withVariables({}, 'query', [{ path: 'a', default: value }])).toEqual({ query: [{ path: 'a', default: value }] });
  }
});

test('a path is added once, a header once in any case', () => {
  expect(addPaths(config, 'body', ['payment.id', 'payment.status', 'payment.status']).body).toEqual([
    ...config.body,
    { path: 'payment.status' },
  ]);
  expect(addPaths(config, 'headers', ['x-request-id', 'user-agent']).headers).toEqual([
    ...config.headers,
    { name: 'user-agent' },
  ]);
});

test('lists that are no lists are empty', () => {
  expect(variablesOf({ body: 'x' }, 'body')).toEqual([]);
  expect(variablesOf({ body: [1, { path: 2 }] }, 'body')).toEqual([{ path: '' }]);
});

test('credentials that were not typed are left to the server', () => {
  expect(withCredentials(config, { isOn: true, username: '', password: '' })).toEqual({ ...config, auth: { type: 'basic' } });
  expect(withCredentials(config, { isOn: true, username: 'ann', password: '' }).auth).toEqual({ type: 'basic', username: 'ann' });
});

test('switching authentication off takes the credentials away', () => {
  const protectedConfig = withCredentials(config, { isOn: true, username: 'ann', password: 'secret' });
  expect(credentialsOf(protectedConfig)).toEqual({ isOn: true, username: 'ann', password: 'secret' });
  expect(withCredentials(protectedConfig, { isOn: false, username: 'ann', password: 'secret' })).toEqual(config);
  expect(credentialsOf(config)).toEqual({ isOn: false, username: '', password: '' });
});
