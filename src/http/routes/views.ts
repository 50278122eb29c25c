// What the admin API shows: the JSON of workflows, revisions and executions, and the parts that many routes share.

import { z } from 'zod';
import { hintOf } from '../../engine/hook-key-index.ts';
import {
  type ExecutionWithJobs,
  executionSourceSchema,
  executionStatusSchema,
  failureSchema,
  jobStatusSchema,
  modeSchema,
  nodeSchema,
  problemSchema,
  settingsSchema,
  triggerSchema,
} from '../../engine/model.ts';
import type { ExecutionSummary } from '../../engine/ports.ts';
import type { WorkflowView } from '../../engine/workflows.ts';
import { maySeeHookKeys } from '../reveal.ts';
import type { RouteContext } from '../route.ts';

/** A moment as the API writes it. */
export const timeSchema = z.iso.datetime().meta({ description: 'ISO 8601 in UTC.' });

/** In every record of the API: one row that cannot be read is shown as such, and does not hide the others. */
export const unreadableView = z.string().optional().meta({
  description:
    'Only where parts of the stored row cannot be read (damaged, or written by a newer version): which. Those parts are stand-ins.',
});

/** A moment in a query string or a body, in milliseconds since 1970. */
export const moment = z
  .union([z.iso.datetime({ offset: true }), z.iso.date()], {
    error: 'must be a time in ISO 8601, such as 2026-01-31T12:00:00Z or 2026-01-31 (a "+" is written %2B in a URL)',
  })
  .transform((text) => Date.parse(text));

export const workflowParams = z.strictObject({ id: z.string().min(1).max(100) });
export const executionParams = workflowParams;

/** A revision's number in a path or a query string. */
export const revisionInPath = z.coerce
  .number<string>()
  .int()
  .min(1)
  .max(2 ** 31 - 1);
/** A revision's number in a body. */
export const revisionNumber = z
  .int()
  .min(1)
  .max(2 ** 31 - 1);

/** The query of every list. */
export const pageQuery = {
  limit: z.coerce.number<string>().int().min(1).max(100).default(50).meta({ description: 'Most entries of one page.' }),
  cursor: z.string().min(1).max(500).optional().meta({ description: '`nextCursor` of the page before.' }),
};

/** A page of a list. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.strictObject({
    data: z.array(item),
    nextCursor: z.string().nullable().meta({ description: 'Where the next page begins; null on the last one.' }),
  });
}

export const workflowView = z
  .strictObject({
    id: z.string(),
    title: z.string(),
    mode: modeSchema,
    enabled: z.boolean(),
    hookKey: z.string().nullable().meta({
      description: 'Whoever knows it can start the workflow, so it takes `workflows:write` to see it; else null.',
    }),
    hookUrl: z.string().nullable().meta({ description: 'The trigger URL; null without `workflows:write`.' }),
    hookKeyHint: z.string().meta({ description: 'The last four characters of the key, to tell trigger URLs apart.' }),
    revision: z.int().meta({ description: 'The live revision.' }),
    tags: z.array(z.string()),
    deletedAt: timeSchema.nullable().meta({ description: 'When it was put into the trash; null: it is not there.' }),
    trigger: triggerSchema,
    nodes: z.array(nodeSchema),
    settings: settingsSchema.optional(),
    executionCount: z.int().meta({ description: 'All executions ever, also those that retention has deleted.' }),
    createdAt: timeSchema,
    updatedAt: timeSchema,
    problems: z.array(problemSchema).meta({ description: 'Warnings about the live revision.' }),
    unreadable: unreadableView,
    refusedCalls: z
      .strictObject({
        calls: z.int(),
        places: z.int().meta({ description: 'Addresses that they came from; those beyond a hundred count as one.' }),
      })
      .optional()
      .meta({
        description:
          'Calls that were refused in the last hour because their credentials were missing or wrong. Only where one workflow is read, and there were any.',
      }),
  })
  .meta({ id: 'Workflow' });

export const requestView = z
  .strictObject({
    method: z.string(),
    url: z.string(),
    headers: z.record(z.string(), z.string()),
    body: z.string(),
    address: z.string(),
  })
  .meta({ id: 'StoredRequest', description: 'The request as it came, secret headers redacted, the body as text.' });

export const replyView = z
  .strictObject({ status: z.int(), headers: z.record(z.string(), z.string()), body: z.string() })
  .meta({ id: 'Reply' });

export const failureView = failureSchema.meta({ id: 'Failure' });

const jobView = z
  .strictObject({
    key: z.string(),
    path: z.string().meta({ description: 'The key with its loop path, such as `each[3]/notify`.' }),
    type: z.string(),
    status: jobStatusSchema,
    output: z.unknown(),
    branch: z.string().nullable(),
    error: failureView.nullable(),
    attempts: z.int().meta({ description: 'Tries so far.' }),
    handled: z.boolean().meta({ description: 'It failed and the flow went on all the same.' }),
    waitsUntil: timeSchema.nullable().meta({ description: 'When a waiting node goes on by itself.' }),
    calledExecution: z.string().nullable().meta({ description: 'The subflow that a waiting node waits for.' }),
    log: z.array(z.string()).meta({ description: 'Lines that a script wrote.' }),
    startedAt: timeSchema,
    finishedAt: timeSchema.nullable(),
  })
  .meta({ id: 'Job' });

const summaryShape = {
  id: z.string(),
  workflowId: z.string(),
  revision: z.int(),
  status: executionStatusSchema,
  source: executionSourceSchema,
  error: failureView.nullable(),
  createdAt: timeSchema,
  startedAt: timeSchema.nullable(),
  finishedAt: timeSchema.nullable(),
  durationMs: z.number().nullable().meta({ description: 'From the start of the run to its end, in milliseconds.' }),
  replayOf: z.string().nullable().meta({ description: 'The execution that this one replays.' }),
  wakeAt: timeSchema.nullable().meta({ description: 'When a waiting execution goes on by itself.' }),
  unreadable: unreadableView,
};

/** An execution in a list: without request, reply and jobs, which can be large. */
export const executionSummaryView = z
  .strictObject({
    ...summaryShape,
    workflowTitle: z.string().meta({ description: 'Empty when the workflow is being deleted.' }),
  })
  .meta({ id: 'ExecutionSummary' });

