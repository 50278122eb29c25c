// Routes of workflows: create, read, change, run, copy, move.

import qs from 'qs';
import { z } from 'zod';
import {
  documentSchema,
  modeSchema,
  nodeSchema,
  settingsSchema,
  tagsSchema,
  titleSchema,
  triggerSchema,
} from '../../engine/model.ts';
import type { CreateWorkflow } from '../../engine/workflows.ts';
import { maySeeHookKeys } from '../reveal.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  executionView,
  pageOf,
  pageQuery,
  revisionNumber,
  showWorkflow,
  timeSchema,
  toExecutionView,
  workflowParams,
  workflowView,
} from './views.ts';

const tag = 'Workflows';

/** What a document holds is the workflow service's to judge: it reports all problems at once, as 422. */
const anyDocument = z.record(z.string(), z.unknown());
const createDocument = z.strictObject({
  title: titleSchema,
  mode: modeSchema,
  enabled: z.boolean().default(false),
  tags: tagsSchema.default([]),
  trigger: triggerSchema,
  nodes: z.array(nodeSchema).default([]),
  settings: settingsSchema.optional(),
});

const changeDocument = z.strictObject({
  title: titleSchema.optional(),
  mode: modeSchema.optional().meta({ description: 'Fixed at creation: another value than the present one is a `conflict`.' }),
  enabled: z.boolean().optional(),
  tags: tagsSchema.optional(),
  trigger: triggerSchema.optional(),
  nodes: z.array(nodeSchema).optional(),
  settings: settingsSchema.nullable().optional(),
});

/** `true` or `false` in a query string; default false. */
const truth = z
  .enum(['true', 'false'])
  .default('false')
  .transform((text) => text === 'true');

const exportView = z
  .strictObject({
    hookline: z.literal(1).meta({ description: 'The version of this format.' }),
    title: z.string(),
    mode: modeSchema,
    hookKey: z.string().optional().meta({ description: 'Left out for who does not have `workflows:write`.' }),
    tags: z.array(z.string()).default([]),
    ...documentSchema.shape,
  })
  .meta({ id: 'WorkflowExport', description: 'One workflow as a file. Write-only values such as passwords are left out.' });

const createWorkflow = defineRoute({
  method: 'POST',
  path: '/api/workflows',
  name: 'createWorkflow',
  permission: 'workflows:write',
  summary: 'Creates a workflow; it is disabled unless asked otherwise',
  tag,
  body: anyDocument,
  documentedBody: createDocument,
  response: workflowView,
  status: 201,
  errors: ['invalid_workflow'],
  // The service checks what it gets, whatever its type says.
  handle: async ({ body }, context) =>
    showWorkflow(await context.workflows.create(body as unknown as CreateWorkflow, context.rights), context),
});

const listWorkflows = defineRoute({
  method: 'GET',
  path: '/api/workflows',
  name: 'listWorkflows',
  permission: 'workflows:read',
  summary: 'Lists workflows, newest first',
  tag,
  query: z.strictObject({
    enabled: z
      .enum(['true', 'false'])
      .transform((text) => text === 'true')
      .optional(),
    mode: modeSchema.optional(),
    search: z.string().min(1).max(200).optional().meta({ description: 'Part of the title, any case.' }),
    tag: z.string().min(1).max(40).optional().meta({ description: 'Has this tag.' }),
    trashed: truth.meta({ description: 'Those in the trash instead of the others.' }),
    ...pageQuery,
  }),
  response: pageOf(workflowView),
  async handle({ query }, context) {
    const page = await context.workflows.list({ ...query, shownText: await context.revealFor(context.actor)?.texts() });
    return { data: page.items.map((view) => showWorkflow(view, context)), nextCursor: page.nextCursor };
  },
});

const getWorkflow = defineRoute({
  method: 'GET',
  path: '/api/workflows/{id}',
  name: 'getWorkflow',
  permission: 'workflows:read',
  summary: 'Reads a workflow with its live revision',
  tag,
  params: workflowParams,
  response: workflowView,
  errors: ['workflow_not_found'],
  async handle({ params }, context) {
    const [view, refusedCalls] = await Promise.all([
      context.workflows.get(params.id),
      context.access.refusals.ofWorkflow(params.id),
    ]);
    return { ...showWorkflow(view, context), ...(refusedCalls.calls > 0 ? { refusedCalls } : {}) };
  },
});

const updateWorkflow = defineRoute({
  method: 'PATCH',
  path: '/api/workflows/{id}',
  name: 'updateWorkflow',
  permission: 'workflows:write',
  summary: 'Changes the fields that are sent',
  description:
    'A change of `trigger` or `nodes` makes a new revision when the live one has executed. Write-only values that are left out stay as they are; null takes one away.',
  tag,
  params: workflowParams,
  query: z.strictObject({
    ifUpdatedAt: timeSchema.optional().meta({
      description:
        'The `updatedAt` that the change is based on; a workflow that somebody else has changed since is a `conflict`.',
    }),
  }),
  body: anyDocument,
  documentedBody: changeDocument,
  response: workflowView,
  errors: ['workflow_not_found', 'conflict', 'invalid_workflow'],
  handle: async ({ params, query, body }, context) => {
    const { mayUseSecrets } = context.rights;
    return showWorkflow(await context.workflows.update(params.id, body, { ...query, mayUseSecrets }), context);
  },
});

