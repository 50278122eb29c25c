// Routes of deliveries: the log of what was sent, and to send again or not at all.

import { z } from 'zod';
import { defineRoute, type Route } from '../route.ts';
import {
  deliveryView,
  deliveryWithAttemptsView,
  idParams,
  showAttempt,
  showDelivery,
  shownDeliveryStatusSchema,
} from './outbound-views.ts';
import { moment, pageOf, pageQuery } from './views.ts';

const tag = 'Deliveries';

const listDeliveries = defineRoute({
  method: 'GET',
  path: '/api/deliveries',
  name: 'listDeliveries',
  permission: 'outbound:read',
  summary: 'Lists deliveries, newest first',
  tag,
  query: z.strictObject({
    endpointId: z.string().min(1).max(100).optional(),
    messageId: z.string().min(1).max(100).optional(),
    type: z.string().min(1).max(200).optional().meta({ description: 'The event type.' }),
    status: shownDeliveryStatusSchema.optional(),
    from: moment.optional().meta({ description: 'Accepted at or after this time.' }),
    to: moment.optional().meta({ description: 'Accepted before this time.' }),
    ...pageQuery,
  }),
  response: pageOf(deliveryView),
  async handle({ query: { type, ...query } }, { messages }) {
    const page = await messages.listDeliveries({ ...query, eventType: type });
    return { data: page.items.map(showDelivery), nextCursor: page.nextCursor };
  },
});

const getDelivery = defineRoute({
  method: 'GET',
  path: '/api/deliveries/{id}',
  name: 'getDelivery',
  permission: 'outbound:read',
  summary: 'Reads a delivery with its attempts: request, answer, times and errors',
  tag,
  params: idParams,
  response: deliveryWithAttemptsView,
  errors: ['delivery_not_found'],
  async handle({ params }, { messages }) {
    const { delivery, attempts } = await messages.getDelivery(params.id);
    return { ...showDelivery(delivery), attempts: attempts.map(showAttempt) };
  },
});

const retryDelivery = defineRoute({
  method: 'POST',
  path: '/api/deliveries/{id}/retry',
  name: 'retryDelivery',
  permission: 'outbound:write',
  summary: 'Sends a delivery again that has come to its end, with a new schedule of attempts',
  tag,
  params: idParams,
  response: deliveryView,
  errors: ['delivery_not_found', 'conflict'],
  handle: async ({ params }, { messages }) => showDelivery(await messages.retryDelivery(params.id)),
});

const cancelDelivery = defineRoute({
  method: 'POST',
  path: '/api/deliveries/{id}/cancel',
  name: 'cancelDelivery',
  permission: 'outbound:write',
  summary: 'Cancels a delivery that is still to be sent',
  tag,
  params: idParams,
  response: deliveryView,
  errors: ['delivery_not_found', 'conflict'],
  handle: async ({ params }, { messages }) => showDelivery(await messages.cancelDelivery(params.id)),
});

export const deliveryRoutes: readonly Route[] = [listDeliveries, getDelivery, retryDelivery, cancelDelivery];
