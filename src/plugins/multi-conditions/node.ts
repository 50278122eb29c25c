// Multi-conditions: runs the branch of the first case that is true.

import { createPathBudget, type PathBudget } from '../../engine/path-budget.ts';
import { defineNode, type NodeContext, type NodeResult } from '../../engine/plugin.ts';
import { checkTest, runTest } from '../../engine/test-config.ts';
import { type MultiConditionsConfig, multiConditionsConfigSchema } from './schema.ts';

export const multiConditionsNode = defineNode<MultiConditionsConfig>({
  type: 'multi-conditions',
  title: 'Multi-conditions',
  description: 'Asks several questions in order. The flow runs the branch of the first case that is true.',
  config: multiConditionsConfigSchema,
  branches(config) {
    const keys = config.cases.map((one) => one.key);
    return config.otherwise === 'continue' ? [...keys, 'otherwise'] : keys;
  },
  flow: 'branching',
  expressions: ['cases[*].test'],
  check: (config) => config.cases.flatMap((one, index) => checkTest(one.test, `cases[${index}].test`)),
  run: (context) => tryFrom(context, 0, createPathBudget()),
});

/** Tries the cases from an index on; stays synchronous as long as the tests are. */
function tryFrom(
  context: NodeContext<MultiConditionsConfig>,
  start: number,
  budget: PathBudget,
): NodeResult | Promise<NodeResult> {
  const { cases } = context.config;
  for (let index = start; index < cases.length; index++) {
    const one = cases[index];
    if (one === undefined) continue;
    const answer = runTest(one, context, budget);
    if (typeof answer !== 'boolean')
      return answer.then((isTrue) => (isTrue ? chosen(one.key) : tryFrom(context, index + 1, budget)));
    if (answer) return chosen(one.key);
  }
  if (context.config.otherwise === 'continue') return { type: 'done', output: null, branch: 'otherwise' };
  return { type: 'end', status: 'failed', output: null, reason: 'No case is true, and it is set to fail then.' };
}

function chosen(key: string): NodeResult {
  return { type: 'done', output: key, branch: key };
}
