import { afterAll, describe, expect, it } from 'vitest';
import type { Scope } from '../../src/engine/plugin.ts';
import { argumentNameFault } from '../../src/engine/script-names.ts';
import { HooklineError } from '../../src/errors.ts';
import { createEvaluator } from '../../src/expressions/evaluator.ts';
import { CONSOLE_CUT, MAX_CONSOLE_BYTES, MAX_CONSOLE_LINES } from '../../src/expressions/script-console.ts';

const evaluator = createEvaluator({ timeoutMs: 1_000, maxWorkers: 1, memoryMb: 96 });
afterAll(() => evaluator.close());

const MB = 1024 * 1024;
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

function run(code: string, options: { arguments?: Record<string, unknown>; timeoutMs?: number; maxMemoryBytes?: number } = {}) {
  return evaluator.runScript(code, { arguments: {}, timeoutMs: 60_000, maxMemoryBytes: 16 * MB, ...options });
}

async function valueFrom(code: string, args: Record<string, unknown> = {}): Promise<unknown> {
  return (await run(code, { arguments: args })).value;
}

async function errorOf(code: string, options: Parameters<typeof run>[1] = {}): Promise<HooklineError> {
  const error = await run(code, options).catch((reason: unknown) => reason);
  if (error instanceof HooklineError) return error;
  throw new Error(`It did not fail as it should: ${JSON.stringify(error)}`);
}

describe('a script', () => {
  it('returns a value, and null without one', async () => {
    expect(await valueFrom('return [1, "a", { b: null, c: undefined, d: [undefined] }]')).toEqual([
      1,
      'a',
      { b: null, d: [null] },
    ]);
    expect(await valueFrom('1 + 1')).toBeNull();
    expect(await valueFrom('return new Date(0) // the end')).toBe('1970-01-01T00:00:00.000Z');
  });
  it('awaits promises that settle', async () => {
    expect(await valueFrom('const f = async (n) => n === 0 ? 0 : 1 + await f(n - 1); return await f(50)')).toBe(50);
    expect(await errorOf('await Promise.reject(new TypeError("no"))')).toMatchObject({
      message: expect.stringContaining('TypeError: no'),
    });
    expect(await errorOf('await new Promise(() => {})')).toMatchObject({
      code: 'script_failed',
      message: expect.stringContaining('nothing settles'),
    });
  });
  it('has its arguments as frozen constants', async () => {
    expect(await valueFrom('return input.a.b + text.length', { input: { a: { b: 1 } }, text: '"); x' })).toBe(6);
    expect((await errorOf('input.a.b = 2', { arguments: { input: { a: { b: 1 } } } })).message).toMatch(/read-only/);
    expect((await errorOf('input = 2', { arguments: { input: 1 } })).message).toMatch(/read-only/);
    expect(await valueFrom('const input = 2; return input', { input: 1 })).toBe(2);
  });
  it.each(['a-b', '1a', '', 'class', 'await', 'Object', 'console', 'constructor', '__proto__', 'undefined'])(
    'refuses an argument with the name %j',
    async (name) => {
      const error = await errorOf('return 1', { arguments: Object.fromEntries([[name, 1]]) });
      expect(error).toMatchObject({ code: 'script_failed', message: expect.stringContaining(JSON.stringify(name)) });
    },
  );
  it('has no global that an argument could shadow', async () => {
    const names = await valueFrom(
      'return [...Object.getOwnPropertyNames(globalThis), ...Object.getOwnPropertyNames(Object.prototype)]',
    );
    expect((names as string[]).filter((name) => argumentNameFault(name) === undefined)).toEqual([]);
  });
  it('says what went wrong, and where in its own code', async () => {
    expect(await errorOf('const a = null;\n  return a.b;')).toMatchObject({
      code: 'script_failed',
      message: expect.stringMatching(/^TypeError: .*\(line 2:\d+\)$/),
      details: { name: 'TypeError', line: 2 },
    });
    expect(await errorOf('let a = ;')).toMatchObject({ details: { name: 'SyntaxError', line: 1 } });
    expect((await errorOf('throw { a: 1 }')).message).toBe('The script threw {"a":1}');
    expect((await errorOf('throw null')).message).toBe('The script threw null');
    expect((await errorOf('throw { get a() { throw 1 } }')).code).toBe('script_failed');
  });
  it.each([
    ['return { a: [1, () => 1] }', 'result.a[1] is a function'],
    ['const a = {}; a.b = [a]; return a', 'result.b[0] is an object that contains itself'],
    ['return { "x y": 1n }', 'result["x y"] is a BigInt'],
    ['return Symbol("a")', 'the result is a symbol'],
    ['return [NaN]', 'result[0] is NaN'],
    ['return new Map([[1, 2]])', 'the result is a Map'],
    ['return { p: Promise.resolve(1) }', 'result.p is a promise'],
    ['return new Date(NaN)', 'the result is an invalid date'],
    ['let a = 1; for (let i = 0; i < 1000; i++) a = [a]; return a', 'nested deeper'],
  ])('cannot return what JSON cannot hold: %s', async (code, message) => {
    expect(await errorOf(code)).toMatchObject({ code: 'script_failed', message: expect.stringContaining(message) });
  });
});

