// The calculation: evaluates an expression; its value is the node's result.

import { defineNode } from '../../engine/plugin.ts';
import { type CalculationConfig, calculationConfigSchema } from './schema.ts';

export const calculationNode = defineNode<CalculationConfig>({
  type: 'calculation',
  title: 'Calculation',
  description: 'Computes a value from variables: arithmetic, spreadsheet functions, a query or a text with variables in it.',
  config: calculationConfigSchema,
  expressions: ['expression'],
  async run(context) {
    const { engine, expression } = context.config;
    return { type: 'done', output: await context.evaluate(engine, expression) };
  },
});
