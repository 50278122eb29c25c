// The JavaScript node: runs code in a sandbox; what it returns is the node's result.

import { defineNode } from '../../engine/plugin.ts';
import { type JavascriptConfig, javascriptConfigSchema } from './schema.ts';

export const javascriptNode = defineNode<JavascriptConfig>({
  type: 'javascript',
  title: 'JavaScript',
  description: 'Runs JavaScript in a sandbox without network and files. Its return value is the result.',
  config: javascriptConfigSchema,
  scripts: ['code'],
  async run(context) {
    const { code, arguments: list, timeoutMs, memoryMb } = context.config;
    const { value, console } = await context.runScript(code, {
      arguments: Object.fromEntries(list.map((argument) => [argument.name, argument.value ?? null])),
      timeoutMs,
      maxMemoryBytes: memoryMb * 1024 * 1024,
    });
    return { type: 'done', output: value, ...(console.length > 0 ? { log: console } : {}) };
  },
});
