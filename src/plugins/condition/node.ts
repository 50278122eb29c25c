// The condition: runs one of two branches, or stops a flow that has no business going on.

import { defineNode, type NodeResult } from '../../engine/plugin.ts';
import { checkTest, runTest } from '../../engine/test-config.ts';
import { type ConditionConfig, conditionConfigSchema } from './schema.ts';

const TRUE_RESULT: NodeResult = { type: 'done', output: true, branch: 'true' };
const FALSE_RESULT: NodeResult = { type: 'done', output: false, branch: 'false' };
const FAILED_RESULT: NodeResult = {
  type: 'end',
  status: 'failed',
  output: false,
  reason: 'The condition is false, and it is set to fail then.',
};

export const conditionNode = defineNode<ConditionConfig>({
  type: 'condition',
  title: 'Condition',
  description: 'Asks one question. The flow runs the branch "true" or the branch "false", or fails when the answer is false.',
  config: conditionConfigSchema,
  branches: (config) => (config.onFalse === 'fail' ? ['true'] : ['true', 'false']),
  flow: 'branching',
  expressions: ['test'],
  check: (config) => checkTest(config.test, 'test'),
  run(context) {
    const { config } = context;
    const answer = runTest(config, context);
    return typeof answer === 'boolean' ? toResult(config, answer) : answer.then((isTrue) => toResult(config, isTrue));
  },
});

function toResult(config: ConditionConfig, isTrue: boolean): NodeResult {
  if (isTrue) return TRUE_RESULT;
  return config.onFalse === 'fail' ? FAILED_RESULT : FALSE_RESULT;
}
