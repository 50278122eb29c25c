// Routes of a workflow's revisions: list, read, compare, make live again.

import { z } from 'zod';
import { documentSchema } from '../../engine/model.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  pageOf,
  pageQuery,
  revisionInPath,
  showWorkflow,
  timeSchema,
  unreadableView,
  workflowParams,
  workflowView,
} from './views.ts';

const tag = 'Revisions';

const revisionParams = workflowParams.extend({ revision: revisionInPath });

export const revisionView = z
  .strictObject({
    workflowId: z.string(),
    revision: z.int(),
    live: z.boolean(),
    executed: z.boolean().meta({ description: 'Whether it has executed; then it is never changed again.' }),
    ...documentSchema.shape,
    createdAt: timeSchema,
    unreadable: unreadableView,
  })
  .meta({ id: 'Revision' });

export const comparisonView = z
  .strictObject({
    from: z.int(),
    to: z.int(),
    changes: z.array(
      z.strictObject({
        kind: z.enum(['added', 'removed', 'changed', 'moved']),
        key: z.string().nullable().meta({ description: "The node's key; null for the trigger." }),
        path: z.string().meta({ description: 'Where it is in the newer document, or was when it is gone.' }),
        from: z.string().optional().meta({ description: 'Of a node that moved: where it was.' }),
        values: z
          .array(
            z.strictObject({
              path: z.string(),
              before: z.unknown().optional(),
              after: z.unknown().optional(),
              secret: z.literal(true).optional().meta({ description: 'A write-only value changed; neither value is shown.' }),
            }),
          )
          .optional()
          .meta({ description: 'Of what changed: each value that differs.' }),
      }),
    ),
  })
  .meta({ id: 'Comparison' });

const listRevisions = defineRoute({
  method: 'GET',
  path: '/api/workflows/{id}/revisions',
  name: 'listRevisions',
  permission: 'workflows:read',
  summary: 'Lists the revisions of a workflow, newest first',
  tag,
  params: workflowParams,
  query: z.strictObject(pageQuery),
  response: pageOf(revisionView),
  errors: ['workflow_not_found'],
  async handle({ params, query }, { workflows }) {
    const page = await workflows.listRevisions(params.id, query);
    return { data: page.items, nextCursor: page.nextCursor };
  },
});

const getRevision = defineRoute({
  method: 'GET',
  path: '/api/workflows/{id}/revisions/{revision}',
  name: 'getRevision',
  permission: 'workflows:read',
  summary: 'Reads one revision',
  tag,
  params: revisionParams,
  response: revisionView,
  errors: ['workflow_not_found', 'revision_not_found'],
  handle: ({ params }, { workflows }) => workflows.getRevision(params.id, params.revision),
});

const compareRevisions = defineRoute({
  method: 'GET',
  path: '/api/workflows/{id}/revisions/{a}/compare/{b}',
  name: 'compareRevisions',
  permission: 'workflows:read',
  summary: 'Tells what changed from revision a to revision b',
  tag,
  params: workflowParams.extend({ a: revisionInPath, b: revisionInPath }),
  response: comparisonView,
  errors: ['workflow_not_found', 'revision_not_found', 'conflict'],
  handle: ({ params }, { workflows }) => workflows.compare(params.id, params.a, params.b),
});

const activateRevision = defineRoute({
  method: 'POST',
  path: '/api/workflows/{id}/revisions/{revision}/activate',
  name: 'activateRevision',
  permission: 'workflows:write',
  summary: 'Makes a revision the live one',
  tag,
  params: revisionParams,
  response: workflowView,
  errors: ['workflow_not_found', 'revision_not_found', 'invalid_workflow', 'conflict'],
  handle: async ({ params }, context) =>
    showWorkflow(await context.workflows.activate(params.id, params.revision, context.rights), context),
});

export const revisionRoutes: readonly Route[] = [listRevisions, getRevision, compareRevisions, activateRevision];

// What the designer reads, as types.
export type RevisionJson = z.output<typeof revisionView>;
export type ComparisonJson = z.output<typeof comparisonView>;
