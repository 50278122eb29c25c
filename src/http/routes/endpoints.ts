// Routes of endpoints: make, change, test, look after.

import { z } from 'zod';
import { problemSchema } from '../../engine/model.ts';
import { endpointConfigSchema, endpointStatusSchema, eventTypeNameSchema } from '../../engine/outbound-model.ts';
import { STATS_WINDOWS, type StatsWindow } from '../../outbound/endpoint-stats.ts';
import { createEndpointSchema, MAX_OVERLAP_MS } from '../../outbound/endpoints.ts';
import { SNIPPET_LANGUAGES } from '../../outbound/signing/snippets/verify-snippet.ts';
import { namedHosts } from '../audit-details.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  attemptView,
  endpointView,
  endpointWithSecretView,
  idParams,
  showAttempt,
  showEndpoint,
  showEndpointWithSecret,
} from './outbound-views.ts';
import { moment, pageOf, pageQuery } from './views.ts';

const tag = 'Endpoints';

/** What is inside is the endpoint service's to judge: it reports all problems at once, as 422. */
const anyFields = z.record(z.string(), z.unknown());

const changeFields = z
  .strictObject({
    ...endpointConfigSchema.shape,
    rateLimit: endpointConfigSchema.shape.rateLimit.nullable(),
    batch: endpointConfigSchema.shape.batch.nullable(),
    enabled: z.boolean(),
  })
  .partial();

const createEndpoint = defineRoute({
  method: 'POST',
  path: '/api/endpoints',
  name: 'createEndpoint',
  permission: 'outbound:write',
  summary: 'Creates an endpoint; its secret is in this reply and in no later one',
  tag,
  body: anyFields,
  documentedBody: createEndpointSchema,
  response: endpointWithSecretView,
  status: 201,
  errors: ['invalid_endpoint'],
  auditDetails: ({ body }) => namedHosts(body),
  handle: async ({ body }, { endpoints }) => showEndpointWithSecret(await endpoints.create(body)),
});

const listEndpoints = defineRoute({
  method: 'GET',
  path: '/api/endpoints',
  name: 'listEndpoints',
  permission: 'outbound:read',
  summary: 'Lists endpoints, newest first',
  tag,
  query: z.strictObject({
    kind: z.enum(['endpoint', 'url']).default('endpoint').meta({ description: '`url`: those of nodes that send to a URL.' }),
    status: endpointStatusSchema.optional(),
    workspace: z.string().max(200).optional(),
    search: z.string().min(1).max(200).optional().meta({ description: 'Part of the URL or the description, any case.' }),
    ...pageQuery,
  }),
  response: pageOf(endpointView),
  async handle({ query }, { endpoints, revealFor, actor }) {
    const page = await endpoints.list({ ...query, shownText: await revealFor(actor)?.texts() });
    return { data: page.items.map(showEndpoint), nextCursor: page.nextCursor };
  },
});

const getEndpoint = defineRoute({
  method: 'GET',
  path: '/api/endpoints/{id}',
  name: 'getEndpoint',
  permission: 'outbound:read',
  summary: 'Reads an endpoint',
  tag,
  params: idParams,
  response: endpointView,
  errors: ['endpoint_not_found'],
  handle: async ({ params }, { endpoints }) => showEndpoint(await endpoints.get(params.id)),
});

const updateEndpoint = defineRoute({
  method: 'PATCH',
  path: '/api/endpoints/{id}',
  name: 'updateEndpoint',
  permission: 'outbound:write',
  summary: 'Changes the settings that are sent',
  description:
    'Write-only values that are left out stay as they are, those of secret headers only while scheme, host and port of the URL do (of profiles by type and header; a `secret` of null takes a key of its own away); event types that `versions` leaves out stay on theirs. Enabling resets the count of failures.',
  tag,
  params: idParams,
  body: anyFields,
  documentedBody: changeFields,
  response: endpointView,
  errors: ['endpoint_not_found', 'invalid_endpoint', 'conflict', 'invalid_configuration'],
  auditDetails: ({ body }) => namedHosts(body),
  handle: async ({ params, body }, { endpoints }) => showEndpoint(await endpoints.update(params.id, body)),
});

