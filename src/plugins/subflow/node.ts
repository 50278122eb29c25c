// The subflow: runs another workflow, and waits for its result or does not.

import { defineNode } from '../../engine/plugin.ts';
import { type SubflowConfig, subflowConfigSchema } from './schema.ts';

export const subflowNode = defineNode<SubflowConfig>({
  type: 'subflow',
  title: 'Run another workflow',
  description: 'Starts another workflow. Its output node gives the result of this node.',
  config: subflowConfigSchema,
  canWait: true,
  resultHasEffect: true,
  waits: ({ wait }) => wait,
  run: ({ config }) => ({
    type: 'call',
    workflowId: config.workflow,
    input: config.input ?? null,
    isAwaited: config.wait,
  }),
});