export const executionView = z
  .strictObject({
    ...summaryShape,
    request: requestView.nullable(),
    context: z.unknown().meta({ description: 'What a trigger that is not HTTP was started with; else null.' }),
    response: replyView.nullable(),
    output: z.unknown().meta({ description: 'What the last output node gave; else null.' }),
    parent: z
      .strictObject({ executionId: z.string(), jobPath: z.string() })
      .nullable()
      .meta({ description: 'The node of another execution that called this one as a subflow.' }),
    lane: z.string().nullable().meta({ description: 'Executions of one lane share a concurrency limit.' }),
    jobs: z.array(jobView),
  })
  .meta({ id: 'Execution' });

/** The marker of a record, where it has one. */
export function unreadableOf({ unreadable }: { readonly unreadable?: string | undefined }): { unreadable?: string } {
  return unreadable === undefined ? {} : { unreadable };
}

/** A workflow as its reader may see it. */
export function showWorkflow(view: WorkflowView, { hookUrl, actor }: RouteContext): z.input<typeof workflowView> {
  const isShown = maySeeHookKeys(actor);
  return {
    ...view,
    hookKey: isShown ? view.hookKey : null,
    hookUrl: isShown ? hookUrl(view.hookKey) : null,
    hookKeyHint: hintOf(view.hookKey),
  };
}

export function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

export function toTimeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : toTime(milliseconds);
}

export function toExecutionSummary(execution: ExecutionSummary, workflowTitle: string): z.input<typeof executionSummaryView> {
  return { ...toSummary(execution), workflowTitle };
}

function toSummary(execution: ExecutionSummary): Omit<z.input<typeof executionSummaryView>, 'workflowTitle'> {
  const { id, workflowId, revision, status, source, error, createdAt, startedAt, finishedAt, replayOf, wakeAt } = execution;
  return {
    id,
    workflowId,
    revision,
    status,
    source,
    error,
    createdAt: toTime(createdAt),
    startedAt: toTimeOrNull(startedAt),
    finishedAt: toTimeOrNull(finishedAt),
    durationMs: startedAt === null || finishedAt === null ? null : finishedAt - startedAt,
    replayOf,
    wakeAt: toTimeOrNull(wakeAt),
    ...unreadableOf(execution),
  };
}

export function toExecutionView(execution: ExecutionWithJobs): z.input<typeof executionView> {
  return {
    ...toSummary(execution),
    request: execution.request,
    context: execution.context ?? null,
    response: execution.response,
    output: execution.output ?? null,
    parent: execution.parent && { executionId: execution.parent.executionId, jobPath: execution.parent.jobPath },
    lane: execution.lane?.name ?? null,
    jobs: execution.jobs.map((job) => ({
      key: job.key,
      path: job.path,
      type: job.type,
      status: job.status,
      output: job.output ?? null,
      branch: job.branch ?? null,
      error: job.error ?? null,
      attempts: job.attempts ?? 1,
      handled: job.isHandled ?? false,
      waitsUntil: toTimeOrNull(job.status === 'waiting' ? (job.wait?.until ?? null) : null),
      calledExecution: job.wait?.executionId ?? null,
      log: [...(job.log ?? [])],
      startedAt: toTime(job.startedAt),
      finishedAt: toTimeOrNull(job.finishedAt),
    })),
  };
}

// What the designer reads, as types.
export type WorkflowJson = z.output<typeof workflowView>;
export type ExecutionSummaryJson = z.output<typeof executionSummaryView>;
export type ExecutionJson = z.output<typeof executionView>;
export type JobJson = ExecutionJson['jobs'][number];
