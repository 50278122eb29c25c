// Tests of what is found wrong with a workflow document, and where.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { documentSchema, type Mode, type Problem, problemSchema } from '../../src/engine/model.ts';
import { defineNode, definePlugin, defineTrigger, type ExpressionEngine } from '../../src/engine/plugin.ts';
import { createRegistry } from '../../src/engine/registry.ts';
import { validateDocument } from '../../src/engine/validate.ts';
import { builtIns } from '../../src/plugins/index.ts';

const done = () => ({ type: 'done' }) as const;

const loop = defineNode({
  type: 'rounds',
  title: 'Loop',
  description: 'Runs its branch for each item.',
  config: z.strictObject({ items: z.array(z.unknown()).default([]), limit: z.int().min(1).optional() }),
  branches: () => ['each'],
  run: done,
});

const delay = defineNode({
  type: 'nap',
  title: 'Delay',
  description: 'Waits.',
  config: z.strictObject({}),
  canWait: true,
  run: () => ({ type: 'wait' }),
});

const strict = defineNode({
  type: 'strict',
  title: 'Strict',
  description: 'Has every kind of setting.',
  config: z.strictObject({
    status: z.int().min(200).max(599).default(200),
    mode: z.enum(['fast', 'slow']).optional(),
    target: z.union([z.int(), z.strictObject({ host: z.string(), port: z.int() })]).optional(),
    auth: z
      .discriminatedUnion('type', [
        z.strictObject({ type: z.literal('basic'), password: z.string().min(3).meta({ writeOnly: true }) }),
        z.strictObject({ type: z.literal('none') }),
      ])
      .optional(),
    list: z.array(z.int()).max(3).optional(),
    text: z.string().optional(),
  }),
  check: async ({ text, status }, { earlier, mode }) => {
    if (text === 'explode') throw new Error('the plugin is broken');
    if (text === 'earlier')
      return [{ path: 'text', code: 'seen', message: earlier.map(({ key, type }) => `${key}:${type}`).join(' ') }];
    return text === 'warn' ? [{ path: 'status', code: 'odd', message: `${status} in ${mode}`, severity: 'warning' }] : [];
  },
  run: done,
});

const tick = defineTrigger({
  type: 'tick',
  title: 'Tick',
  description: 'Fires by itself.',
  config: z.strictObject({
    every: z.int().default(1),
    note: z.string().optional(),
    pin: z.string().optional().meta({ writeOnly: true }),
  }),
  check: ({ every }) => (every > 5 ? [{ path: 'every', code: 'slow', message: 'too slow' }] : []),
  create: () => ({ listen: async () => () => {} }),
});

const registry = createRegistry([builtIns, definePlugin({ name: 'test', nodes: [loop, delay, strict], triggers: [tick] })]);

/** Refuses expressions that hold the word `wrong`, and notes what it was asked. */
function createEvaluator() {
  const asked: string[] = [];
  return {
    asked,
    check: async (engine: ExpressionEngine, text: string) => {
      asked.push(`${engine}: ${text}`);
      return text.includes('wrong') ? 'unexpected word' : undefined;
    },
  };
}

type AnyNode = Record<string, unknown>;
const node = (key: string, type: string, config: unknown = {}, branches?: Record<string, unknown>): AnyNode => ({
  key,
  type,
  config,
  ...(branches && { branches }),
});
/** So many texts, each another one. */
const texts = (size: number): string[] => Array.from({ length: size }, (_, index) => `k${index}`);
const respond = (key: string) => node(key, 'response');
const paid = { all: [{ left: '{{$context.body.status}}', operator: 'equal', right: 'paid' }] };

async function problemsOf(
  nodes: unknown,
  { mode = 'async', trigger = { type: 'webhook' } }: { mode?: Mode; trigger?: unknown } = {},
) {
  const { problems } = await validateDocument({ trigger, nodes }, { mode, registry, evaluator: createEvaluator() });
  return problems;
}
const print = (problems: readonly Problem[]) =>
  problems.map(({ path, code, severity }) => `${severity === 'warning' ? '(warning) ' : ''}${path} ${code}`);
