// Routes of a workflow's revisions: list, read, compare, make live again.

import { z } from 'zod';
import { documentSchema } from '../../engine/model.ts';
import { defineRoute, type Route } from '../route.ts';
import { pageOf, pageQuery, revisionInPath, timeSchema, workflowParams, workflowView } from './views.ts';

const tag = 'Revisions';

const revisionParams = workflowParams.extend({ revision: revisionInPath });

const revisionView = z
  .strictObject({
    workflowId: z.string(),
    revision: z.int(),
    live: z.boolean(),
    executed: z.boolean().meta({ description: 'Whether it has executed; then it is never changed again.' }),
    ...documentSchema.shape,
    createdAt: timeSchema,
  })
  .meta({ id: 'Revision' });

const listRevisions = defineRoute({
  method: 'GET',
  path: '/api/workflows/{id}/revisions',
  name: 'listRevisions',
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
  summary: 'Reads one revision',
  tag,
  params: revisionParams,
  response: revisionView,
  errors: ['workflow_not_found', 'revision_not_found'],
  handle: ({ params }, { workflows }) => workflows.getRevision(params.id, params.revision),
});

const activateRevision = defineRoute({
  method: 'POST',
  path: '/api/workflows/{id}/revisions/{revision}/activate',
  name: 'activateRevision',
  summary: 'Makes a revision the live one',
  tag,
  params: revisionParams,
  response: workflowView,
  errors: ['workflow_not_found', 'revision_not_found', 'invalid_workflow'],
  async handle({ params }, { workflows, hookUrl }) {
    const view = await workflows.activate(params.id, params.revision);
    return { ...view, hookUrl: hookUrl(view.hookKey) };
  },
});

export const revisionRoutes: readonly Route[] = [listRevisions, getRevision, activateRevision];