describe('the console of a script', () => {
  it('is kept as lines', async () => {
    const { console } = await run(
      'console.log("a", 1, { b: [2] }); console.warn("x\\ny"); console.info(undefined, 1n); console.error(new Error("e"))',
    );
    expect(console).toEqual(['a 1 {"b":[2]}', '[warn] x', 'y', 'undefined 1n', '[error] Error: e']);
  });
  it('comes along with an error', async () => {
    expect(await errorOf('console.debug("here"); null.x')).toMatchObject({ details: { console: ['[debug] here'] } });
  });
  it('is cut when it is too much', async () => {
    const many = await run('for (let i = 0; i < 100000; i++) console.log(i)');
    expect(many.console).toHaveLength(MAX_CONSOLE_LINES);
    expect(many.console.at(-1)).toBe(CONSOLE_CUT);
    const long = await run('console.log("é".repeat(1e6)); console.log("more")');
    expect(Buffer.byteLength(long.console.join(''))).toBeLessThanOrEqual(MAX_CONSOLE_BYTES);
    expect(long.console).toEqual([expect.stringMatching(/^é+$/), CONSOLE_CUT]);
  });
  it('survives what it is given', async () => {
    const { console } = await run(
      'const a = {}; a.a = a; console.log(a, Symbol("s"), () => 1, new Proxy({}, { ownKeys() { throw 1 } }))',
    );
    expect(console).toEqual([expect.stringContaining('contains itself')]);
  });
});

describe('the limits of a script', () => {
  it.each([
    'for (;;) ;',
    'while (true) { await null }',
    '/(a+)+$/.test("a".repeat(40) + "b")',
    'try { for (;;) ; } catch { for (;;) ; } finally { for (;;) ; }',
    'const f = () => Promise.resolve().then(f); await f()',
    'return { toJSON() { for (;;) ; } }',
    'throw { get name() { for (;;) ; }, toJSON() { for (;;) ; } }',
    // Deaf to the clock: the process is ended.
    'Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)',
  ])('end one that takes too long: %s', async (code) => {
    expect(await errorOf(code, { timeoutMs: 150 })).toMatchObject({
      code: 'script_limit',
      message: expect.stringContaining('150 ms'),
    });
    expect(await valueFrom('return 1')).toBe(1);
  });
  it.each([
    'const a = []; for (;;) a.push({})',
    'return "a".repeat(2 ** 29)',
    'return new Array(2 ** 32 - 1).fill(0)',
    'return new Uint8Array(2 ** 30).length',
    'let a = "x"; for (;;) a += a',
    'console.log("x".repeat(2 ** 28))',
  ])('end one that takes too much memory: %s', async (code) => {
    expect(await errorOf(code)).toMatchObject({ code: 'script_limit' });
    expect(await valueFrom('return 1')).toBe(1);
  });
  it.each([
    'const f = () => f() + 1; return f()',
    'const p = new Proxy({}, { get: (target, name, self) => self[name] }); return p.x',
    'let a = {}; const b = a; for (let i = 0; i < 1e5; i++) a = a.a = {}; return JSON.stringify(b)',
    'return eval("[".repeat(1e6))',
    'return JSON.parse("[".repeat(1e6))',
  ])('end one that goes too deep: %s', async (code) => {
    expect(await errorOf(code)).toMatchObject({ code: 'script_failed', message: expect.stringContaining('too deep') });
    expect(await valueFrom('return 1')).toBe(1);
  });
  it('may be longer than those of expressions', async () => {
    expect(await valueFrom('const end = Date.now() + 1200; while (Date.now() < end) ; return 1')).toBe(1);
  });
  it('leave expressions alone meanwhile', async () => {
    const controller = new AbortController();
    const options = { arguments: {}, timeoutMs: 600_000, maxMemoryBytes: 16 * MB, signal: controller.signal };
    const endless = evaluator.runScript('for (;;) ;', options).catch((reason: unknown) => reason);
    let isOver = false;
    endless.finally(() => {
      isOver = true;
    });
    for (let i = 0; i < 20; i++) expect(await evaluator.evaluate('jsonata', `${i}`, scope, { hasSource: false })).toBe(i);
    expect(await evaluator.checkScript('return 1')).toBeUndefined();
    expect(isOver).toBe(false);
    controller.abort('enough');
    expect(await endless).toBe('enough');
  });
  it('do not keep a cancelled script', async () => {
    const controller = new AbortController();
    const options = { arguments: {}, timeoutMs: 60_000, maxMemoryBytes: 16 * MB, signal: controller.signal };
    const endless = evaluator.runScript('for (;;) ;', options).catch((reason: unknown) => reason);
    controller.abort('cancelled');
    expect(await endless).toBe('cancelled');
  });
});

