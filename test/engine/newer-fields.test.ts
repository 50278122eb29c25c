// Settings that a running process of an older version does not know are refused where they stand, and nowhere else.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { migrations } from '../../migrations/index.ts';
import { ALLOWED_HOSTS_SINCE } from '../../src/engine/allowed-hosts.ts';
import { defineNode, definePlugin } from '../../src/engine/plugin.ts';
import { createRegistry } from '../../src/engine/registry.ts';
import { validateDocument } from '../../src/engine/validate.ts';
import { builtIns } from '../../src/plugins/index.ts';

const sinceMigration = '0013-sealing';
const deep = defineNode({
  type: 'deep',
  title: 'Deep',
  description: 'Has newer settings in lists and unions.',
  config: z.strictObject({
    rows: z
      .array(z.strictObject({ old: z.string().optional(), newer: z.number().optional().meta({ sinceMigration }) }))
      .default([]),
    way: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('a'), option: z.string().optional() }),
        z.strictObject({ type: z.literal('b'), option: z.string().optional().meta({ sinceMigration }) }),
      ])
      .optional(),
  }),
  run: () => ({ type: 'done' }),
});
const registry = createRegistry([builtIns, definePlugin({ name: 'test', nodes: [deep] })]);

async function placesOf(nodes: readonly object[], isKnown: boolean, trigger: object = {}): Promise<string[]> {
  const asked = new Set<string>();
  const { problems } = await validateDocument(
    { trigger: { type: 'webhook', config: trigger }, nodes },
    {
      mode: 'async',
      registry,
      isKnownToAll(migration) {
        asked.add(migration);
        return isKnown;
      },
    },
  );
  expect([...asked].every((name) => name === sinceMigration)).toBe(true);
  return problems.filter(({ code }) => code === 'older_version_running').map(({ path, severity }) => `${path} ${severity}`);
}

const hosts = ['api.example.com'];
const url = 'https://{{$context.body.host}}/';
const branch = (nodes: readonly object[]) => [
  {
    ...{ key: 'c', type: 'condition', config: { engine: 'jsonata', test: 'true' } },
    branches: { true: nodes },
  },
];

describe.each([
  ['an HTTP request', [{ key: 'r', type: 'http-request', config: { url, allowedHosts: hosts } }], 'nodes[0].config.allowedHosts'],
  [
    'a webhook to one URL',
    [{ key: 'r', type: 'send-webhook', config: { to: { type: 'url', url, allowedHosts: hosts } } }],
    'nodes[0].config.to.allowedHosts',
  ],
  [
    'an item of a list',
    [{ key: 'r', type: 'deep', config: { rows: [{ old: 'x' }, { newer: 1 }] } }],
    'nodes[0].config.rows[1].newer',
  ],
  [
    'one kind of a union',
    [{ key: 'r', type: 'deep', config: { way: { type: 'b', option: 'x' } } }],
    'nodes[0].config.way.option',
  ],
  [
    'a node in a branch',
    branch([{ key: 'r', type: 'http-request', config: { url, allowedHosts: hosts } }]),
    'nodes[0].branches.true[0].config.allowedHosts',
  ],
])('%s', (_, nodes, place) => {
  it('is refused while an older process is running', async () => {
    expect(await placesOf(nodes, false)).toEqual([`${place} error`]);
  });
  it('is taken once every process knows it', async () => {
    expect(await placesOf(nodes, true)).toEqual([]);
  });
});

it('is found in the trigger, also when the list is empty', async () => {
  expect(await placesOf([], false, { response: { allowedHosts: [] } })).toEqual(['trigger.config.response.allowedHosts error']);
  expect(await placesOf([], true, { response: { allowedHosts: [] } })).toEqual([]);
});

it('leaves alone what older processes know, and the same name elsewhere', async () => {
  const config = { url: 'https://api.example.com/', body: { type: 'json', value: { allowedHosts: hosts } } };
  expect(await placesOf([{ key: 'r', type: 'http-request', config }], false)).toEqual([]);
  expect(
    await placesOf([{ key: 'r', type: 'deep', config: { rows: [{ old: 'x' }], way: { type: 'a', option: 'x' } } }], false),
  ).toEqual([]);
});

it('names migrations that make room for a format', () => {
  const formats = migrations.filter(({ effect }) => effect === 'format').map(({ name }) => name);
  expect(formats).toContain(ALLOWED_HOSTS_SINCE);
  const marks = [...registry.nodes(), ...registry.triggers()].flatMap(({ type }) => {
    const schema = registry.node(type) ? registry.nodeSchema(type) : registry.triggerSchema(type);
    return [...JSON.stringify(schema).matchAll(/"sinceMigration":"([^"]*)"/g)].map(([, name]) => name);
  });
  expect(marks.length).toBeGreaterThan(3);
  for (const mark of marks) expect(formats).toContain(mark);
});
