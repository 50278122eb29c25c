import { afterAll, describe, expect, it } from 'vitest';
import { definePlugin, type NodeContext, type ScriptOptions } from '../../src/engine/plugin.ts';
import { createRegistry } from '../../src/engine/registry.ts';
import { validateDocument } from '../../src/engine/validate.ts';
import { createEvaluator } from '../../src/expressions/evaluator.ts';
import { javascriptNode } from '../../src/plugins/javascript/node.ts';
import type { JavascriptConfig } from '../../src/plugins/javascript/schema.ts';
import { webhookTrigger } from '../../src/plugins/webhook/trigger.ts';

const evaluator = createEvaluator({ timeoutMs: 30_000, maxWorkers: 1, memoryMb: 96 });
afterAll(() => evaluator.close());

/** Runs the node as the runner does, with the real sandbox. */
async function run(config: unknown) {
  const asked: ScriptOptions[] = [];
  const context = {
    config: javascriptNode.config.parse(config),
    runScript: (code: string, options: ScriptOptions) => {
      asked.push(options);
      return evaluator.runScript(code, options);
    },
  } as Partial<NodeContext<JavascriptConfig>> as NodeContext<JavascriptConfig>;
  return { result: await javascriptNode.run(context), asked };
}

describe('the JavaScript node', () => {
  it('gives what the code returns, and what it wrote', async () => {
    const args = [
      { name: 'price', value: 5 },
      { name: 'none', value: null },
    ];
    const { result, asked } = await run({ code: 'console.log(none); return price * 2', arguments: args });
    expect(result).toEqual({ type: 'done', output: 10, log: ['null'] });
    expect(asked).toEqual([{ arguments: { price: 5, none: null }, timeoutMs: 2_000, maxMemoryBytes: 32 * 1024 * 1024 }]);
    expect((await run({ code: 'return 1' })).result).toEqual({ type: 'done', output: 1 });
  });
  it('fails with the error of the script', async () => {
    await expect(run({ code: 'throw new RangeError("far")' })).rejects.toMatchObject({ code: 'script_failed' });
    await expect(run({ code: 'for (;;) ;', timeoutMs: 50 })).rejects.toMatchObject({ code: 'script_limit' });
  });
  it.each([
    [{ code: '' }, 'code'],
    [{ code: 'x', timeoutMs: 60_001 }, 'timeoutMs'],
    [{ code: 'x', memoryMb: 0 }, 'memoryMb'],
    [{ code: 'x', arguments: [{ name: 'a-b', value: 1 }] }, 'arguments'],
    [{ code: 'x', arguments: [{ name: 'Object', value: 1 }] }, 'in every script already'],
    [
      {
        code: 'x',
        arguments: [
          { name: 'a', value: 1 },
          { name: 'a', value: 2 },
        ],
      },
      'earlier argument',
    ],
  ])('refuses %j', (config, text) => {
    expect(JSON.stringify(javascriptNode.config.safeParse(config).error?.issues)).toContain(text);
  });
});

describe('saving a workflow with a JavaScript node', () => {
  const registry = createRegistry([definePlugin({ name: 'test', nodes: [javascriptNode], triggers: [webhookTrigger] })]);
  const save = (config: unknown) => {
    const document = { trigger: { type: 'webhook', config: {} }, nodes: [{ key: 'js', type: 'javascript', config }] };
    return validateDocument(document, { mode: 'async', registry, evaluator });
  };

  it('takes {{ in the code for what it is', async () => {
    expect((await save({ code: 'return {a: {b: 1}, c: `{{$context.nothing}} {{`}' })).problems).toEqual([]);
  });
  it('names the place of a mistake', async () => {
    expect((await save({ code: 'const a = 1;\nreturn a +;' })).problems).toMatchObject([
      {
        path: 'nodes[0].config.code',
        code: 'invalid_script',
        message: expect.stringMatching(/^SyntaxError: .*\(line 2:\d+\)$/),
        severity: 'error',
      },
    ]);
  });
  it('checks the templates of the arguments', async () => {
    const { problems } = await save({ code: 'return a', arguments: [{ name: 'a', value: '{{$nodes.missing}}' }] });
    expect(problems).toMatchObject([{ path: 'nodes[0].config.arguments[0].value' }]);
  });
});
