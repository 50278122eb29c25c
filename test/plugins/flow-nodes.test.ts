import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { NodeContext, NodeType, Scope } from '../../src/engine/plugin.ts';
import { calculationNode } from '../../src/plugins/calculation/node.ts';
import { conditionNode } from '../../src/plugins/condition/node.ts';
import { endNode } from '../../src/plugins/end/node.ts';
import { jsonQueryNode } from '../../src/plugins/json-query/node.ts';
import { multiConditionsNode } from '../../src/plugins/multi-conditions/node.ts';
import { responseNode } from '../../src/plugins/response/node.ts';
import { variableNode } from '../../src/plugins/variable/node.ts';

const scope: Scope = {
  $context: {},
  $request: null,
  $nodes: {},
  $scopes: {},
  $system: { now: '' },
  $execution: {},
  $resume: {},
  $secrets: {},
};

interface Calls {
  readonly evaluated: unknown[];
  readonly assigned: unknown[];
}

/** Runs a node as the runner does, with an evaluator that answers with what the expression says as JSON. */
function run<Config>(node: NodeType<Config>, config: unknown, calls: Calls = { evaluated: [], assigned: [] }) {
  const context: NodeContext<Config> = {
    config: node.config.parse(config),
    render: () => node.config.parse(config),
    scope,
    signal: new AbortController().signal,
    idempotencyKey: 'e/k',
    log: { debug() {}, info() {}, warn() {}, error() {} },
    now: () => 0,
    evaluate: async (engine, expression, options) => {
      calls.evaluated.push([engine, expression, options]);
      return JSON.parse(expression);
    },
    assign: (key, value) => {
      calls.assigned.push([key, value]);
    },
    branch: () => Promise.reject(new Error('not a control node')),
    hasBegun: () => false,
    runScript: () => Promise.reject(new Error('no scripts here')),
    fetch: () => Promise.reject(new Error('no requests here')),
  };
  return node.run(context);
}

const yes = { all: [{ left: 1, operator: 'equal', right: '1' }] };
const no = { any: [{ left: 1, operator: 'gt', right: 2 }] };

describe('condition', () => {
  it('answers a basic test at once', () => {
    expect(run(conditionNode, { test: yes })).toEqual({ type: 'done', output: true, branch: 'true' });
    expect(run(conditionNode, { test: no })).toEqual({ type: 'done', output: false, branch: 'false' });
  });
  it('fails when it is false and set to', () => {
    expect(run(conditionNode, { test: no, onFalse: 'fail' })).toMatchObject({ type: 'end', status: 'failed', output: false });
    expect(conditionNode.branches?.(conditionNode.config.parse({ test: no, onFalse: 'fail' }))).toEqual(['true']);
    expect(conditionNode.branches?.(conditionNode.config.parse({ test: no }))).toEqual(['true', 'false']);
  });
  it('takes the truth of an expression', async () => {
    expect(await run(conditionNode, { engine: 'jsonata', test: '[]' })).toMatchObject({ branch: 'false' });
    expect(await run(conditionNode, { engine: 'mathjs', test: '"false"' })).toMatchObject({ branch: 'true' });
  });
  it.each([
    [{}, 'test'],
    [{ test: 'a' }, 'test'],
    [{ engine: 'mathjs', test: yes }, 'test'],
    [{ engine: 'jsonpath', test: 'a' }, 'engine'],
    [{ test: { all: [{ left: 1, operator: 'is' }] } }, 'all[0].operator'],
    [{ test: yes, extra: 1 }, 'extra'],
  ])('refuses %j', (config, text) => {
    const result = conditionNode.config.safeParse(config);
    expect(JSON.stringify(result.error?.issues)).toContain(text);
  });
  it('names the place of a wrong regular expression', () => {
    const config = conditionNode.config.parse({ test: { all: [{ left: 'a', operator: 'matches', right: '(' }] } });
    expect(conditionNode.check?.(config, { mode: 'sync', earlier: [] })).toMatchObject([{ path: 'test.all[0].right' }]);
  });
});

