// The variable: declares a value under this node's key, or changes the value of an earlier one.

import { defineNode } from '../../engine/plugin.ts';
import { say } from '../../engine/say.ts';
import { type VariableConfig, variableConfigSchema } from './schema.ts';

export const variableNode = defineNode<VariableConfig>({
  type: 'variable',
  title: 'Variable',
  description: 'Keeps a value that later nodes read as {{$nodes.<key>}}, or changes the value of an earlier variable.',
  config: variableConfigSchema,
  check({ assign }, { earlier }) {
    if (assign === undefined || earlier.some((node) => node.key === assign && node.type === 'variable')) return [];
    const other = earlier.find((node) => node.key === assign);
    const said =
      other === undefined
        ? say('field.noVariable', { key: assign })
        : say('field.notVariable', { key: assign, type: other.type });
    return [{ path: 'assign', code: 'invalid_config', ...said }];
  },
  run(context) {
    const { config } = context;
    const value = config.value ?? null;
    if (config.assign !== undefined) context.assign(config.assign, value);
    return { type: 'done', output: value };
  },
});
