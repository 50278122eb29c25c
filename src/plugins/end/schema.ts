// The configuration of an end: how the execution counts.

import { z } from 'zod';

export const endConfigSchema = z.strictObject({
  status: z.enum(['succeeded', 'failed']).default('succeeded').meta({ title: 'Ends as' }),
});

export type EndConfig = z.infer<typeof endConfigSchema>;
