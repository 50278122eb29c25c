// The configuration of a date calculation: a date, how it is written, and the steps that follow each other.

import { z } from 'zod';
import { customIssue, say } from '../../engine/say.ts';

const UNITS = ['years', 'quarters', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds'] as const;

const SETTABLE = [
  'year',
  'quarter',
  'month',
  'weekNumber',
  'weekday',
  'ordinal',
  'day',
  'hour',
  'minute',
  'second',
  'millisecond',
] as const;

const PARTS = [
  'year',
  'quarter',
  'month',
  'weekNumber',
  'weekYear',
  'weekday',
  'day',
  'dayOfYear',
  'hour',
  'minute',
  'second',
  'millisecond',
  'offsetMinutes',
  'timestamp',
  'timestampSeconds',
] as const;
export type DatePart = (typeof PARTS)[number];

const unit = z.enum(UNITS).meta({ title: 'Unit' });
const zone = z
  .string()
  .min(1)
  .max(100)
  .meta({ title: 'Time zone', description: 'An IANA name such as Europe/Brussels, or UTC.' });
/** Beyond this, no calendar helps; a sum of such steps is checked by its year. */
const amount = z.number().min(-1e12).max(1e12).meta({ title: 'Amount' });
const date = z.unknown().optional();

const stepSchema = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('add'), amount, unit }),
  z.strictObject({ action: z.literal('subtract'), amount, unit }),
  z.strictObject({ action: z.literal('startOf'), unit }),
  z.strictObject({ action: z.literal('endOf'), unit }),
  z.strictObject({
    action: z.literal('set'),
    unit: z.enum(SETTABLE).meta({ title: 'Unit' }),
    value: z.int().min(-100_000).max(100_000).meta({ title: 'Value' }),
  }),
  z.strictObject({ action: z.literal('toZone'), zone }),
  z.strictObject({
    action: z.literal('difference'),
    to: date.meta({ title: 'To', description: 'A date written as the input is. The result is positive when it is later.' }),
    unit,
    rounded: z.boolean().optional().meta({ title: 'Whole units only', description: 'Cut towards zero.' }),
  }),
  z.strictObject({
    action: z.literal('format'),
    format: z.string().min(1).max(200).meta({ title: 'Format', description: 'Such as yyyy-MM-dd HH:mm.' }),
    locale: z.string().min(1).max(50).optional().meta({ title: 'Language', description: 'Such as nl-BE. Default en.' }),
  }),
  z.strictObject({ action: z.literal('get'), part: z.enum(PARTS).meta({ title: 'Part' }) }),
  z.strictObject({ action: z.literal('isLeapYear') }),
  z.strictObject({ action: z.literal('daysInMonth') }),
]);
export type DateStep = z.infer<typeof stepSchema>;

/** Steps whose result is no date: nothing can follow them. */
const LAST: ReadonlySet<DateStep['action']> = new Set(['difference', 'format', 'get', 'isLeapYear', 'daysInMonth']);

export const dateCalculationConfigSchema = z.strictObject({
  input: date.meta({ title: 'Date', description: 'Such as {{$context.body.date}}. Without one: now.' }),
  inputFormat: z.string().min(1).max(200).default('iso').meta({
    title: 'Input format',
    advanced: true,
    description: '`iso`, `unix` (seconds), `unix-ms`, or a format such as dd/MM/yyyy.',
  }),
  zone: zone.default('UTC').meta({ advanced: true }),
  steps: z
    .array(stepSchema)
    .max(100)
    .superRefine((steps, context) => {
      steps.slice(0, -1).forEach(({ action }, index) => {
        if (!LAST.has(action)) return;
        context.addIssue(customIssue(say('field.lastStep', { action }), [index, 'action']));
      });
    })
    .default([])
    .meta({ title: 'Steps', description: 'Done one after the other.' }),
});

export type DateCalculationConfig = z.infer<typeof dateCalculationConfigSchema>;
