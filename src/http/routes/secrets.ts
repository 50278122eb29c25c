// Routes of named secrets: what goes in never comes out.

import { z } from 'zod';
import { newSecretNameSchema, secretNameSchema, secretView } from '../../access/model.ts';
import { allowedHostSchema } from '../../engine/allowed-hosts-schema.ts';
import { MAX_SECRET_LENGTH, MIN_SECRET_LENGTH, type Secret } from '../../secrets/secrets.ts';
import { defineRoute, type Route, type RouteContext } from '../route.ts';
import { toTime, unreadableOf } from './views.ts';

const tag = 'Secrets';

const secretParams = z.strictObject({ name: secretNameSchema });
const description = z.string().max(500);
const allowedHosts = z.array(allowedHostSchema).min(1).max(50).nullable().optional().meta({
  description:
    'The only hosts that it may be sent to, such as api.example.com or *.example.com: by HTTP requests and webhooks to one URL, and nothing else may use it. Default null: it may be used everywhere.',
});
const value = z
  .string()
  .min(MIN_SECRET_LENGTH)
  .max(MAX_SECRET_LENGTH)
  .meta({ description: 'Never comes back.', writeOnly: true });

function showSecret({ createdAt, updatedAt, usedBy, allowedHosts, unreadable, ...secret }: Secret): z.input<typeof secretView> {
  return {
    ...secret,
    allowedHosts: allowedHosts && [...allowedHosts],
    usedBy: [...usedBy],
    createdAt: toTime(createdAt),
    updatedAt: toTime(updatedAt),
    ...unreadableOf({ unreadable }),
  };
}

function nameOf({ actor }: RouteContext): string {
  return actor?.name ?? '';
}

const listSecrets = defineRoute({
  method: 'GET',
  path: '/api/secrets',
  name: 'listSecrets',
  permission: 'secrets:read',
  summary: 'Lists the named secrets, without their values',
  tag,
  response: z.strictObject({ data: z.array(secretView) }),
  async handle(_input, { secrets }) {
    return { data: (await secrets.list()).map(showSecret) };
  },
});

const createSecret = defineRoute({
  method: 'POST',
  path: '/api/secrets',
  name: 'createSecret',
  permission: 'secrets:write',
  summary: 'Keeps a secret, which flows read as $secrets.NAME',
  description: 'The value is stored encrypted and never comes back. What flows store and log shows `[secret NAME]` in its place.',
  tag,
  body: z.strictObject({ name: newSecretNameSchema, value, description: description.optional(), allowedHosts }),
  response: secretView,
  status: 201,
  errors: ['conflict'],
  auditDetails: ({ body: { name, allowedHosts: hosts } }) => ({ secrets: [name], ...(hosts ? { hosts } : {}) }),
  handle: async ({ body }, context) => showSecret(await context.secrets.create(body, nameOf(context))),
});

const updateSecret = defineRoute({
  method: 'PATCH',
  path: '/api/secrets/{name}',
  name: 'updateSecret',
  permission: 'secrets:write',
  summary: "Changes a secret's value or description",
  description:
    'Executions that have begun with the old value go on with it. To allow more hosts than before, send the value again.',
  tag,
  params: secretParams,
  body: z.strictObject({ value: value.optional(), description: description.optional(), allowedHosts }),
  response: secretView,
  errors: ['secret_not_found'],
  auditDetails: ({ params: { name }, body: { allowedHosts: hosts } }) => ({ secrets: [name], ...(hosts ? { hosts } : {}) }),
  handle: async ({ params, body }, context) => showSecret(await context.secrets.update(params.name, body, nameOf(context))),
});

const deleteSecret = defineRoute({
  method: 'DELETE',
  path: '/api/secrets/{name}',
  name: 'deleteSecret',
  permission: 'secrets:write',
  summary: 'Deletes a secret that no workflow uses',
  tag,
  params: secretParams,
  query: z.strictObject({
    force: z
      .stringbool()
      .optional()
      .meta({ description: 'Also when workflows use it; their executions then fail where they do.' }),
  }),
  response: z.undefined(),
  status: 204,
  errors: ['secret_not_found', 'conflict'],
  async handle({ params, query }, { secrets }) {
    await secrets.delete(params.name, query);
    return undefined;
  },
});

export const secretRoutes: readonly Route[] = [listSecrets, createSecret, updateSecret, deleteSecret];