describe('multi-conditions', () => {
  const cases = [
    { key: 'a', test: no },
    { key: 'b', engine: 'jsonata', test: '0' },
    { key: 'c', label: 'See', test: yes },
    { key: 'd', test: yes },
  ];
  it('runs the first case that is true', async () => {
    expect(await run(multiConditionsNode, { cases })).toEqual({ type: 'done', output: 'c', branch: 'c' });
    expect(run(multiConditionsNode, { cases: [cases[0], cases[2]] })).toEqual({ type: 'done', output: 'c', branch: 'c' });
  });
  it('fails or goes on when none is true', () => {
    expect(run(multiConditionsNode, { cases: [cases[0]] })).toMatchObject({ type: 'end', status: 'failed' });
    const config = { cases: [cases[0]], otherwise: 'continue' };
    expect(run(multiConditionsNode, config)).toEqual({ type: 'done', output: null, branch: 'otherwise' });
    expect(multiConditionsNode.branches?.(multiConditionsNode.config.parse(config))).toEqual(['a', 'otherwise']);
  });
  it.each([
    [{ cases: [] }],
    [
      {
        cases: [
          { key: 'a', test: yes },
          { key: 'a', test: no },
        ],
      },
    ],
    [{ cases: [{ key: 'otherwise', test: yes }] }],
    [{ cases: [{ key: 'a', engine: 'formula', test: yes }] }],
  ])('refuses %j', (config) => {
    expect(multiConditionsNode.config.safeParse(config).success).toBe(false);
  });
});

describe('calculation and JSON query', () => {
  it('hand over the expression and give its value', async () => {
    const calls: Calls = { evaluated: [], assigned: [] };
    expect(await run(calculationNode, { engine: 'mathjs', expression: '7' }, calls)).toEqual({ type: 'done', output: 7 });
    expect(await run(jsonQueryNode, { engine: 'jmespath', expression: '[1]', source: { a: 1 } }, calls)).toMatchObject({
      output: [1],
    });
    await run(jsonQueryNode, { engine: 'jsonata', expression: '1' }, calls);
    await run(jsonQueryNode, { engine: 'jsonata', expression: '1', source: undefined }, calls);
    expect(calls.evaluated).toEqual([
      ['mathjs', '7', undefined],
      ['jmespath', '[1]', { source: { a: 1 } }],
      ['jsonata', '1', {}],
      ['jsonata', '1', { source: null }],
    ]);
  });
});

describe('variable', () => {
  it('declares and assigns', () => {
    const calls: Calls = { evaluated: [], assigned: [] };
    expect(run(variableNode, { value: [1] }, calls)).toEqual({ type: 'done', output: [1] });
    expect(run(variableNode, { assign: 'total', value: 2 }, calls)).toEqual({ type: 'done', output: 2 });
    expect(calls.assigned).toEqual([['total', 2]]);
  });
  it('assigns only to variables that are there by then', () => {
    const config = variableNode.config.parse({ assign: 'total', value: 1 });
    const check = (earlier: { key: string; type: string }[]) => variableNode.check?.(config, { mode: 'async', earlier });
    expect(check([{ key: 'total', type: 'variable' }])).toEqual([]);
    expect(check([])).toMatchObject([{ path: 'assign', message: expect.stringContaining('total') }]);
    expect(check([{ key: 'total', type: 'condition' }])).toMatchObject([{ message: expect.stringContaining('condition') }]);
  });
});

describe('response and end', () => {
  it('end the flow, the response with a reply', () => {
    expect(run(responseNode, { status: 422, body: { reason: 'not paid' } })).toEqual({
      type: 'end',
      status: 'succeeded',
      reply: { status: 422, headers: { 'content-type': 'application/json; charset=utf-8' }, body: '{"reason":"not paid"}' },
    });
    expect(() => run(responseNode, { headers: [{ name: 'x', value: 'a\r\nb' }] })).toThrow(/header x/);
    expect(responseNode.modes).toEqual(['sync']);
    expect(run(endNode, {})).toEqual({ type: 'end', status: 'succeeded' });
    expect(run(endNode, { status: 'failed' })).toMatchObject({ type: 'end', status: 'failed' });
  });
});

describe('every flow node', () => {
  const nodes = [conditionNode, multiConditionsNode, calculationNode, jsonQueryNode, variableNode, responseNode, endNode];
  it.each(nodes.map((node) => [node.type, node] as const))('%s has a JSON Schema for its form', (_type, node) => {
    for (const io of ['input', 'output'] as const) expect(z.toJSONSchema(node.config, { io })).toMatchObject({ type: 'object' });
    expect(node.title).not.toBe('');
    expect(node.description).not.toBe('');
  });
});