const deleteEndpoint = defineRoute({
  method: 'DELETE',
  path: '/api/endpoints/{id}',
  name: 'deleteEndpoint',
  permission: 'outbound:write',
  summary: 'Deletes an endpoint; what was still to be sent to it is canceled',
  tag,
  params: idParams,
  response: z.undefined(),
  status: 204,
  errors: ['endpoint_not_found', 'conflict'],
  async handle({ params }, { endpoints }) {
    await endpoints.delete(params.id);
    return undefined;
  },
});

const unblockEndpoint = defineRoute({
  method: 'POST',
  path: '/api/endpoints/{id}/unblock',
  name: 'unblockEndpoint',
  permission: 'outbound:write',
  summary: 'Lets a blocked endpoint be sent to again; what was held follows slowly',
  tag,
  params: idParams,
  response: endpointView,
  errors: ['endpoint_not_found', 'conflict'],
  handle: async ({ params }, { endpoints }) => showEndpoint(await endpoints.unblock(params.id)),
});

const rotateSecret = defineRoute({
  method: 'POST',
  path: '/api/endpoints/{id}/rotate-secret',
  name: 'rotateSecret',
  permission: 'outbound:write',
  needsFreshPassword: true,
  summary: 'Gives an endpoint a new secret, which is in this reply and in no later one',
  description:
    'The one before signs as well for a time, where the signature header can hold several; `warnings` names the profiles whose header cannot.',
  tag,
  params: idParams,
  body: z
    .strictObject({
      secret: z.string().min(1).max(1_000).optional().meta({ description: 'Default: a new one.' }),
      overlapMs: z.int().min(0).max(MAX_OVERLAP_MS).optional().meta({ description: 'In milliseconds. Default 24 hours.' }),
    })
    .prefault({}),
  response: endpointWithSecretView,
  errors: ['endpoint_not_found', 'invalid_endpoint', 'conflict'],
  handle: async ({ params, body }, { endpoints }) => showEndpointWithSecret(await endpoints.rotateSecret(params.id, body)),
});

const testEndpoint = defineRoute({
  method: 'POST',
  path: '/api/endpoints/{id}/test',
  name: 'testEndpoint',
  permission: 'outbound:write',
  isAuditedFirst: true,
  summary: "Sends an event type's example at once, signed as usual, and tells the outcome",
  tag,
  params: idParams,
  body: z
    .strictObject({
      eventType: eventTypeNameSchema.optional().meta({ description: 'Default: `{ "test": true }` as type `hookline.test`.' }),
    })
    .prefault({}),
  response: attemptView,
  errors: [
    'endpoint_not_found',
    'event_type_not_found',
    'invalid_event',
    'conflict',
    'too_many_requests',
    'shutting_down',
    'invalid_configuration',
  ],
  handle: async ({ params, body }, { endpoints }) => showAttempt(await endpoints.test(params.id, body)),
});

const verifyEndpoint = defineRoute({
  method: 'POST',
  path: '/api/endpoints/{id}/verify',
  name: 'verifyEndpoint',
  permission: 'outbound:write',
  isAuditedFirst: true,
  summary: 'Finds out whether the receiver looks at signatures: sends a right and a wrong one',
  tag,
  params: idParams,
  response: z
    .strictObject({
      accepted: z.boolean().meta({ description: 'The call with the right signature succeeded.' }),
      rejectsBadSignature: z.boolean().meta({ description: 'The call with the wrong signature was refused.' }),
      warnings: z.array(problemSchema),
      attempts: z.array(attemptView),
    })
    .meta({ id: 'Verification' }),
  errors: ['endpoint_not_found', 'conflict', 'too_many_requests', 'shutting_down', 'invalid_configuration'],
  async handle({ params }, { endpoints }) {
    const { accepted, rejectsBadSignature, warnings, attempts } = await endpoints.verify(params.id);
    return { accepted, rejectsBadSignature, warnings: [...warnings], attempts: attempts.map(showAttempt) };
  },
});