const found = async (...input: Parameters<typeof problemsOf>) => print(await problemsOf(...input));

describe('the shape of a document', () => {
  it('is right for the smallest document and for one with everything', async () => {
    expect(await found([])).toEqual([]);
    expect(
      await found([node('a', 'condition', { test: paid }, { true: [respond('ok')], false: [respond('no')] })], { mode: 'sync' }),
    ).toEqual([]);
  });

  it('has every mistake told at once, each with its place', async () => {
    const nodes = [
      { key: '1x', type: 'strict', extra: 1 },
      { type: 'strict', config: [] },
      { key: 'c', type: 'condition', config: { test: paid }, branches: { true: [{ key: 'd', type: 7 }], false: 'x' } },
      'text',
    ];
    const paths = (await problemsOf(nodes, { trigger: {} })).map(({ path }) => path);
    for (const path of [
      'trigger.type',
      'nodes[0].key',
      'nodes[0].extra',
      'nodes[1].key',
      'nodes[1].config',
      'nodes[2].branches.true[0].type',
      'nodes[2].branches.false',
      'nodes[3]',
    ]) {
      expect(paths).toContain(path);
    }
  });

  it('refuses reserved names anywhere, and what is not JSON', async () => {
    const config: unknown = JSON.parse('{"text": "a", "__proto__": {"x": 1}}');
    expect(await found([node('a', 'variable', { value: config })])).toEqual(['nodes[0].config.value.__proto__ reserved_name']);
    expect(await found([node('a', 'variable', { value: { $sealed: 'v1.x' } })])).toEqual([
      'nodes[0].config.value.$sealed reserved_name',
    ]);
    expect(await found([node('a', 'variable', { value: () => 1 })])).toEqual(['nodes[0].config.value not_json']);
    expect(await found([node('a', 'variable', { value: new Date(0) })])).toEqual(['nodes[0].config.value not_json']);
    expect(await found([node('a', 'variable', { value: Number.NaN })])).toEqual(['nodes[0].config.value not_json']);
    const cycle: AnyNode = {};
    cycle.self = cycle;
    expect(await found([node('a', 'variable', { value: cycle })])).toEqual([expect.stringMatching(/too_deep$/)]);
  });

  it('limits nesting and the number of nodes', async () => {
    let deep = [node('deepest', 'rounds')];
    for (let level = 0; level < 60; level++) deep = [node(`n${level}`, 'rounds', {}, { each: deep })];
    expect((await problemsOf(deep)).map(({ code }) => code)).toContain('too_deep');
    expect(
      (await problemsOf(Array.from({ length: 3000 }, (_, index) => node(`n${index}`, 'rounds')))).map(({ code }) => code),
    ).toEqual(['too_many_nodes']);
  });

  it('tells at most 500 problems and counts the rest', async () => {
    const problems = await problemsOf(Array.from({ length: 1000 }, () => ({})));
    expect(problems).toHaveLength(501);
    expect(problems.at(-1)).toMatchObject({ code: 'too_many_problems', message: 'and 1500 more problems', severity: 'error' });
  });
});

