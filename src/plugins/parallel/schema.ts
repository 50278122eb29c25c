// The configuration of parallel branches: their names, and what has to be done before the flow goes on.

import { z } from 'zod';
import { nodeKeySchema } from '../../engine/model.ts';
import { customIssue, say } from '../../engine/say.ts';

/** Most branches. */
const MAX_BRANCHES = 50;

export const parallelConfigSchema = z.strictObject({
  mode: z.enum(['all', 'any', 'race']).default('all').meta({
    title: 'Goes on',
    description:
      '`all`: when every branch has succeeded; fails with the first that fails. `any`: with the first that succeeds; fails when all have failed. `race`: with the first that ends, one way or the other.',
  }),
  branches: z
    .array(
      z.strictObject({
        key: nodeKeySchema.meta({ title: 'Name of the branch', templates: false }),
        label: z.string().max(200).optional().meta({ title: 'Label', templates: false }),
      }),
    )
    .min(1)
    .max(MAX_BRANCHES)
    .superRefine((branches, context) => {
      const seen = new Set<string>();
      for (const [index, { key }] of branches.entries()) {
        if (seen.has(key)) context.addIssue(customIssue(say('field.branchTwice', { key }), [index, 'key']));
        seen.add(key);
      }
    }),
});

export type ParallelConfig = z.infer<typeof parallelConfigSchema>;