const retryFailed = defineRoute({
  method: 'POST',
  path: '/api/endpoints/{id}/retry-failed',
  name: 'retryFailed',
  permission: 'outbound:write',
  summary: 'Sends everything again that has failed or expired since a time',
  tag,
  params: idParams,
  body: z.strictObject({ since: moment.meta({ description: 'Of the acceptance of the deliveries.' }) }),
  response: z.strictObject({ deliveries: z.int().meta({ description: 'How many are pending again.' }) }),
  errors: ['endpoint_not_found'],
  handle: async ({ params, body }, { endpoints }) => ({ deliveries: await endpoints.retryFailed(params.id, body.since) }),
});

const milliseconds = z.number().nullable();

const getEndpointStats = defineRoute({
  method: 'GET',
  path: '/api/endpoints/{id}/stats',
  name: 'getEndpointStats',
  permission: 'outbound:read',
  summary: 'Success, durations and what waits, over a window of time',
  description: 'Tests and verifications count among the attempts.',
  tag,
  params: idParams,
  query: z.strictObject({ window: z.enum(Object.keys(STATS_WINDOWS) as StatsWindow[]).default('24h') }),
  response: z
    .strictObject({
      window: z.enum(Object.keys(STATS_WINDOWS)),
      attempts: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      successRate: z.number().nullable().meta({ description: 'From 0 to 1; null without attempts.' }),
      p50Ms: milliseconds.meta({ description: 'Of successful attempts, as the two below.' }),
      p95Ms: milliseconds,
      p99Ms: milliseconds,
      pending: z.int(),
      held: z.int(),
      oldestUndeliveredMs: milliseconds.meta({ description: 'Age of the oldest delivery that is still to be sent.' }),
    })
    .meta({ id: 'EndpointStats' }),
  errors: ['endpoint_not_found'],
  handle: ({ params, query }, { endpoints }) => endpoints.stats(params.id, query.window),
});

const getSnippets = defineRoute({
  method: 'GET',
  path: '/api/endpoints/{id}/snippets',
  name: 'getSnippets',
  permission: 'outbound:read',
  summary: 'Programs for the receiver to verify signatures with',
  tag,
  params: idParams,
  query: z.strictObject({ language: z.enum(SNIPPET_LANGUAGES).optional().meta({ description: 'Default: all.' }) }),
  response: z.strictObject({
    data: z.array(
      z
        .strictObject({
          language: z.enum(SNIPPET_LANGUAGES),
          title: z.string(),
          fileName: z.string(),
          code: z.string(),
        })
        .meta({ id: 'Snippet' }),
    ),
  }),
  errors: ['endpoint_not_found'],
  handle: async ({ params, query }, { endpoints }) => ({ data: await endpoints.snippets(params.id, query.language) }),
});

const listAttempts = defineRoute({
  method: 'GET',
  path: '/api/endpoints/{id}/attempts',
  name: 'listAttempts',
  permission: 'outbound:read',
  summary: 'Lists what was sent to an endpoint, newest first, tests and verifications too',
  tag,
  params: idParams,
  query: z.strictObject(pageQuery),
  response: pageOf(attemptView),
  errors: ['endpoint_not_found'],
  async handle({ params, query }, { endpoints }) {
    const page = await endpoints.attempts(params.id, query);
    return { data: page.items.map(showAttempt), nextCursor: page.nextCursor };
  },
});

const getSenderAddresses = defineRoute({
  method: 'GET',
  path: '/api/sender-addresses',
  name: 'getSenderAddresses',
  permission: 'outbound:read',
  summary: 'The addresses that webhooks are sent from, as configured, for receivers that let in only what they know',
  tag,
  response: z.strictObject({ data: z.array(z.string()).meta({ description: 'Addresses and CIDR blocks.' }) }),
  handle: (_input, { senderAddresses }) => ({ data: [...senderAddresses] }),
});

export const endpointRoutes: readonly Route[] = [
  createEndpoint,
  listEndpoints,
  getEndpoint,
  updateEndpoint,
  deleteEndpoint,
  unblockEndpoint,
  rotateSecret,
  testEndpoint,
  verifyEndpoint,
  retryFailed,
  getEndpointStats,
  getSnippets,
  listAttempts,
  getSenderAddresses,
];
