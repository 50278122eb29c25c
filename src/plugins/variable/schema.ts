// The configuration of a variable: a value, for a new variable or for one declared before.

import { z } from 'zod';
import { nodeKeySchema } from '../../engine/model.ts';

export const variableConfigSchema = z.strictObject({
  assign: nodeKeySchema.optional().meta({
    reference: 'variable',
    title: 'Assign to',
    description: 'Key of the variable node whose value changes. Without one, this node is a new variable.',
  }),
  value: z.unknown().meta({ title: 'Value', description: 'Any JSON value; variables are written {{…}}.' }),
});

export type VariableConfig = z.infer<typeof variableConfigSchema>;