const deleteWorkflow = defineRoute({
  method: 'DELETE',
  path: '/api/workflows/{id}',
  name: 'deleteWorkflow',
  permission: 'workflows:write',
  summary: 'Puts a workflow into the trash',
  description:
    'Its trigger URL is gone at once and nothing starts it; what runs goes on, and executions stay. After 30 days, or with `forever`, it is deleted with its revisions and executions.',
  tag,
  params: workflowParams,
  query: z.strictObject({ forever: truth.meta({ description: 'Delete it now, for ever.' }) }),
  response: z.undefined(),
  status: 204,
  errors: ['workflow_not_found'],
  async handle({ params, query }, { workflows }) {
    await (query.forever ? workflows.delete(params.id) : workflows.trash(params.id));
    return undefined;
  },
});

const restoreWorkflow = defineRoute({
  method: 'POST',
  path: '/api/workflows/{id}/restore',
  name: 'restoreWorkflow',
  permission: 'workflows:write',
  summary: 'Takes a workflow out of the trash, enabled or disabled as it was',
  tag,
  params: workflowParams,
  response: workflowView,
  errors: ['workflow_not_found'],
  handle: async ({ params }, context) => showWorkflow(await context.workflows.restore(params.id), context),
});

const listTags = defineRoute({
  method: 'GET',
  path: '/api/tags',
  name: 'listTags',
  permission: 'workflows:read',
  summary: 'Lists the tags of workflows that are not in the trash, each with how many have it',
  tag,
  response: z.strictObject({ data: z.array(z.strictObject({ tag: z.string(), count: z.int() })) }),
  async handle(_input, { workflows }) {
    const counts = await workflows.countTags();
    return { data: [...counts].map(([name, count]) => ({ tag: name, count })) };
  },
});

const duplicateWorkflow = defineRoute({
  method: 'POST',
  path: '/api/workflows/{id}/duplicate',
  name: 'duplicateWorkflow',
  permission: 'workflows:write',
  summary: 'Makes a disabled copy with a trigger URL of its own',
  tag,
  params: workflowParams,
  response: workflowView,
  status: 201,
  errors: ['workflow_not_found', 'conflict'],
  handle: async ({ params }, context) => showWorkflow(await context.workflows.duplicate(params.id, context.rights), context),
});

const rotateKey = defineRoute({
  method: 'POST',
  path: '/api/workflows/{id}/rotate-key',
  name: 'rotateKey',
  permission: 'workflows:write',
  needsFreshPassword: true,
  summary: 'Gives a workflow a new trigger URL; the old one is gone at once',
  tag,
  params: workflowParams,
  response: workflowView,
  errors: ['workflow_not_found', 'conflict'],
  handle: async ({ params }, context) => showWorkflow(await context.workflows.rotateKey(params.id), context),
});

const runWorkflow = defineRoute({
  method: 'POST',
  path: '/api/workflows/{id}/run',
  name: 'runWorkflow',
  permission: 'executions:write',
  summary: 'Runs a workflow by hand with typed-in input',
  description:
    'Works for disabled workflows too. Of a sync workflow the finished execution comes back, of an async one the accepted execution.',
  tag,
  params: workflowParams,
  body: z
    .strictObject({
      headers: z.record(z.string(), z.string()).optional(),
      query: z
        .union([z.string(), z.record(z.string(), z.unknown())])
        .optional()
        .meta({ description: 'Text such as `a=1&b[0]=2`, or its values.' }),
      body: z.unknown().optional(),
      context: z.unknown().optional().meta({ description: 'For triggers that are not HTTP: what the trigger hands over.' }),
      revision: revisionNumber.optional().meta({ description: 'Default: the live revision.' }),
    })
    .prefault({}),
  response: executionView,
  status: 201,
  errors: ['workflow_not_found', 'revision_not_found', 'invalid_query', 'missing_value', 'conflict', 'shutting_down'],
  async handle({ params, body }, { engine }) {
    const { revision, query, ...input } = body;
    const text = typeof query === 'object' ? qs.stringify(query) : query;
    const execution = await engine.run(params.id, { ...input, query: text }, { revision });
    return toExecutionView(execution);
  },
});

const exportWorkflow = defineRoute({
  method: 'GET',
  path: '/api/workflows/{id}/export',
  name: 'exportWorkflow',
  permission: 'workflows:read',
  isAudited: true,
  summary: 'Exports a workflow as one JSON document',
  tag,
  params: workflowParams,
  response: exportView,
  errors: ['workflow_not_found', 'conflict'],
  async handle({ params }, { workflows, actor }) {
    const { hookKey, ...document } = await workflows.exportWorkflow(params.id);
    return maySeeHookKeys(actor) ? { hookKey, ...document } : document;
  },
});

const importWorkflow = defineRoute({
  method: 'POST',
  path: '/api/workflows/import',
  name: 'importWorkflow',
  permission: 'workflows:write',
  summary: 'Makes a new, disabled workflow of an exported document',
  tag,
  query: z.strictObject({
    keepKey: z
      .enum(['true', 'false'])
      .default('false')
      .transform((text) => text === 'true')
      .meta({ description: 'Keep the exported trigger URL instead of making a new one; a `conflict` when it is taken.' }),
  }),
  body: anyDocument,
  documentedBody: exportView,
  response: workflowView,
  status: 201,
  errors: ['invalid_workflow', 'conflict'],
  handle: async ({ query, body }, context) => {
    const { mayUseSecrets } = context.rights;
    return showWorkflow(await context.workflows.importWorkflow(body, { ...query, mayUseSecrets }), context);
  },
});

export const workflowRoutes: readonly Route[] = [
  createWorkflow,
  listWorkflows,
  importWorkflow,
  getWorkflow,
  updateWorkflow,
  deleteWorkflow,
  restoreWorkflow,
  duplicateWorkflow,
  rotateKey,
  runWorkflow,
  exportWorkflow,
  listTags,
];
