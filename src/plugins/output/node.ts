// The output: its value is the result of the execution; the last one counts.

import { defineNode } from '../../engine/plugin.ts';
import { type OutputConfig, outputConfigSchema } from './schema.ts';

export const outputNode = defineNode<OutputConfig>({
  type: 'output',
  title: 'Output',
  description:
    'Sets the result of this workflow: a workflow that calls it as a subflow gets it. The last output that runs counts.',
  config: outputConfigSchema,
  run: ({ config }) => ({ type: 'done', output: config.value ?? null, isResult: true }),
});
