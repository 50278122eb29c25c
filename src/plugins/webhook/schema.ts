// What a designer sets for a "Webhook event": who may call, what becomes a variable, and what an async caller hears.

import { z } from 'zod';
import { allowedHostsSchema } from '../../engine/reply.ts';
import { sentence } from '../../engine/say.ts';

/** A template that is the whole value, such as `{{$context.body.status}}`; checked when it is rendered. */
const templateSchema = z.string().regex(/^\s*\{\{.*\}\}\s*$/, sentence('field.status'));

const alias = z.string().max(200).optional().meta({ title: 'Alias', description: 'The name that the variable is shown with.' });
const required = z.boolean().optional().meta({ title: 'Required', description: 'A request without it is refused with 422.' });
const defaultValue = z
  .unknown()
  .optional()
  .meta({ title: 'Default', description: 'The value when the request has none.', advanced: true });
/** A variable's own name, so that templates reach it at one step: no dots, no brackets. */
const name = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, sentence('field.name'))
  .optional()
  .meta({ title: 'Variable name', description: 'Needed for a JSONPath; otherwise the path names the variable.', advanced: true });

const headerVariableSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, sentence('field.header'))
    .meta({ title: 'Header', description: 'The header to read, in any case, such as X-Request-Id.' }),
  alias,
  required,
  default: defaultValue,
});

const pathVariableSchema = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(1000)
    .meta({ title: 'Path', description: 'Such as `payment.status`, `items[0].sku` or `items.sku`.' }),
  name,
  alias,
  required,
  default: defaultValue,
});
export type PathVariable = z.infer<typeof pathVariableSchema>;

const credential = z.string().min(1, sentence('value.empty')).max(1000);

const basicAuthSchema = z
  .strictObject({
    type: z.literal('basic'),
    username: credential
      .refine((text) => !text.includes(':'), sentence('field.colon'))
      .meta({ title: 'User name', writeOnly: true, isSent: false }),
    password: credential.meta({
      title: 'Password',
      description: 'Or the template of a named secret, {{$secrets.NAME}}.',
      writeOnly: true,
      isSent: false,
    }),
  })
  .meta({ title: 'Basic authentication', description: 'Callers must send this user name and password.' });

const responseSchema = z
  .strictObject({
    status: z
      .union([z.int().min(200).max(599), templateSchema])
      .optional()
      .meta({ title: 'Status' }),
    headers: z
      .array(z.strictObject({ name: z.string().min(1).max(200), value: z.string().max(8000) }))
      .max(50)
      .optional()
      .meta({ title: 'Headers' }),
    body: z.unknown().optional().meta({ title: 'Body', description: 'Text, or JSON. Templates are filled in.' }),
    allowedHosts: allowedHostsSchema,
  })
  .meta({
    title: 'Response',
    description: 'What the caller of an async workflow hears at once. Default: 200 `ok`.',
    templates: true,
  });

export const webhookConfigSchema = z.strictObject({
  auth: basicAuthSchema.optional(),
  headers: z.array(headerVariableSchema).max(200).default([]).meta({ title: 'Headers' }),
  query: z.array(pathVariableSchema).max(500).default([]).meta({ title: 'Query parameters' }),
  body: z.array(pathVariableSchema).max(500).default([]).meta({ title: 'Body' }),
  response: responseSchema.optional(),
  deadlineMs: z
    .int()
    .min(1)
    .max(3_600_000)
    .optional()
    .meta({ title: 'Deadline', description: 'How long a sync caller waits, in milliseconds, before 504.', advanced: true }),
  maxBodyBytes: z
    .int()
    .min(1)
    .max(1024 ** 3)
    .default(1024 ** 2)
    .meta({
      title: 'Largest body',
      description: 'In bytes, after inflating. Larger bodies are refused with 413.',
      advanced: true,
    }),
});
export type WebhookConfig = z.infer<typeof webhookConfigSchema>;
