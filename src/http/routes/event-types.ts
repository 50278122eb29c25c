// Routes of the event catalogue.

import { z } from 'zod';
import { eventTypeNameSchema } from '../../engine/outbound-model.ts';
import { eventTypeFieldsSchema, newEventTypeSchema } from '../../outbound/event-types.ts';
import { defineRoute, type Route } from '../route.ts';
import { eventTypeView, showEventType } from './outbound-views.ts';

const tag = 'Event types';

/** What is inside is the service's to judge: it reports all problems at once, as 422. */
const anyFields = z.record(z.string(), z.unknown());

const nameParams = z.strictObject({ name: eventTypeNameSchema });
const versionParams = nameParams.extend({ version: z.coerce.number<string>().int().min(1).max(10_000) });

const createEventType = defineRoute({
  method: 'POST',
  path: '/api/event-types',
  name: 'createEventType',
  permission: 'outbound:write',
  summary: 'Puts an event type into the catalogue, as version 1',
  tag,
  body: anyFields,
  documentedBody: newEventTypeSchema,
  response: eventTypeView,
  status: 201,
  errors: ['invalid_event_type', 'conflict'],
  handle: async ({ body }, { eventTypes }) => showEventType(await eventTypes.create(body)),
});

const listEventTypes = defineRoute({
  method: 'GET',
  path: '/api/event-types',
  name: 'listEventTypes',
  permission: 'outbound:read',
  summary: 'Lists the event catalogue by name, each type with its versions',
  tag,
  response: z.strictObject({ data: z.array(eventTypeView) }),
  handle: async (_input, { eventTypes }) => ({ data: (await eventTypes.list()).map(showEventType) }),
});

const getEventType = defineRoute({
  method: 'GET',
  path: '/api/event-types/{name}',
  name: 'getEventType',
  permission: 'outbound:read',
  summary: 'Reads an event type with its versions',
  tag,
  params: nameParams,
  response: eventTypeView,
  errors: ['event_type_not_found'],
  handle: async ({ params }, { eventTypes }) => showEventType(await eventTypes.get(params.name)),
});

const addVersion = defineRoute({
  method: 'POST',
  path: '/api/event-types/{name}/versions',
  name: 'addEventTypeVersion',
  permission: 'outbound:write',
  summary: 'Adds the next version of an event type; endpoints stay on theirs until they are moved',
  tag,
  params: nameParams,
  body: anyFields,
  documentedBody: eventTypeFieldsSchema,
  response: eventTypeView,
  status: 201,
  errors: ['event_type_not_found', 'invalid_event_type', 'conflict'],
  handle: async ({ params, body }, { eventTypes }) => showEventType(await eventTypes.addVersion(params.name, body)),
});

const updateVersion = defineRoute({
  method: 'PATCH',
  path: '/api/event-types/{name}/versions/{version}',
  name: 'updateEventTypeVersion',
  permission: 'outbound:write',
  summary: 'Changes the fields of a version that are sent',
  tag,
  params: versionParams,
  body: anyFields,
  documentedBody: eventTypeFieldsSchema,
  response: eventTypeView,
  errors: ['event_type_not_found', 'invalid_event_type'],
  async handle({ params, body }, { eventTypes }) {
    return showEventType(await eventTypes.update(params.name, params.version, body));
  },
});

const deleteVersion = defineRoute({
  method: 'DELETE',
  path: '/api/event-types/{name}/versions/{version}',
  name: 'deleteEventTypeVersion',
  permission: 'outbound:write',
  summary: 'Deletes a version that no endpoint gets; the last one takes the event type with it',
  tag,
  params: versionParams,
  response: z.undefined(),
  status: 204,
  errors: ['event_type_not_found', 'conflict'],
  async handle({ params }, { eventTypes }) {
    await eventTypes.delete(params.name, params.version);
    return undefined;
  },
});

export const eventTypeRoutes: readonly Route[] = [
  createEventType,
  listEventTypes,
  getEventType,
  addVersion,
  updateVersion,
  deleteVersion,
];