describe('the walls of the sandbox', () => {
  it('hold nothing of Node', async () => {
    const names = '["process", "require", "module", "fetch", "setTimeout", "std", "os", "WebAssembly", "global", "Buffer"]';
    expect(await valueFrom(`return ${names}.filter((name) => name in globalThis)`)).toEqual([]);
    expect(await valueFrom('return Function("return typeof process + typeof require")()')).toBe('undefinedundefined');
    expect(await valueFrom('return (async () => {}).constructor("return typeof process")()')).toBe('undefined');
    expect((await errorOf('return globalThis.constructor.constructor("return process")()')).message).toMatch(/process/);
    expect((await errorOf('return console.log.constructor("return process")()')).message).toMatch(/process/);
    expect((await errorOf('return await import("node:fs")')).code).toBe('script_failed');
    expect((await errorOf('return await import("/etc/passwd")')).code).toBe('script_failed');
    expect((await errorOf('import fs from "fs"')).message).toMatch(/SyntaxError/);
  });
  it('do not carry changes to the next script', async () => {
    await run(
      'Object.prototype.x = 1; Array.prototype.map = 1; JSON.stringify = () => "{}"; globalThis.left = 1; Promise.prototype.then = 1',
    );
    expect(
      await valueFrom('return [({}).x === undefined, typeof [].map, JSON.stringify([1]), typeof left, await Promise.resolve(1)]'),
    ).toEqual([true, 'function', '[1]', 'undefined', 1]);
  });
  it('hold when a script breaks what it is given', async () => {
    const code = `
      Array.prototype.toJSON = () => 'broken'; Object.prototype.toJSON = undefined;
      String.prototype.slice = () => { throw 1 }; JSON.stringify = () => { throw 1 }; Object.keys = () => { throw 1 };
      console.log('fine');
      return { a: 1, __proto__: null };`;
    expect(await run(code)).toEqual({ value: { a: 1 }, console: ['fine'] });
    expect({}).not.toHaveProperty('polluted');
    const error = await errorOf('return JSON.parse(\'{"__proto__": {"polluted": 1}}\')');
    expect(error).toMatchObject({ code: 'script_failed', message: expect.stringContaining('a member named "__proto__"') });
    expect({}).not.toHaveProperty('polluted');
  });
  it('cannot be left by closing the brace', async () => {
    for (const code of ['}); (async function () {', '}, async function () {', 'return 1 }']) {
      expect((await errorOf(code)).message).toMatch(/SyntaxError/);
      expect(await evaluator.checkScript(code)).toMatch(/SyntaxError/);
    }
  });
});

describe('the check of a script', () => {
  it('says where the syntax is wrong and runs nothing', async () => {
    expect(await evaluator.checkScript('const a = 1;\nreturn a + ;')).toMatch(/^SyntaxError: .*\(line 2:\d+\)$/);
    expect(await evaluator.checkScript('for (;;) ; // {{not a template}}')).toBeUndefined();
    expect(await evaluator.checkScript('return await null')).toBeUndefined();
  });
});
