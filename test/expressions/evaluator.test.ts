import { afterAll, describe, expect, it } from 'vitest';
import type { ExpressionEngine, Scope } from '../../src/engine/plugin.ts';
import { createEvaluator } from '../../src/expressions/evaluator.ts';

const scope: Scope = {
  $context: {
    body: {
      amount: 12.5,
      status: 'paid',
      text: '") + 1; import("x',
      items: [
        { sku: 'a', price: 2, quantity: 3 },
        { sku: 'b', price: 5, quantity: 1 },
      ],
    },
  },
  $request: { method: 'POST', headers: { 'x-id': '7' } },
  $nodes: { total: 11, made: { a: 1 } },
  $scopes: {},
  $system: { now: '2025-01-02T03:04:05.000Z' },
  $execution: { id: 'e1' },
  $resume: { wait: 'http://127.0.0.1/resume/1' },
  $secrets: { TOKEN: 'value-of-the-token', PIN: '73519246' },
};

const evaluator = createEvaluator({ timeoutMs: 30_000, maxWorkers: 2, memoryMb: 96 });
afterAll(() => evaluator.close());

function run(engine: ExpressionEngine, expression: string, options: { source?: unknown; signal?: AbortSignal } = {}) {
  return evaluator.evaluate(engine, expression, scope, { hasSource: 'source' in options, ...options });
}

describe('JSONata', () => {
  it('reads the variables', async () => {
    expect(await run('jsonata', '$sum($context.body.items.(price * quantity)) = $nodes.total')).toBe(true);
    expect(await run('jsonata', '$jobsMapByNodeKey.total & $system.now & $execution.id & $request.method')).toBe(
      '112025-01-02T03:04:05.000ZePOST'.replace('ZeP', 'Ze1P'),
    );
  });
  it('has all variables as its input without a source, and the source otherwise', async () => {
    expect(await run('jsonata', '$keys($)')).toEqual([
      '$context',
      '$request',
      '$nodes',
      '$jobsMapByNodeKey',
      '$scopes',
      '$system',
      '$execution',
      '$resume',
    ]);
    expect(await run('jsonata', 'a.b[0] & $context.body.status', { source: { a: { b: [1, 2] } } })).toBe('1paid');
  });
  it('gives plain lists, null for nothing and refuses functions', async () => {
    expect(await run('jsonata', '$context.body.items.sku')).toEqual(['a', 'b']);
    expect(await run('jsonata', '$context.body.nothing')).toBeNull();
    await expect(run('jsonata', 'function($x){$x}')).rejects.toThrow(/^The jsonata expression failed/);
    await expect(run('jsonata', '{"a": $sum}')).rejects.toThrow(/^The jsonata expression failed/);
    await expect(run('jsonata', '/a/')).rejects.toThrow(/^The jsonata expression failed/);
  });
  it('runs regular expressions in linear time', async () => {
    expect(await run('jsonata', `$contains("${'a'.repeat(5000)}!", /(a+)+$/)`)).toBe(false);
    expect(await run('jsonata', '$match("ab12cd345", /([a-z]+)(\\d+)/).groups')).toEqual(['ab', '12', 'cd', '345']);
    expect(await run('jsonata', '$replace("John Smith", /(\\w+)\\s(\\w+)/, "$2, $1")')).toBe('Smith, John');
    expect(await run('jsonata', '$split("a1b22c", /\\d+/)')).toEqual(['a', 'b', 'c']);
    expect(await run('jsonata', '$contains("ABC", /b/i)')).toBe(true);
  });
  it('reaches no prototype and makes no code from text', async () => {
    expect(await run('jsonata', '$context.constructor')).toBeNull();
    expect(await run('jsonata', '$context.body.items.push')).toBeNull();
    expect(await run('jsonata', '$string($lookup($context, "__proto__"))')).toBeNull();
  });
});

