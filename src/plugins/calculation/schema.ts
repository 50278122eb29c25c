// The configuration of a calculation: an expression and its language.

import { z } from 'zod';
import { expressionSchema } from '../../engine/test-config.ts';

export const calculationConfigSchema = z.strictObject({
  engine: z.enum(['mathjs', 'formula', 'jsonata', 'template']).meta({
    title: 'Language',
    description: '`mathjs`: arithmetic. `formula`: as in a spreadsheet. `jsonata`: queries. `template`: text with {{…}}.',
  }),
  expression: expressionSchema.meta({
    title: 'Expression',
    description: 'Variables are written {{…}}, in JSONata $context, $nodes and so on.',
  }),
});

export type CalculationConfig = z.infer<typeof calculationConfigSchema>;
