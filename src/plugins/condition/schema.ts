// The configuration of a condition: a test, in one of four languages, and what happens when it is false.

import { z } from 'zod';
import { requireTestOfEngine, testEngineSchema, testSchema } from '../../engine/test-config.ts';

export const conditionConfigSchema = z
  .strictObject({
    engine: testEngineSchema,
    test: testSchema,
    onFalse: z
      .enum(['branch', 'fail'])
      .default('branch')
      .meta({ title: 'When it is false', description: '`branch` runs the branch "false"; `fail` ends the execution as failed.' }),
  })
  .superRefine(requireTestOfEngine);

export type ConditionConfig = z.infer<typeof conditionConfigSchema>;