describe('types, keys, branches and modes', () => {
  it('names the nearest known type', async () => {
    const [first, second] = await problemsOf([node('a', 'conditon'), node('b', 'zebra')]);
    expect(first).toMatchObject({
      path: 'nodes[0].type',
      code: 'unknown_type',
      message: expect.stringContaining('did you mean "condition"'),
    });
    expect(second?.message).toMatch(/installed are condition, /);
    expect(await found([], { trigger: { type: 'webhok' } })).toEqual(['trigger.type unknown_type']);
  });

  it('tells both places of a key that is there twice', async () => {
    const problems = await problemsOf([node('a', 'rounds', {}, { each: [node('b', 'rounds')] }), node('b', 'rounds')]);
    expect(problems).toMatchObject([
      { path: 'nodes[0].branches.each[0].key', code: 'duplicate_key', message: expect.stringContaining('nodes[1]') },
      { path: 'nodes[1].key', code: 'duplicate_key', message: expect.stringContaining('nodes[0].branches.each[0]') },
    ]);
  });

  it('knows which branches a node has, also by its configuration', async () => {
    expect(await found([node('a', 'strict', {}, { any: [] })])).toEqual(['nodes[0].branches.any unknown_branch']);
    const test = { test: paid, onFalse: 'fail' };
    expect(await found([node('a', 'condition', test, { true: [], false: [] })])).toEqual([
      'nodes[0].branches.false unknown_branch',
    ]);
    const cases = { cases: [{ key: 'big', test: paid }], otherwise: 'continue' };
    expect(await found([node('a', 'multi-conditions', cases, { big: [], otherwise: [] })])).toEqual([]);
    expect(await found([node('a', 'multi-conditions', cases, { small: [] })])).toEqual([
      'nodes[0].branches.small unknown_branch',
    ]);
  });

  it('knows which nodes are for which mode', async () => {
    expect(await found([respond('a')])).toEqual(['nodes[0].type wrong_mode']);
    expect(await found([node('a', 'nap')])).toEqual([]);
    expect(await found([node('a', 'nap'), respond('b')], { mode: 'sync' })).toEqual(['nodes[0].type waits_in_sync']);
  });
});

describe('configurations', () => {
  it('are checked by their schemas, each problem at its place', async () => {
    const config = { status: 99, mode: 'quick', list: [1, 'two', 3], extra: 1, target: { host: 'a', port: 'x' } };
    expect(await found([node('a', 'strict', config)])).toEqual([
      'nodes[0].config.status invalid_value',
      'nodes[0].config.mode invalid_value',
      'nodes[0].config.target.port invalid_value',
      'nodes[0].config.list[1] invalid_value',
      'nodes[0].config.extra unknown_key',
    ]);
  });

  it('say what is missing, and that it is a secret', async () => {
    const [port, password] = await problemsOf([
      node('a', 'strict', { target: { host: 'a' } }),
      node('b', 'strict', { auth: { type: 'basic' } }),
    ]);
    expect(port).toMatchObject({ path: 'nodes[0].config.target.port', code: 'missing_value' });
    expect(password).toMatchObject({ path: 'nodes[1].config.auth.password', code: 'missing_secret', severity: 'error' });
  });

  it('say what a union expects when no member was meant', async () => {
    const [problem] = await problemsOf([node('a', 'strict', { target: 'text' })]);
    expect(problem).toMatchObject({ path: 'nodes[0].config.target', message: 'must be a number or an object' });
    expect(await found([node('a', 'strict', { auth: { type: 'other' } })])).toEqual(['nodes[0].config.auth.type invalid_value']);
  });

  it('excuse templates, and only them', async () => {
    const here = '{{$context.body.x}}';
    expect(
      await found([node('a', 'strict', { status: here, mode: `x${here}`, list: [1, here], target: here, auth: here })]),
    ).toEqual([]);
    expect(await found([node('a', 'strict', { target: { host: here, port: here } })])).toEqual([]);
    expect(await found([node('a', 'strict', { auth: { type: here } })])).toEqual([]);
    expect(await found([node('a', 'strict', { target: { host: 5, port: here } })])).toEqual([
      'nodes[0].config.target.host invalid_value',
    ]);
    expect(await found([node('a', 'strict', { status: here, list: [here, here, here, here] })])).toEqual([
      'nodes[0].config.list invalid_value',
    ]);
    expect(await found([node('a', 'strict', { status: here, [here]: 1 })])).toEqual([expect.stringMatching(/unknown_key$/)]);
    expect(await found([node('a', 'strict', { status: '\\{{ literal' })])).toEqual(['nodes[0].config.status invalid_value']);
  });

  it('are not excused in a trigger, which is made before there are variables', async () => {
    expect(await found([], { trigger: { type: 'tick', config: { every: '{{$system.now}}' } } })).toEqual([
      'trigger.config.every invalid_value',
    ]);
  });

  it('are checked by their types, which know what ran earlier', async () => {
    const nodes = [
      node('a', 'rounds', {}, { each: [node('b', 'rounds')] }),
      node('c', 'rounds', {}, { each: [node('d', 'strict', { text: 'earlier' }), node('e', 'rounds')] }),
    ];
    expect((await problemsOf(nodes))[0]?.message).toBe('a:rounds b:rounds c:rounds');
    expect(await problemsOf([node('a', 'strict', { text: 'warn' })])).toEqual([
      { path: 'nodes[0].config.status', code: 'odd', message: '200 in async', severity: 'warning' },
    ]);
    expect(await found([], { trigger: { type: 'tick', config: { every: 6 } } })).toEqual(['trigger.config.every slow']);
    expect(await found([node('a', 'variable', { assign: 'later', value: 1 }), node('later', 'variable', { value: 1 })])).toEqual([
      'nodes[0].config.assign invalid_config',
    ]);
  });

  it('are not judged by a check on a value that a template will replace', async () => {
    expect(await found([node('a', 'strict', { text: 'warn', status: '{{$context.body.x}}' })])).toEqual([]);
  });

  it('are checked by their types also when something else in them is wrong', async () => {
    const config = { text: 'warn', extra: 1, mode: 'quick', auth: { type: 'basic' } };
    expect(await found([node('a', 'strict', config, { any: [] })])).toEqual([
      'nodes[0].config.mode invalid_value',
      'nodes[0].config.auth.password missing_secret',
      'nodes[0].config.extra unknown_key',
      'nodes[0].branches.any unknown_branch',
      '(warning) nodes[0].config.status odd',
    ]);
    const trigger = { type: 'tick', config: { every: 6, extra: 1 } };
    expect(await found([], { trigger })).toEqual(['trigger.config.extra unknown_key', 'trigger.config.every slow']);
  });

  it('tell of a check that breaks', async () => {
    expect(await problemsOf([node('a', 'strict', { text: 'explode' })])).toMatchObject([
      { path: 'nodes[0].config', code: 'check_failed', message: expect.stringContaining('the plugin is broken') },
    ]);
  });
});

