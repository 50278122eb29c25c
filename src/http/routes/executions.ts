// Routes of executions: read, replay, cancel.

import { z } from 'zod';
import type { Actor } from '../../access/model.ts';
import { type ExecutionWithJobs, executionSourceSchema, executionStatusSchema } from '../../engine/model.ts';
import { HooklineError } from '../../errors.ts';
import { defineRoute, type Route } from '../route.ts';
import {
  executionParams,
  executionSummaryView,
  executionView,
  failureView,
  moment,
  pageOf,
  pageQuery,
  revisionNumber,
  toExecutionSummary,
  toExecutionView,
} from './views.ts';

const tag = 'Executions';

/** Values separated by commas in a query string. */
function listOf<Value extends string>(value: z.ZodEnum<Readonly<Record<Value, Value>>>) {
  return z
    .string()
    .min(1)
    .max(200)
    .transform((text, context): Value[] => {
      const parsed = z.array(value).safeParse(text.split(','));
      if (parsed.success) return parsed.data;
      context.addIssue({
        code: 'custom',
        message: `must be one of ${value.options.join(', ')}, or some of them separated by commas`,
      });
      return z.NEVER;
    });
}

/** What came of an action; callers' data in it is for who may read executions. */
function showOutcome(execution: ExecutionWithJobs, actor: Actor | null): z.input<typeof executionView> {
  const view = toExecutionView(execution);
  if (actor?.permissions.has('executions:read') === true) return view;
  return { ...view, error: null, request: null, context: null, response: null, output: null, jobs: [] };
}

const listExecutions = defineRoute({
  method: 'GET',
  path: '/api/executions',
  name: 'listExecutions',
  permission: 'executions:read',
  summary: 'Lists executions, newest first',
  tag,
  query: z.strictObject({
    workflowId: z.string().min(1).max(100).optional(),
    status: listOf(executionStatusSchema).optional().meta({ description: 'One of these, separated by commas.' }),
    source: listOf(executionSourceSchema).optional().meta({ description: 'One of these, separated by commas.' }),
    replayOf: z.string().min(1).max(100).optional().meta({ description: 'Replays of this execution.' }),
    from: moment.optional().meta({ description: 'Accepted at or after this time.' }),
    to: moment.optional().meta({ description: 'Accepted before this time.' }),
    ...pageQuery,
  }),
  response: pageOf(executionSummaryView),
  async handle({ query: { status, source, ...filter } }, { executions, workflows }) {
    const { items, nextCursor } = await executions.list({ ...filter, statuses: status, sources: source });
    const titles = await workflows.titles(items.map(({ workflowId }) => workflowId));
    return { data: items.map((item) => toExecutionSummary(item, titles.get(item.workflowId) ?? '')), nextCursor };
  },
});

const getExecution = defineRoute({
  method: 'GET',
  path: '/api/executions/{id}',
  name: 'getExecution',
  permission: 'executions:read',
  summary: 'Reads an execution with its request, its reply and the job of each node',
  tag,
  params: executionParams,
  response: executionView,
  errors: ['execution_not_found'],
  async handle({ params }, { executions }) {
    const execution = await executions.get(params.id);
    if (execution === undefined) throw new HooklineError('execution_not_found', `There is no execution ${params.id}.`);
    return toExecutionView(execution);
  },
});

const replayExecution = defineRoute({
  method: 'POST',
  path: '/api/executions/{id}/replay',
  name: 'replayExecution',
  permission: 'executions:write',
  summary: 'Runs the stored request once more',
  description:
    'Makes a new execution, on the live revision unless another is named. Of a sync workflow the finished execution comes back, of an async one the accepted execution. Without `executions:read` the reply leaves out request, reply and jobs.',
  tag,
  params: executionParams,
  body: z.strictObject({ revision: revisionNumber.optional() }).prefault({}),
  response: executionView,
  status: 201,
  errors: ['execution_not_found', 'workflow_not_found', 'revision_not_found', 'conflict', 'shutting_down'],
  async handle({ params, body }, { engine, actor }) {
    return showOutcome(await engine.replay(params.id, body), actor);
  },
});

const retryExecution = defineRoute({
  method: 'POST',
  path: '/api/executions/{id}/retry',
  name: 'retryExecution',
  permission: 'executions:write',
  summary: 'Goes on with an execution that did not succeed, from the node that failed',
  description:
    'The execution itself goes back into the queue. What is finished stays; the node that failed runs again, with the same idempotency key. Without `executions:read` the reply leaves out request, reply and jobs.',
  tag,
  params: executionParams,
  response: executionView,
  errors: ['execution_not_found', 'conflict', 'shutting_down'],
  async handle({ params }, { engine, actor }) {
    return showOutcome(await engine.retry(params.id), actor);
  },
});

const rerunExecution = defineRoute({
  method: 'POST',
  path: '/api/executions/{id}/rerun',
  name: 'rerunExecution',
  permission: 'executions:write',
  summary: 'Runs an execution again from a chosen node on',
  description:
    'Makes a new execution of the same revision; what ran before the node is taken over, the node and what follows run anew. Without `executions:read` the reply leaves out request, reply and jobs.',
  tag,
  params: executionParams,
  body: z.strictObject({
    from: z.string().min(1).max(2_000).meta({ description: "The path of a node's job, such as `pay` or `each[3]/notify`." }),
  }),
  response: executionView,
  status: 201,
  errors: ['execution_not_found', 'revision_not_found', 'conflict', 'shutting_down'],
  async handle({ params, body }, { engine, actor }) {
    return showOutcome(await engine.rerun(params.id, body.from), actor);
  },
});

const getJobInput = defineRoute({
  method: 'GET',
  path: '/api/executions/{id}/input',
  name: 'getJobInput',
  permission: 'executions:read',
  summary: 'What a node was given: its configuration with the variables filled in as they were',
  description: 'Found by walking up to the node once more, with nothing that has an effect run. Secrets are replaced.',
  tag,
  params: executionParams,
  query: z.strictObject({
    path: z.string().min(1).max(2_000).meta({ description: "The path of the node's job, such as `each[3]/notify`." }),
  }),
  response: z.strictObject({
    input: z.unknown().meta({ description: 'Null when it could not be filled in.' }),
    error: failureView.nullable().meta({ description: 'Why it could not be filled in.' }),
    scopes: z.record(z.string(), z.unknown()).meta({
      description: "`$scopes` as the node had it, by the keys of the nodes around it: a loop's `item`, `index` and `length`.",
    }),
  }),
  errors: ['execution_not_found', 'revision_not_found', 'conflict', 'invalid_request', 'deadline_exceeded'],
  handle: ({ params, query }, { engine }) => engine.input(params.id, query.path),
});

const cancelExecution = defineRoute({
  method: 'POST',
  path: '/api/executions/{id}/cancel',
  name: 'cancelExecution',
  permission: 'executions:write',
  summary: 'Stops an execution that has not finished',
  description: 'Without `executions:read` the reply leaves out request, reply and jobs.',
  tag,
  params: executionParams,
  response: executionView,
  errors: ['execution_not_found', 'conflict'],
  async handle({ params }, { engine, actor }) {
    return showOutcome(await engine.cancel(params.id), actor);
  },
});

export const executionRoutes: readonly Route[] = [
  listExecutions,
  getExecution,
  replayExecution,
  retryExecution,
  rerunExecution,
  getJobInput,
  cancelExecution,
];
