// No language reaches what every object inherits, and none makes a member that would become a prototype.

import { all } from 'mathjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExpressionEngine, Scope } from '../../src/engine/plugin.ts';
import type { ExpressionEvaluator } from '../../src/engine/ports.ts';
import { createEvaluator } from '../../src/expressions/evaluator.ts';

const scope: Scope = {
  $context: { a: { b: 1 }, list: [{ b: 2 }, { b: 1 }], text: 'text', number: 1 },
  $request: null,
  $nodes: {},
  $scopes: {},
  $system: { now: '' },
  $execution: {},
  $resume: {},
  $secrets: {},
};

const NAMES = [
  ...new Set([Object, Array, String, Number, Function].flatMap((type) => Object.getOwnPropertyNames(type.prototype))),
]
  .filter((name) => name !== 'length' && name !== 'name' && /^\w+$/.test(name))
  .sort();
const OBJECT_NAMES = ['prototype', ...Object.getOwnPropertyNames(Object.prototype)];

let evaluator: ExpressionEvaluator;
beforeAll(() => {
  evaluator = createEvaluator({ timeoutMs: 60_000, maxWorkers: 1, memoryMb: 128 });
});
afterAll(() => evaluator.close());

/** A value, or the message of what went wrong. */
async function run(engine: ExpressionEngine, expression: string): Promise<{ value?: unknown; error?: string }> {
  try {
    return { value: await evaluator.evaluate(engine, expression, scope, { hasSource: false }) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

describe('JMESPath', () => {
  const shapes = [
    (name: string) => `"$context".${name}`,
    (name: string) => `"$context".a."${name}"`,
    (name: string) => `"$context".text.${name}`,
    (name: string) => `"$context".list.${name}`,
    (name: string) => `{x: "$context"}.x.${name}`,
    (name: string) => `{x: "$context"}.${name}`,
    (name: string) => `let $x = "$context".a in $x.${name}`,
    (name: string) => `merge("$context".a, {c: \`1\`}).${name}`,
    (name: string) => `from_items([['c', \`1\`]]).${name}`,
    (name: string) => `("$context".a | @).${name}`,
    (name: string) => `"$context".a.${name}.${name}`,
  ];

  it('finds nothing that is inherited', async () => {
    for (const name of NAMES) {
      for (const shape of shapes) expect(await run('jmespath', shape(name)), shape(name)).toEqual({ value: null });
      const lists = [`"$context".list[*].${name}`, `"$context".list[?${name}]`, `"$context".*.${name}`];
      for (const text of lists) expect(await run('jmespath', text), text).toEqual({ value: [] });
      const mapped = `map(&${name}, "$context".list)`;
      expect(await run('jmespath', mapped), mapped).toEqual({ value: [null, null] });
    }
  }, 60_000);

  it('finds own members with such names', async () => {
    expect(await run('jmespath', '{constructor: `1`}.constructor')).toEqual({ value: 1 });
    expect(await run('jmespath', 'from_items([[`"toString"`, `2`]]).toString')).toEqual({ value: 2 });
  });
});

describe('JSONata', () => {
  it('finds nothing that is inherited', async () => {
    for (const name of NAMES) {
      for (const text of [`$context.${name}`, `$context.a.${name}`, `$context.list.${name}`, `$lookup($context, "${name}")`]) {
        expect(await run('jsonata', text), text).toEqual({ value: null });
      }
    }
  }, 60_000);
});

describe('Math.js', () => {
  it('prints nothing that is inherited', async () => {
    for (const name of NAMES) {
      for (const text of [`$x.${name}`, `$x.y.${name}`, `$${name}`, `$text.${name}`]) {
        const expression = `print("${text}", {x: {y: 1}, text: "abc"})`;
        expect(await run('mathjs', expression), expression).toEqual({ value: text });
      }
      const list = `print("$0.${name} $${name}", [[1, 2]])`;
      expect(await run('mathjs', list), list).toEqual({ value: `$0.${name} $${name}` });
      const matrix = `print("$0.${name}", matrix([[1, 2]]))`;
      expect(await run('mathjs', matrix), matrix).toEqual({ value: `$0.${name}` });
    }
  }, 60_000);

  it('prints what is there, as before', async () => {
    expect(await run('mathjs', 'print("$a.b and $c.0.1, $text.length", {a: {b: 1/3}, c: [[1, 2]], text: "abc"}, 3)')).toEqual({
      value: '0.333 and 2, 3',
    });
    expect(await run('mathjs', 'print("$a of $b.", {a: "one", b: [1, 2]})')).toEqual({ value: 'one of [1, 2].' });
    expect(await run('mathjs', 'numeric("4")')).toEqual({ value: 4 });
    expect(await run('mathjs', 'number(numeric("4.5", "Fraction"))')).toEqual({ value: 4.5 });
  });

  it('opens members of objects to no name that they inherit', async () => {
    for (const name of OBJECT_NAMES) {
      for (const text of [`{a: 1}.${name}`, `{a: 1}["${name}"]`, `subset({a: 1}, index("${name}"))`, `sqrt.${name}`]) {
        // Missing, or refused.
        expect((await run('mathjs', text)).value ?? null, text).toBeNull();
      }
    }
  });

  it('has no function that gives away what a name leads to', async () => {
    const functions = Object.keys(all ?? {})
      .flatMap((key) => /^create([A-Z]\w*)$/.exec(key)?.[1] ?? [])
      .map((name) => name.charAt(0).toLowerCase() + name.slice(1));
    expect(functions.length).toBeGreaterThan(200);
    const seen: string[] = [];
    for (const name of functions) {
      for (const member of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
        for (const args of [`"${member}"`, `1, "${member}"`, `"1", "${member}"`, `{a: 1}, "${member}"`, `[1, 2], "${member}"`]) {
          const { value, error = '' } = await run('mathjs', `${name}(${args})`);
          if (/native code|function Object|\[object/.test(`${JSON.stringify(value)} ${error}`)) seen.push(`${name}(${args})`);
        }
      }
    }
    expect(seen).toEqual([]);
  }, 120_000);
});

describe('a member named __proto__', () => {
  it.each([
    ['jsonata', '{"__proto__": {"polluted": 1}}'],
    ['jsonata', '[{"a": {"__proto__": 1}}]'],
    ['jsonata', '$merge([{"__proto__": {"polluted": 1}}, {"a": 1}])'],
    ['jsonata', '$context ~> |$|{"__proto__": {"polluted": 1}}|'],
    ['jsonata', '$context.list{"__proto__": b}'],
    ['jmespath', '{"__proto__": `{"polluted": 1}`}'],
    ['jmespath', 'from_items([[\'__proto__\', `{"polluted": 1}`]])'],
    ['jmespath', 'group_by(`[{"k": "__proto__"}]`, &k)'],
    ['mathjs', '{"__proto__": {polluted: 1}}'],
  ] as const)('is not made by %s: %s', async (engine, expression) => {
    const { value, error } = await run(engine, expression);
    if (error !== undefined) return;
    expect(JSON.stringify(value)).not.toContain('polluted');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
  });

  it('is not made by a script', async () => {
    const limits = { arguments: {}, timeoutMs: 60_000, maxMemoryBytes: 64 * 1024 * 1024 };
    await expect(evaluator.runScript('return JSON.parse(\'{"a": {"__proto__": 1}}\');', limits)).rejects.toMatchObject({
      code: 'script_failed',
      message: expect.stringContaining('__proto__'),
    });
  });

  it('is refused with a sentence', async () => {
    expect((await run('jsonata', '{"__proto__": 1}')).error).toContain('a member named "__proto__", which is not allowed');
  });
});
