// The configuration of a wait: how long somebody may take to call back.

import { z } from 'zod';
import { customIssue, say } from '../../engine/say.ts';

export const UNIT_MS = { seconds: 1_000, minutes: 60_000, hours: 3_600_000, days: 86_400_000, weeks: 604_800_000 } as const;

/** Longest wait, in milliseconds: ten years. */
const MAX_WAIT_MS = 10 * 366 * 86_400_000;

export const waitConfigSchema = z
  .strictObject({
    timeout: z
      .number()
      .positive()
      .optional()
      .meta({ title: 'Give up after', description: 'Without it the execution waits until somebody calls.' }),
    unit: z.enum(['seconds', 'minutes', 'hours', 'days', 'weeks']).default('hours').meta({ title: 'Unit' }),
    onTimeout: z.enum(['branch', 'continue', 'fail']).default('branch').meta({
      title: 'When nobody calls in time',
      description: '`branch` runs the branch "timeout"; `continue` goes on without a result; `fail` lets the node fail.',
    }),
  })
  .superRefine(({ timeout, unit }, context) => {
    if (timeout === undefined || timeout * UNIT_MS[unit] <= MAX_WAIT_MS) return;
    context.addIssue(customIssue(say('field.timeoutTooLong'), ['timeout']));
  });

export type WaitConfig = z.infer<typeof waitConfigSchema>;
