// The configuration of an output: the value.

import { z } from 'zod';

export const outputConfigSchema = z.strictObject({
  value: z.unknown().meta({ title: 'Value', description: 'The result of this workflow, for the workflow that called it.' }),
});

export type OutputConfig = z.infer<typeof outputConfigSchema>;
