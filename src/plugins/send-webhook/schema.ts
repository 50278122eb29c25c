// The configuration of a webhook to be sent: what has happened, who is told, and whether the flow waits for the outcome.

import { z } from 'zod';
import { allowedHostsSchema } from '../../engine/allowed-hosts-schema.ts';
import {
  endpointConfigSchema,
  envelopeSchema,
  eventTypeNameSchema,
  eventVersionSchema,
  retryScheduleSchema,
  signatureProfileSchema,
} from '../../engine/outbound-model.ts';
import { customIssue, say } from '../../engine/say.ts';

export const UNIT_MS = { seconds: 1_000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 } as const;

/** Longest wait, in milliseconds: longer than any schedule of retries. */
const MAX_WAIT_MS = 400 * 86_400_000;

const { headers, secretHeaders, success, timeoutMs } = endpointConfigSchema.shape;

const subscribersSchema = z
  .strictObject({ type: z.literal('subscribers').meta({ title: 'Subscribers' }) })
  .meta({ title: 'Endpoints that subscribe', description: 'Every endpoint that has asked for the type of the event.' });

const urlSchema = z
  .strictObject({
    type: z.literal('url').meta({ title: 'URL' }),
    url: z
      .string()
      .min(1)
      .max(16_384)
      .meta({ title: 'URL', description: 'Such as https://example.com/webhooks.', target: 'url' }),
    secret: z.string().min(8).max(1_000).optional().meta({
      title: 'Secret',
      description: 'Signs the request: whsec_… for Standard Webhooks. Without one, and without profiles, it is not signed.',
      writeOnly: true,
      isSent: false,
    }),
    profiles: z.array(signatureProfileSchema).min(1).max(8).optional().meta({
      advanced: true,
      title: 'Signatures',
      description: 'How it is signed. Default: Standard Webhooks when there is a secret.',
    }),
    envelope: envelopeSchema
      .optional()
      .meta({ advanced: true, title: 'Envelope', description: 'What the body is made of. Default { type, timestamp, data }.' }),
    headers: headers
      .unwrap()
      .optional()
      .meta({ advanced: true, title: 'Headers', description: 'Sent along with every request.' }),
    secretHeaders: secretHeaders.unwrap().optional().meta({
      advanced: true,
      title: 'Secret headers',
      description: 'Sent along, too. Their values are stored sealed and never shown.',
    }),
    allowedHosts: allowedHostsSchema.optional(),
    success: success
      .unwrap()
      .optional()
      .meta({ advanced: true, title: 'Success', description: 'Which answers count: 2xx (default), or a list of statuses.' }),
    timeoutMs: timeoutMs
      .unwrap()
      .optional()
      .meta({ advanced: true, title: 'Time limit', description: 'For one whole exchange, in milliseconds. Default 10 000.' }),
    retry: retryScheduleSchema.optional().meta({
      advanced: true,
      title: 'Retries',
      description: 'When it is tried again after a failure. Default: ten attempts over three days.',
    }),
  })
  .meta({ title: 'One URL', description: 'This URL alone, whoever subscribes.' });

export const sendWebhookConfigSchema = z
  .strictObject({
    to: z
      .discriminatedUnion('type', [subscribersSchema, urlSchema])
      .default({ type: 'subscribers' })
      .meta({ title: 'To', description: 'Who is told.' }),
    event: eventTypeNameSchema
      .optional()
      .meta({ title: 'Event type', description: 'Such as order.created. For one URL the default is message.' }),
    data: z
      .unknown()
      .optional()
      .meta({ title: 'Data', description: 'Any JSON. What the event catalogue says of the type must fit.' }),
    version: eventVersionSchema.optional().meta({
      advanced: true,
      title: 'Version',
      description: 'Of the event type, which the data is made for. Default the newest.',
    }),
    userId: z
      .union([z.string().max(1_000), z.number(), z.null()])
      .optional()
      .meta({ advanced: true, title: 'User', description: 'Who caused the event, for receivers that are told so.' }),
    wait: z.boolean().default(false).meta({
      title: 'Wait for the outcome',
      description: 'Then the flow goes on with the branch "delivered" or "failed" when everybody was told, or cannot be.',
    }),
    waitLimit: z.number().positive().default(1).meta({
      title: 'Wait at most',
      description: 'What is not delivered by then counts as failed; it is tried on all the same.',
    }),
    waitUnit: z
      .enum(['seconds', 'minutes', 'hours', 'days'])
      .default('days')
      .meta({ title: 'Unit', description: 'Of the longest wait.' }),
  })
  .superRefine(({ to, event, waitLimit, waitUnit }, context) => {
    if (to.type === 'subscribers' && event === undefined) {
      context.addIssue(customIssue(say('field.eventNeeded'), ['event']));
    }
    if (waitLimit * UNIT_MS[waitUnit] > MAX_WAIT_MS) {
      context.addIssue(customIssue(say('field.waitTooLong'), ['waitLimit']));
    }
  });

export type SendWebhookConfig = z.infer<typeof sendWebhookConfigSchema>;