describe('templates', () => {
  it('are checked for syntax, every one', async () => {
    expect(
      await found([node('a', 'variable', { value: { x: ['{{', '{{$nope}}', '{{$context.a..b}}', '{{$context.a}}'] } })]),
    ).toEqual([
      'nodes[0].config.value.x[0] invalid_template',
      'nodes[0].config.value.x[1] invalid_template',
      'nodes[0].config.value.x[2] invalid_template',
    ]);
  });

  const nodes = (text: string) => [
    node('first', 'variable', { value: 1 }),
    node(
      'fork',
      'condition',
      { test: paid },
      {
        true: [
          node('left', 'variable', { value: 1 }),
          node('here', 'variable', { value: text }),
          node('next', 'variable', { value: 1 }),
        ],
        false: [node('right', 'variable', { value: 1 })],
      },
    ),
    node('last', 'variable', { value: 1 }),
  ];

  it.each(['first', 'fork', 'left'])('may name the earlier node %s', async (key) => {
    expect(await found(nodes(`{{$nodes.${key}.a}} {{$jobsMapByNodeKey.${key}}}`))).toEqual([]);
  });

  it.each([
    ['next', 'node_not_run', /runs later/],
    ['last', 'node_not_run', /nodes\[2\] runs later/],
    ['here', 'node_not_run', /this node itself/],
    ['right', 'node_not_run', /another branch/],
    ['firts', 'unknown_node', /did you mean "first"/],
  ])('may not name %s', async (key, code, message) => {
    const problems = await problemsOf(nodes(`{{$nodes.${key}}}`));
    expect(problems).toMatchObject([
      { path: 'nodes[1].branches.true[1].config.value', code, message: expect.stringMatching(message) },
    ]);
  });

  it('may name a node inside a branch that has merged back', async () => {
    expect(
      await found([...nodes('x'), node('end', 'variable', { value: '{{$nodes.left}} {{$nodes.right}} {{$nodes}}' })]),
    ).toEqual([]);
  });

  it('may name a loop item only inside that loop', async () => {
    const inside = node('in', 'variable', { value: '{{$scopes.loop.item}}' });
    expect(await found([node('loop', 'rounds', {}, { each: [inside] })])).toEqual([]);
    expect(await found([node('loop', 'rounds'), inside])).toEqual(['nodes[1].config.value scope_not_available']);
    expect(await found([node('other', 'rounds', {}, { each: [inside] })])).toEqual([
      'nodes[0].branches.each[0].config.value unknown_node',
    ]);
  });

  it('of a trigger may not name nodes', async () => {
    const trigger = { type: 'webhook', config: { response: { body: { id: '{{$nodes.a}}', at: '{{$system.now}}' } } } };
    expect(await found([node('a', 'variable', { value: 1 })], { trigger })).toEqual([
      'trigger.config.response.body.id node_not_run',
    ]);
  });

  it('do not make a template of a secret of the trigger', async () => {
    expect(await found([], { trigger: { type: 'tick', config: { pin: 'a{{b' } } })).toEqual([]);
  });
});

