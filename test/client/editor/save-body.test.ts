// What of a draft is sent to be saved.

import { expect, test } from 'vitest';
import { toSaveBody, withoutUntyped } from '../../../client/src/editor/save-body.ts';
import type { Node } from '../../../src/engine/model.ts';
import { createRegistry } from '../../../src/engine/registry.ts';
import { builtIns } from '../../../src/plugins/index.ts';

const types = createRegistry([builtIns]).describe();
const webhook = types.triggers.find(({ type }) => type === 'webhook')?.config;

test('credentials that were not typed stay out, so that the saved ones stay', () => {
  const trigger = { type: 'webhook', config: { auth: { type: 'basic', username: '', password: '' }, body: [{ path: 'a' }] } };
  expect(toSaveBody({ trigger, nodes: [] }, types).trigger.config).toEqual({ auth: { type: 'basic' }, body: [{ path: 'a' }] });
});

test('credentials that were typed are sent', () => {
  const auth = { type: 'basic', username: 'ann', password: 'secret' };
  expect(toSaveBody({ trigger: { type: 'webhook', config: { auth } }, nodes: [] }, types).trigger.config).toEqual({ auth });
});

test('empty texts that are not write-only stay', () => {
  const config = { body: [{ path: '', alias: '' }], response: { body: '' } };
  expect(withoutUntyped(config, webhook)).toEqual(config);
});

test('nodes inside branches are cleaned as well, and nothing is changed in place', () => {
  const request: Node = {
    key: 'call',
    type: 'http-request',
    config: { method: 'GET', url: 'https://example.com', auth: { type: 'basic', username: 'ann', password: '' } },
  };
  const document = {
    trigger: { type: 'webhook', config: {} },
    nodes: [{ key: 'paid', type: 'condition', config: {}, branches: { true: [request], false: [] } }],
  };
  const before = structuredClone(document);
  const saved = toSaveBody(document, types).nodes[0]?.branches?.true?.[0]?.config;
  expect(saved).toEqual({ method: 'GET', url: 'https://example.com', auth: { type: 'basic', username: 'ann' } });
  expect(document).toEqual(before);
});

test('a type that is not installed is sent as it is', () => {
  const trigger = { type: 'gone', config: { password: '' } };
  expect(toSaveBody({ trigger, nodes: [] }, types).trigger).toEqual(trigger);
});

test('settings that are gone from the draft are taken away', () => {
  const trigger = { type: 'webhook', config: {} };
  expect(toSaveBody({ trigger, nodes: [] }, types).settings).toBeNull();
  expect(toSaveBody({ trigger, nodes: [], settings: { timeoutMs: 5 } }, types).settings).toEqual({ timeoutMs: 5 });
});
