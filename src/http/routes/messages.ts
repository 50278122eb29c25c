// Routes of messages: publish, find, replay.

import { z } from 'zod';
import { eventTypeNameSchema, eventVersionSchema } from '../../engine/outbound-model.ts';
import { defineRoute, ReplyWithHeaders, type Route } from '../route.ts';
import {
  deliveryView,
  idParams,
  messageSummaryView,
  messageView,
  publishedView,
  showDelivery,
  showMessage,
} from './outbound-views.ts';
import { moment, pageOf, pageQuery } from './views.ts';

const tag = 'Messages';

/** As long as anybody's: Stripe's are at most 255 characters. */
const idempotencyKey = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII');

const publishMessage = defineRoute({
  method: 'POST',
  path: '/api/messages',
  name: 'publishMessage',
  permission: 'messages:write',
  // Messages are their own log, and may come by the thousand.
  isAudited: false,
  summary: 'Publishes an event to all endpoints that subscribe to its type',
  description: 'The reply leaves when the message and its deliveries are stored; they are sent from then on.',
  tag,
  headers: z.strictObject({
    'Idempotency-Key': idempotencyKey.optional().meta({
      description: 'Who publishes the same event again with the same key gets the first message, and nothing is sent twice.',
    }),
  }),
  body: z.strictObject({
    type: eventTypeNameSchema,
    data: z.unknown().refine((data) => data !== undefined, 'is missing'),
    version: eventVersionSchema.optional().meta({ description: 'Of the data. Default the highest that the catalogue has.' }),
    timestamp: moment.optional().meta({ description: 'Time of the event. Default now.' }),
    userId: z.string().min(1).max(1_000).optional().meta({ description: 'Who caused it, for envelopes that say so.' }),
  }),
  response: publishedView,
  status: 201,
  replyHeaders: { 'Idempotent-Replayed': '`true` when this is the message of an earlier request with the same key.' },
  errors: ['invalid_event', 'conflict'],
  async handle({ headers, body }, { messages }) {
    const { message, deliveries, replayed } = await messages.publish({ ...body, data: body.data }, headers['Idempotency-Key']);
    const shown = { ...showMessage(message), deliveries };
    return replayed ? new ReplyWithHeaders(shown, { 'Idempotent-Replayed': 'true' }) : shown;
  },
});

const listMessages = defineRoute({
  method: 'GET',
  path: '/api/messages',
  name: 'listMessages',
  permission: 'outbound:read',
  summary: 'Lists messages, newest first',
  tag,
  query: z.strictObject({
    type: z.string().min(1).max(200).optional(),
    from: moment.optional().meta({ description: 'Accepted at or after this time.' }),
    to: moment.optional().meta({ description: 'Accepted before this time.' }),
    ...pageQuery,
  }),
  response: pageOf(messageSummaryView),
  async handle({ query }, { messages }) {
    const page = await messages.list(query);
    return { data: page.items.map(showMessage), nextCursor: page.nextCursor };
  },
});

const getMessage = defineRoute({
  method: 'GET',
  path: '/api/messages/{id}',
  name: 'getMessage',
  permission: 'outbound:read',
  summary: 'Reads a message with its data and its deliveries',
  tag,
  params: idParams,
  response: messageView,
  errors: ['message_not_found'],
  async handle({ params }, { messages }) {
    const { message, deliveries } = await messages.get(params.id);
    return { ...showMessage(message), data: JSON.parse(message.data), deliveries: deliveries.map(showDelivery) };
  },
});

const replayMessage = defineRoute({
  method: 'POST',
  path: '/api/messages/{id}/replay',
  name: 'replayMessage',
  permission: 'outbound:write',
  summary: 'Sends a message once more, to one endpoint, as a new delivery with the same `webhook-id`',
  tag,
  params: idParams,
  body: z.strictObject({ endpointId: z.string().min(1).max(100) }),
  response: deliveryView,
  status: 201,
  errors: ['message_not_found', 'endpoint_not_found', 'conflict'],
  handle: async ({ params, body }, { messages }) => showDelivery(await messages.replay(params.id, body.endpointId)),
});

export const messageRoutes: readonly Route[] = [publishMessage, listMessages, getMessage, replayMessage];