describe('expressions', () => {
  it('have their syntax checked in the language that is named beside them', async () => {
    const evaluator = createEvaluator();
    const nodes = [
      node('a', 'condition', { engine: 'jsonata', test: 'wrong' }),
      node('b', 'multi-conditions', {
        cases: [
          { key: 'x', engine: 'mathjs', test: '1 + {{$nodes.a}}' },
          { key: 'y', test: paid },
        ],
      }),
      node('c', 'calculation', { engine: 'formula', expression: 'SUM(1)' }),
      node('d', 'json-query', { engine: 'jmespath', source: '{{$context}}', expression: 'a' }),
    ];
    const { problems } = await validateDocument({ trigger: { type: 'webhook' }, nodes }, { mode: 'async', registry, evaluator });
    expect(problems).toEqual([
      {
        path: 'nodes[0].config.test',
        code: 'invalid_expression',
        message: 'unexpected word',
        text: { key: 'expression.wrong', params: { detail: 'unexpected word' } },
        severity: 'error',
      },
    ]);
    expect(evaluator.asked).toEqual(['jsonata: wrong', 'mathjs: 1 + {{$nodes.a}}', 'formula: SUM(1)', 'jmespath: a']);
  });

  it('have their variables checked like templates where they are written so', async () => {
    expect(
      await found([
        node('a', 'condition', { engine: 'mathjs', test: '{{$nodes.b}} > 1' }),
        node('b', 'condition', { engine: 'jsonata', test: '{"a":{{"b":1}}}' }),
        node('c', 'calculation', { engine: 'template', expression: '{{$nodes.b' }),
      ]),
    ).toEqual(['nodes[0].config.test node_not_run', 'nodes[2].config.expression invalid_template']);
  });
});

describe('the way through the flow', () => {
  const sync = { mode: 'sync' } as const;
  const fork = (branches: Record<string, unknown>, key = 'fork') => node(key, 'condition', { test: paid }, branches);

  it('is told where it can end without a response', async () => {
    expect(await found([], sync)).toEqual(['(warning) nodes no_response']);
    expect(await found([fork({ true: [respond('a')] })], sync)).toEqual(['(warning) nodes[0].branches.false no_response']);
    expect(await found([fork({ true: [respond('a')], false: [node('b', 'end', { status: 'failed' })] })], sync)).toEqual([
      '(warning) nodes[0].branches.false[0] no_response',
    ]);
    expect(await found([fork({ true: [respond('a')] }), respond('b')], sync)).toEqual([]);
    expect(await found([node('l', 'rounds', {}, { each: [respond('a')] })], sync)).toEqual(['(warning) nodes no_response']);
    expect(await found([node('a', 'condition', { test: paid, onFalse: 'fail' }, { true: [respond('b')] })], sync)).toEqual([]);
  });

  it('is told where it never comes', async () => {
    expect(await found([respond('a'), respond('b'), respond('c')], sync)).toEqual(['(warning) nodes[1] unreachable']);
    expect(await found([fork({ true: [respond('a')], false: [respond('b')] }), respond('c')], sync)).toEqual([
      '(warning) nodes[1] unreachable',
    ]);
    expect(await found([node('a', 'end', { status: 'succeeded' }), node('b', 'variable', { value: 1 })])).toEqual([
      '(warning) nodes[1] unreachable',
    ]);
  });
});

