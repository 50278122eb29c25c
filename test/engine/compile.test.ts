// Revisions made ready to run: types, branches, configurations with templates.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { compileWorkflow, isHttpTrigger } from '../../src/engine/compile.ts';
import type { Node } from '../../src/engine/model.ts';
import { type AnyNodeType, definePlugin, defineTrigger } from '../../src/engine/plugin.ts';
import { createRegistry } from '../../src/engine/registry.ts';
import { builtIns } from '../../src/plugins/index.ts';
import { compileNodes, makeRun, node, nodeOf, workflow } from './running.ts';

const scopeWith = (context: unknown) => makeRun({}, context).scope;

const typed = (config: z.ZodType): AnyNodeType => nodeOf('typed', () => ({ type: 'done' }), { config });
const compileOne = (config: object, type?: AnyNodeType) => compileNodes([node('n', 'typed', config)], type ? [type] : [])[0];

describe('a configuration', () => {
  it('is rendered and checked with its schema, defaults included', () => {
    const compiled = compileOne(
      { size: '{{$context.size}}' },
      typed(z.strictObject({ size: z.number(), unit: z.string().default('kg') })),
    );
    expect(compiled?.config(scopeWith({ size: 3 }))).toEqual({ size: 3, unit: 'kg' });
    expect(() => compiled?.config(scopeWith({ size: 'large' }))).toThrow(/^Node "n", config\.size: /);
    expect(() => compiled?.config(scopeWith({ size: 'large' }))).toThrow(expect.objectContaining({ code: 'invalid_config' }));
  });

  it('is checked once and not at each run when it takes whatever a template gives', () => {
    let checks = 0;
    const schema = z.strictObject({ value: z.unknown(), unit: z.string().default('kg') }).refine(() => {
      checks += 1;
      return true;
    });
    const compiled = compileOne({ value: '{{$context.size}}' }, typed(schema));
    expect(checks).toBe(1);
    expect(compiled?.config(scopeWith({ size: 3 }))).toEqual({ value: 3, unit: 'kg' });
    expect(compiled?.config(scopeWith({ size: [4] }))).toEqual({ value: [4], unit: 'kg' });
    expect(checks).toBe(1);
  });

  it('is checked at each run where any value has a check of its own', () => {
    const schema = z.strictObject({ value: z.unknown().refine((value) => typeof value === 'number', 'must be a number') });
    const compiled = compileOne({ value: '{{$context.size}}' }, typed(schema));
    expect(compiled?.config(scopeWith({ size: 3 }))).toEqual({ value: 3 });
    expect(() => compiled?.config(scopeWith({ size: 'large' }))).toThrow('must be a number');
  });

  it('hands expressions over as they are written', () => {
    const type = nodeOf('typed', () => ({ type: 'done' }), {
      config: z.strictObject({ rows: z.array(z.strictObject({ formula: z.string(), label: z.string() })) }),
      expressions: ['rows[*].formula'],
    });
    const compiled = compileOne({ rows: [{ formula: '{{$context.a}} + 1', label: '{{$context.a}}' }] }, type);
    expect(compiled?.config(scopeWith({ a: 'x' }))).toEqual({ rows: [{ formula: '{{$context.a}} + 1', label: 'x' }] });
  });

  it('that no longer fits its type is refused when the revision is loaded', () => {
    expect(() => compileOne({ old: 1 }, typed(z.strictObject({})))).toThrow(expect.objectContaining({ code: 'invalid_config' }));
  });
});

describe('a revision', () => {
  it('has the nodes of its branches compiled, too', () => {
    const [test] = compileNodes([
      node(
        'test',
        'condition',
        { test: { all: [{ left: 1, operator: 'equal', right: 1 }] } },
        { true: [node('a', 'end')], false: [] },
      ),
    ]);
    expect([...(test?.branches ?? [])].map(([name, nodes]) => [name, nodes.map(({ key }) => key)])).toEqual([
      ['true', ['a']],
      ['false', []],
    ]);
  });

  it('names the type that is not installed', () => {
    const registry = createRegistry([builtIns]);
    const compile = (trigger: string, nodes: Node[]) => () =>
      compileWorkflow(workflow, { revision: 1, executed: false }, { trigger: { type: trigger, config: {} }, nodes }, registry);
    expect(compile('webhook', [node('a', 'gone')])).toThrow('The node type "gone" is not installed');
    expect(compile('gone', [])).toThrow('The trigger type "gone" is not installed');
    expect(compile('gone', [])).toThrow(expect.objectContaining({ code: 'unknown_type' }));
  });

  it('has a trigger that is called over HTTP or one that listens', () => {
    const clock = defineTrigger<unknown>({
      type: 'clock',
      title: 'Clock',
      description: 'Ticks.',
      config: z.strictObject({}),
      create: () => ({ listen: async () => () => {} }),
    });
    const registry = createRegistry([builtIns, definePlugin({ name: 'test', triggers: [clock] })]);
    const kindOf = (type: string): boolean =>
      isHttpTrigger(
        compileWorkflow(workflow, { revision: 1, executed: false }, { trigger: { type, config: {} }, nodes: [] }, registry)
          .trigger,
      );
    expect([kindOf('webhook'), kindOf('clock')]).toEqual([true, false]);
  });
});
