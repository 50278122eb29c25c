// The configuration of a delay: how long, or until when.

import { z } from 'zod';
import { customIssue, say, sentence } from '../../engine/say.ts';

export const UNIT_MS = {
  milliseconds: 1,
  seconds: 1_000,
  minutes: 60_000,
  hours: 3_600_000,
  days: 86_400_000,
  weeks: 604_800_000,
} as const;

export const unitSchema = z
  .enum(['milliseconds', 'seconds', 'minutes', 'hours', 'days', 'weeks'])
  .default('seconds')
  .meta({ title: 'Unit' });

/** A number, or text that is one: what a computed value often is. */
export const amountSchema = z
  .union([z.number(), z.string().regex(/^\s*-?\d+(\.\d+)?\s*$/, sentence('field.number'))])
  .transform(Number);

export const delayConfigSchema = z
  .strictObject({
    duration: amountSchema.optional().meta({ title: 'How long', description: 'Or `until`; one of the two.' }),
    unit: unitSchema,
    until: z
      .union([z.string(), z.number()])
      .optional()
      .meta({ title: 'Until', description: 'A time in ISO 8601, or in milliseconds since 1970.' }),
    afterwards: z
      .enum(['continue', 'fail'])
      .default('continue')
      .meta({ title: 'Afterwards', description: '`continue` goes on; `fail` lets the node fail.' }),
  })
  .superRefine((config, context) => {
    if ((config.duration === undefined) === (config.until === undefined)) {
      context.addIssue(customIssue(say('field.durationOrUntil'), ['duration']));
    }
  });

export type DelayConfig = z.infer<typeof delayConfigSchema>;
