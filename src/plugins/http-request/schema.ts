// The configuration of an HTTP request: what is sent, where to, and what counts as success.

import { z } from 'zod';
import { allowedHostsSchema } from '../../engine/allowed-hosts-schema.ts';

const text = z.union([z.string(), z.number(), z.boolean(), z.null()]).optional();
const pair = z.strictObject({
  name: z.string().min(1).max(200).meta({ title: 'Name' }),
  value: text.meta({ title: 'Value', description: 'Without a value it is left out.' }),
});

const secretHeaderSchema = z.strictObject({
  name: z.string().min(1).max(200).meta({ title: 'Name' }),
  value: z.string().min(1).max(8_000).meta({ title: 'Value', writeOnly: true }),
});

const authSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('basic'),
    username: z.string().max(1_000).meta({ title: 'User name' }),
    password: z.string().max(1_000).meta({ title: 'Password', writeOnly: true }),
  }),
  z.strictObject({
    type: z.literal('bearer'),
    token: z.string().min(1).max(8_000).meta({ title: 'Token', writeOnly: true }),
  }),
]);

const bodySchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('none') }),
  z.strictObject({ type: z.literal('json'), value: z.unknown().optional().meta({ title: 'JSON' }) }),
  z.strictObject({ type: z.literal('form'), fields: z.array(pair).max(500).meta({ title: 'Fields' }) }),
  z.strictObject({
    type: z.literal('text'),
    value: text.meta({ title: 'Text' }),
    contentType: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .meta({ title: 'Content-Type', description: 'Default text/plain.', advanced: true }),
  }),
]);

export const httpRequestConfigSchema = z.strictObject({
  method: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']).default('GET').meta({ title: 'Method' }),
  url: z
    .string()
    .min(1)
    .max(16_384)
    .meta({ title: 'URL', description: 'Such as https://example.com/orders/{{$context.body.id}}.', target: 'url' }),
  allowedHosts: allowedHostsSchema.optional(),
  query: z.array(pair).max(200).default([]).meta({ title: 'Query parameters', description: 'Added to those of the URL.' }),
  headers: z.array(pair).max(100).default([]).meta({ title: 'Headers' }),
  secretHeaders: z.array(secretHeaderSchema).max(20).default([]).meta({
    title: 'Secret headers',
    description: 'Such as X-Api-Key. Their values are stored sealed and never shown.',
    advanced: true,
  }),
  auth: authSchema.optional().meta({ title: 'Authentication' }),
  body: bodySchema.default({ type: 'none' }).meta({ title: 'Body' }),
  timeoutMs: z.coerce.number().int().min(1).max(600_000).optional().meta({
    advanced: true,
    title: 'Time limit',
    description:
      "In milliseconds, for everything from the name's lookup to the end of the answer. Default: the server's, 15 000.",
  }),
  maxResponseBytes: z.coerce
    .number()
    .int()
    .min(1)
    .max(16 * 1024 ** 2)
    .default(1024 ** 2)
    .meta({ title: 'Largest answer', description: 'In bytes, after inflating.', advanced: true }),
  successStatuses: z
    .array(z.int().min(100).max(599))
    .min(1)
    .max(100)
    .optional()
    .meta({ title: 'Successful statuses', description: 'Default: 200 to 299.', advanced: true }),
  ignoreFailure: z.boolean().default(false).meta({
    advanced: true,
    title: 'Ignore failure',
    description: 'Go on also when the request fails; `ok` in the result says whether it did.',
  }),
});

export type HttpRequestConfig = z.infer<typeof httpRequestConfigSchema>;
