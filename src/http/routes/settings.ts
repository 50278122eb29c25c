// Routes of the settings of the whole installation that can be changed while it runs.

import { z } from 'zod';
import type { RetentionPolicy } from '../../engine/installation-settings.ts';
import { EXECUTION_STATUSES, isFinal } from '../../engine/model.ts';
import { HooklineError } from '../../errors.ts';
import { defineRoute, type Route, type RouteContext } from '../route.ts';
import { settingsView } from './designer-views.ts';

const tag = 'Settings';

/** A century: everything beyond is for ever. */
const MAX_MS = 100 * 366 * 24 * 3_600_000;
const age = z
  .union([z.int().min(1_000).max(MAX_MS), z.null(), z.literal('default')])
  .meta({ description: 'Milliseconds since the acceptance; null: for ever; `default`: as configured.' });

const FINAL = EXECUTION_STATUSES.filter(isFinal);

function toView({ executions, messagesMs }: RetentionPolicy) {
  // Those that are not final have no age; they are never deleted.
  const ages = EXECUTION_STATUSES.map((status) => [status, executions[status] ?? null] as const);
  return {
    retention: Object.fromEntries(ages) as Record<(typeof EXECUTION_STATUSES)[number], number | null>,
    messageRetentionMs: messagesMs,
  };
}

async function show({ installation, senderAddresses, version }: RouteContext): Promise<z.input<typeof settingsView>> {
  const { settings, publicUrl, hooksUrl, database } = installation;
  return {
    ...toView(await settings.retention()),
    auditsReads: await settings.auditsReads(),
    defaults: toView(settings.defaults),
    secondFactorForOwners: await settings.isSecondFactorRequired(),
    ...{ senderAddresses: [...senderAddresses], publicUrl, hooksUrl, database, version },
  };
}

const getSettings = defineRoute({
  method: 'GET',
  path: '/api/settings',
  name: 'getSettings',
  permission: 'settings:read',
  summary: 'Reads how long executions and messages are kept, and what is fixed by the configuration',
  tag,
  response: settingsView,
  handle: (_input, context) => show(context),
});

const updateSettings = defineRoute({
  method: 'PATCH',
  path: '/api/settings',
  name: 'updateSettings',
  permission: 'settings:write',
  needsFreshPassword: true,
  summary:
    'Changes how long executions and messages are kept, whether reads of executions are audited, and whether owners must have a second factor',
  description: 'Holds in all processes within a minute. What is left out stays.',
  tag,
  body: z.strictObject({
    retention: z.partialRecord(z.enum(FINAL), age).optional().meta({ description: 'By the status that executions ended with.' }),
    messageRetentionMs: age.optional(),
    auditsReads: z.boolean().optional().meta({
      description: 'Whether reads of executions are noted in the audit log. Needs the permission `access:write`, too.',
    }),
    secondFactorForOwners: z.boolean().optional().meta({
      description:
        'Owners without a second factor can then do nothing but set one up, also in sessions that are open. Needs the permission `access:write`, too.',
    }),
  }),
  response: settingsView,
  async handle({ body }, context) {
    const { retention: executions, messageRetentionMs: messagesMs, auditsReads, secondFactorForOwners } = body;
    const { actor } = context;
    if ((auditsReads !== undefined || secondFactorForOwners !== undefined) && !actor?.permissions.has('access:write')) {
      throw new HooklineError(
        'forbidden',
        'What the audit log holds, and whether owners need a second factor, is changed with the permission "access:write" only.',
      );
    }
    const change = { executions, messagesMs, auditsReads, isSecondFactorRequired: secondFactorForOwners };
    await context.installation.settings.change(change);
    // Owners who have to set one up first may read nothing meanwhile.
    if (secondFactorForOwners === true) context.streams.recheck();
    return show(context);
  },
});

export const settingsRoutes: readonly Route[] = [getSettings, updateSettings];
