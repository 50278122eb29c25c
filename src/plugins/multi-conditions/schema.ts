// The configuration of multi-conditions: an ordered list of cases and what happens when none is true.

import { z } from 'zod';
import { nodeKeySchema } from '../../engine/model.ts';
import { customIssue, say, sentence } from '../../engine/say.ts';
import { requireTestOfEngine, testEngineSchema, testSchema } from '../../engine/test-config.ts';

const caseSchema = z
  .strictObject({
    key: nodeKeySchema
      .refine((key) => key !== 'otherwise', sentence('field.otherwise'))
      .meta({
        title: 'Key',
        description: 'The name of the branch that runs when this case is the first true one.',
        templates: false,
      }),
    label: z.string().max(200).optional().meta({ title: 'Label', templates: false }),
    engine: testEngineSchema,
    test: testSchema,
  })
  .superRefine(requireTestOfEngine);

export const multiConditionsConfigSchema = z.strictObject({
  cases: z
    .array(caseSchema)
    .min(1)
    .max(50)
    .superRefine((cases, context) => {
      const seen = new Set<string>();
      cases.forEach(({ key }, index) => {
        if (seen.has(key)) {
          context.addIssue(customIssue(say('field.earlierCase', { key }), [index, 'key']));
        }
        seen.add(key);
      });
    })
    .meta({ title: 'Cases', description: 'Tried in order; the first true one decides.' }),
  otherwise: z.enum(['fail', 'continue']).default('fail').meta({
    title: 'When no case is true',
    description: '`fail` ends the execution as failed; `continue` runs the branch "otherwise" and goes on.',
  }),
});

export type MultiConditionsConfig = z.infer<typeof multiConditionsConfigSchema>;
