// The configuration of a subflow: which workflow, with what, and whether to wait for it.

import { z } from 'zod';

export const subflowConfigSchema = z.strictObject({
  workflow: z
    .string()
    .min(1)
    .max(100)
    .meta({ title: 'Workflow', description: 'Id of the workflow to run; its live revision runs.', reference: 'workflow' }),
  input: z.unknown().optional().meta({ title: 'Input', description: 'What the workflow finds as {{$context}}.' }),
  wait: z.boolean().default(true).meta({
    title: 'Wait for its end',
    description: 'Then its output is the result of this node, and its failure the failure of this node.',
  }),
});

export type SubflowConfig = z.infer<typeof subflowConfigSchema>;

export const subflowTriggerConfigSchema = z.strictObject({});