describe('anything at all', () => {
  const isValid = (value: unknown) => documentSchema.safeParse(value).success;

  it('is judged without throwing, and either has a problem or is a document', async () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    const anyNode = fc.record(
      {
        key: fc.oneof(fc.constantFrom('a', 'b', 'c'), json),
        type: fc.oneof(fc.constantFrom('strict', 'condition', 'rounds', 'multi-conditions', 'variable', 'calculation'), json),
        config: fc.oneof(
          fc.dictionary(fc.constantFrom('status', 'test', 'engine', 'cases', 'value', 'target', 'auth', 'expression'), json),
          json,
        ),
        branches: fc.oneof(fc.constant({ true: [{ key: 'z', type: 'end' }] }), json),
      },
      { requiredKeys: [] },
    );
    const documents = fc.oneof(
      json,
      fc.record({ trigger: fc.oneof(fc.constant({ type: 'webhook' }), json), nodes: fc.array(anyNode) }),
    );
    await fc.assert(
      fc.asyncProperty(documents, fc.constantFrom<Mode | undefined>('sync', 'async', undefined), async (input, mode) => {
        const { document, problems } = await validateDocument(input, { mode, registry, evaluator: createEvaluator() });
        for (const problem of problems) problemSchema.parse(problem);
        const errors = problems.filter(({ severity }) => severity === 'error');
        if (errors.length === 0) expect(document).toBeDefined();
        if (document === undefined) expect(errors).not.toEqual([]);
        if (document !== undefined) expect(isValid(document)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it.each([
    ['entries that are no nodes', 10_000, (size: number) => texts(size)],
    ['entries of a list', 10_000, (size: number) => [node('a', 'strict', { list: texts(size) })]],
    ['names', 10_000, (size: number) => [node('a', 'strict', Object.fromEntries(texts(size).map((name) => [name, 1])))]],
    ['templates', 2_000, (size: number) => [node('a', 'strict', { list: texts(size).map(() => '{{$context}}') })]],
  ])('takes eight times as long, not sixty-four, to be judged with eight times as many %s', async (_, size, make) => {
    // Processor time: other tests run beside this one.
    const judge = async (nodes: unknown[]): Promise<number> => {
      const started = process.cpuUsage();
      await problemsOf(nodes);
      const { user, system } = process.cpuUsage(started);
      return user + system;
    };
    // The least of three: what the processor does for others meanwhile only adds to it.
    const least = async (nodes: unknown[]): Promise<number> =>
      Math.min(await judge(nodes), await judge(nodes), await judge(nodes));
    const [small, large] = [await least(make(size)), await least(make(8 * size))];
    expect(large / small).toBeLessThan(40);
  });

  it('is judged to its last node', async () => {
    const nodes = texts(2_000).map((key, index) =>
      node(key, 'variable', { value: `{{$nodes.k${index === 1_999 ? index : Math.max(0, index - 1)}}}` }),
    );
    expect(await found(nodes)).toEqual(['nodes[0].config.value node_not_run', 'nodes[1999].config.value node_not_run']);
  });

  it('is judged when it is deep', async () => {
    const deep: unknown = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`);
    expect(await found([node('a', 'variable', { value: deep })])).toEqual([expect.stringMatching(/too_deep$/)]);
    expect(await found(deep)).not.toEqual([]);
  });
});
