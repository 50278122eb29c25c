// The configuration of a loop: over what, or as long as what, and what happens when a round fails.

import { z } from 'zod';
import { customIssue, say } from '../../engine/say.ts';
import { requireTestOfEngine, testEngineSchema, testSchema } from '../../engine/test-config.ts';

/** Most rounds that a designer may allow. */
const MAX_ROUNDS = 1_000_000;

export const loopConfigSchema = z
  .strictObject({
    over: z.unknown().optional().meta({
      title: 'Repeat for',
      description:
        'A list (each item), a number (that many times) or a text (each character). Without it: as long as the test is true.',
    }),
    while: z
      .strictObject({
        engine: testEngineSchema,
        test: testSchema,
        check: z.enum(['before', 'after']).default('before').meta({
          title: 'Ask',
          description: 'Before each round, or after it (then there is at least one round).',
        }),
      })
      .superRefine(requireTestOfEngine)
      .optional()
      .meta({ title: 'As long as' }),
    onItemFailure: z.enum(['exit', 'break', 'continue']).default('exit').meta({
      title: 'When a round fails',
      description:
        '`exit`: the loop fails too. `break`: the loop ends here and the flow goes on. `continue`: with the next round.',
    }),
    limit: z
      .int()
      .min(1)
      .max(MAX_ROUNDS)
      .default(10_000)
      .meta({ title: 'Most rounds', description: 'One more is an error, so that no loop runs for ever.', advanced: true }),
  })
  .superRefine((config, context) => {
    if (config.over === undefined && config.while === undefined) {
      context.addIssue(customIssue(say('field.loopOver'), ['over']));
    }
  });

export type LoopConfig = z.infer<typeof loopConfigSchema>;
