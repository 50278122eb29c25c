// Tests of the registry of node and trigger types.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineNode, definePlugin, defineTrigger } from '../../src/engine/plugin.ts';
import { createRegistry } from '../../src/engine/registry.ts';

const step = (type: string, config: z.ZodType = z.strictObject({})) =>
  defineNode({ type, title: type, description: `A ${type}.`, config, run: () => ({ type: 'done' }) });

const fork = defineNode({
  type: 'fork',
  title: 'fork',
  description: 'A fork.',
  config: z.strictObject({ size: z.int().default(2).meta({ title: 'Size' }), run: z.unknown().optional() }),
  flow: 'branching',
  branches: (config) => Array.from({ length: config.size }, (_, index) => String(index)),
  expressions: ['test'],
  modes: ['async'],
  run: () => ({ type: 'done' }),
});

const clock = defineTrigger({
  type: 'clock',
  title: 'Clock',
  description: 'Fires on time.',
  config: z.strictObject({ every: z.string(), pin: z.string().optional().meta({ writeOnly: true }) }),
  create: () => ({ listen: async () => () => {} }),
});

describe('a registry', () => {
  const both = { ...step('both'), branches: () => ['left', 'right'], canWait: true };
  const registry = createRegistry([
    definePlugin({ name: 'one', nodes: [step('a-step'), fork], triggers: [clock] }),
    definePlugin({ name: 'two', nodes: [both] }),
  ]);

  it('finds types by name, and nothing by any other', () => {
    expect(registry.node('fork')?.flow).toBe('branching');
    expect(registry.trigger('clock')).toBe(clock);
    for (const name of ['clock', '', '__proto__', 'constructor', 'toString']) expect(registry.node(name)).toBeUndefined();
    expect(registry.nodes().map(({ type }) => type)).toEqual(['a-step', 'fork', 'both']);
    expect(registry.triggers()).toEqual([clock]);
  });

  it('describes each type with the JSON Schema of its configuration', () => {
    const { nodes, triggers } = registry.describe();
    expect(
      nodes.map(({ type, plugin, flow, branches, modes, canWait }) => ({ type, plugin, flow, branches, modes, canWait })),
    ).toEqual([
      { type: 'a-step', plugin: 'one', flow: 'step', branches: [], modes: ['sync', 'async'], canWait: false },
      { type: 'fork', plugin: 'one', flow: 'branching', branches: null, modes: ['async'], canWait: false },
      { type: 'both', plugin: 'two', flow: 'step', branches: ['left', 'right'], modes: ['sync', 'async'], canWait: true },
    ]);
    expect(nodes[1]?.config).toMatchObject({
      type: 'object',
      additionalProperties: false,
      properties: { size: { type: 'integer', title: 'Size', default: 2 } },
    });
    expect(nodes[1]?.config).not.toHaveProperty('required');
    expect(triggers).toMatchObject([{ type: 'clock', plugin: 'one', config: { properties: { pin: { writeOnly: true } } } }]);
    expect(JSON.parse(JSON.stringify(registry.describe()))).toEqual(registry.describe());
  });

  it('describes what JSON Schema cannot say as anything', () => {
    const odd = createRegistry([
      { name: 'odd', nodes: [step('odd', z.strictObject({ at: z.date(), fold: z.string().transform((text) => text.length) }))] },
    ]);
    expect(odd.describe().nodes[0]?.config).toMatchObject({ properties: { at: {}, fold: { type: 'string' } } });
  });
});

describe('a registry refuses', () => {
  it('a type that two plugins bring, naming both', () => {
    const plugins = [
      { name: 'first', nodes: [step('mail')] },
      { name: 'second', nodes: [step('mail')] },
    ];
    expect(() => createRegistry(plugins)).toThrow(expect.objectContaining({ code: 'duplicate_plugin' }));
    expect(() => createRegistry(plugins)).toThrow(/"mail".*"first" and "second"/);
    expect(() => createRegistry([{ name: 'only', triggers: [clock, clock] }])).toThrow(/"clock".*"only" brings it twice/);
  });

  it('but not a node and a trigger of the same name', () => {
    expect(() => createRegistry([{ name: 'p', nodes: [step('clock')], triggers: [clock] }])).not.toThrow();
  });

  it('names that are not kebab-case', () => {
    for (const type of ['', 'Mail', 'send_mail', 'send mail', '-mail', '__proto__', 'a'.repeat(101)]) {
      expect(() => createRegistry([{ name: 'p', nodes: [step(type)] }])).toThrow(/kebab-case/);
    }
    expect(() => createRegistry([{ name: '', nodes: [] }])).toThrow(/no name/);
  });

  it('a configuration that is not a zod object', () => {
    for (const config of [z.string(), z.array(z.string()), {}, null, undefined, { safeParse: () => true }]) {
      const plugin = { name: 'p', nodes: [{ ...step('odd'), config: config as z.ZodType }] };
      expect(() => createRegistry([plugin])).toThrow(/zod 4 schema of an object/);
    }
  });
});