describe('Math.js', () => {
  it('takes templates as values, whatever they hold', async () => {
    expect(await run('mathjs', '{{$context.body.amount}} * 2 + 1')).toBe(26);
    expect(await run('mathjs', '2{{$context.body.amount}}')).toBe(25);
    expect(await run('mathjs', 'concat({{$context.body.text}}, "!")')).toBe('") + 1; import("x!');
    expect(await run('mathjs', 'sum({{$context.body.items.price}})')).toBe(7);
    expect(await run('mathjs', '{{$nodes.made}}.a')).toBe(1);
    expect(await run('mathjs', 'equalText({{$context.body.status}}, "paid")')).toBe(true);
  });
  it('gives plain values', async () => {
    expect(await run('mathjs', '[1, 2; 3, 4] * 2')).toEqual([
      [2, 4],
      [6, 8],
    ]);
    expect(await run('mathjs', 'bignumber(1) / 4')).toBe(0.25);
    expect(await run('mathjs', 'fraction(1, 4)')).toBe(0.25);
    expect(await run('mathjs', 'matrix([1, 2])')).toEqual([1, 2]);
    expect(await run('mathjs', '1:3')).toEqual([1, 2, 3]);
    expect(await run('mathjs', 'a = 2; a + 1')).toBe(3);
  });
  it.each(['sqrt(-4)', '2 cm', 'f(x) = x', 'cos', '1 / 0', '{a: 2 cm}'])('refuses the result of %s', async (expression) => {
    await expect(run('mathjs', expression)).rejects.toThrow(/^The mathjs expression failed/);
  });
  it.each([
    'import({a: 1})',
    'createUnit("foo")',
    'evaluate("1")',
    'parse("1")',
    'parser()',
    'compile("1")',
    'simplify("x")',
    'derivative("x^2", "x")',
    'config({})',
    'reviver()("", {mathjs: "Help"})',
    'help(cos)',
    'typed("x", {"number": f(x) = x})',
    'cos.constructor("return process")()',
    '"".constructor',
    '{{$nodes.made}}["constructor"]',
    '[1].__proto__',
    '{"__proto__": 1}',
  ])('refuses %s', async (expression) => {
    await expect(run('mathjs', expression)).rejects.toThrow(/^The mathjs expression failed/);
  });
  it('knows no member __proto__ of objects', async () => {
    // The processes have no such accessor, so that it is missing as any other name is.
    expect(await run('mathjs', '{{$nodes.made}}.__proto__')).toBeNull();
    expect(await run('mathjs', '{{$nodes.made}}["__proto__"]')).toBeNull();
    expect(await run('mathjs', 'a = {}; a.__proto__ = {b: 1}; a.b')).toBeNull();
  });
  it('says how to compare texts', async () => {
    await expect(run('mathjs', '{{$context.body.status}} == "paid"')).rejects.toThrow(/equalText/);
  });
  it('refuses templates inside quotes', async () => {
    expect(await evaluator.check('mathjs', 'concat("{{$context.body.status}}", "x")')).toMatch(/inside quotes/);
    expect(await evaluator.check('mathjs', "{{$nodes.a}}' * {{$nodes.b}}'")).toBeUndefined();
  });
});

describe('formulas', () => {
  it('calculate, compare and call functions', async () => {
    expect(await run('formula', '=SUM({{$context.body.items.price}}) + 2^3 * 10%')).toBeCloseTo(7.8);
    expect(await run('formula', 'if({{$context.body.status}} = "paid", "yes" & 1, "no")')).toBe('yes1');
    expect(await run('formula', "CONCATENATE({{$context.body.text}}, 'x')")).toBe('") + 1; import("xx');
    expect(await run('formula', 'IFERROR(1/0, "none")')).toBe('none');
    expect(await run('formula', 'CEILING.MATH(1.2)')).toBe(2);
    expect(await run('formula', 'DATE(2024, 1, 31)')).toMatch(/^2024-01-31T/);
  });
  it('say what went wrong', async () => {
    await expect(run('formula', '1/0')).rejects.toThrow('#DIV/0!');
    await expect(run('formula', '1 + "x"')).rejects.toThrow('#VALUE!');
    expect(await evaluator.check('formula', 'NOPE(1)')).toMatch(/no function NOPE/);
    expect(await evaluator.check('formula', 'utils.date(1)')).toMatch(/no function/);
    expect(await evaluator.check('formula', 'CONSTRUCTOR(1)')).toMatch(/no function/);
  });
});

describe('JSONPath, JMESPath and templates', () => {
  it('JSONPath queries the source and always gives a list', async () => {
    expect(await run('jsonpath', '$.items[*].sku', { source: { items: [{ sku: 'a' }, { sku: 'b' }] } })).toEqual(['a', 'b']);
    expect(await run('jsonpath', '$.nothing', { source: {} })).toEqual([]);
    expect(await run('jsonpath', '$.a', { source: null })).toEqual([]);
  });
  it('JSONPath has no scripts', async () => {
    expect(await evaluator.check('jsonpath', '$..[?(@.a)]')).toMatch(/not available/);
    await expect(run('jsonpath', '$[(@.length-1)]', { source: [1] })).rejects.toThrow(/^The jsonpath expression failed/);
  });
  it('JMESPath queries the source, or the variables', async () => {
    expect(await run('jmespath', 'items[?price > `3`].sku', { source: (scope.$context as { body: unknown }).body })).toEqual([
      'b',
    ]);
    expect(await run('jmespath', '"$context".body.status')).toBe('paid');
    expect(await run('jmespath', 'a.b', { source: null })).toBeNull();
  });
  it('templates are text, or the value itself', async () => {
    expect(await run('template', 'Total: {{$nodes.total}}')).toBe('Total: 11');
    expect(await run('template', '{{$nodes.made}}')).toEqual({ a: 1 });
    expect(await run('template', '{{$nodes.nothing}}')).toBeNull();
  });
});

describe('check', () => {
  it.each([
    ['jsonata', '$sum('],
    ['jsonata', '$contains("a", /(?<=a)b/)'],
    ['mathjs', '1 +'],
    ['mathjs', '{{$nope.a}}'],
    ['formula', '(1'],
    ['jmespath', 'a..b'],
    ['template', '{{$context'],
  ] as const)('finds what is wrong with %s %s', async (engine, expression) => {
    expect(await evaluator.check(engine, expression)).toEqual(expect.any(String));
  });
  it.each([
    ['jsonata', '$sum($context.a)'],
    ['mathjs', '1 + {{$context.a}}'],
    ['formula', 'SUM(1, {{$context.a}})'],
    ['jsonpath', '$.a[*]'],
    ['jmespath', 'a[*].b'],
    ['template', 'x {{$context.a}}'],
  ] as const)('accepts %s %s', async (engine, expression) => {
    expect(await evaluator.check(engine, expression)).toBeUndefined();
  });
});
