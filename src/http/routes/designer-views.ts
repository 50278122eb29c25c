// What the admin API shows to the designer beside workflows and executions: activity, statistics, captured calls, samples, tests of one node.

import { z } from 'zod';
import { executionStatusSchema, failureSchema, jobStatusSchema } from '../../engine/model.ts';
import { replyView, requestView, timeSchema } from './views.ts';

/** What happened to one workflow lately. */
export const activityView = z
  .strictObject({
    workflowId: z.string(),
    lastExecution: z.strictObject({ id: z.string(), status: executionStatusSchema, createdAt: timeSchema }).nullable(),
    buckets: z
      .array(z.strictObject({ at: timeSchema, succeeded: z.int(), failed: z.int() }))
      .meta({ description: 'The last 24 hours by the hour, the oldest first; `failed` counts failed, error and timed_out.' }),
  })
  .meta({ id: 'Activity' });
export type ActivityView = z.infer<typeof activityView>;

/** Numbers for the overview. */
export const statsView = z
  .strictObject({
    from: timeSchema,
    to: timeSchema,
    bucketMs: z.int(),
    buckets: z.array(
      z.strictObject({
        at: timeSchema,
        calls: z.int(),
        succeeded: z.int(),
        failed: z.int().meta({ description: 'failed, error and timed_out.' }),
        p50Ms: z.number().nullable(),
        p95Ms: z.number().nullable(),
        p99Ms: z.number().nullable(),
        queueAgeMs: z.number().nullable().meta({ description: 'Greatest age of the oldest queued execution that was seen.' }),
      }),
    ),
    totals: z.strictObject({
      calls: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      p50Ms: z.number().nullable(),
      p95Ms: z.number().nullable(),
      p99Ms: z.number().nullable(),
    }),
    now: z.strictObject({
      queued: z.int(),
      running: z.int(),
      waiting: z.int(),
      oldestQueuedMs: z.number().nullable(),
    }),
    failingWorkflows: z.array(
      z.strictObject({
        workflowId: z.string(),
        title: z.string(),
        calls: z.int(),
        failed: z.int(),
        lastFailure: z.strictObject({ executionId: z.string(), at: timeSchema, message: z.string() }).nullable(),
      }),
    ),
    failingEndpoints: z.array(
      z.strictObject({
        endpointId: z.string(),
        url: z.string(),
        status: z.string(),
        failed: z.int(),
        held: z.int(),
      }),
    ),
  })
  .meta({ id: 'Stats' });
export type StatsView = z.infer<typeof statsView>;

/** One path of a value, for pickers. */
export const pathView = z.strictObject({ path: z.string(), value: z.unknown() });
export type PathView = z.infer<typeof pathView>;

const pathsView = z.strictObject({ headers: z.array(pathView), query: z.array(pathView), body: z.array(pathView) });

/** A call that came while somebody listened, or the pinned sample. */
export const captureView = z
  .strictObject({
    at: timeSchema,
    request: requestView,
    outcome: z
      .strictObject({
        status: z.int().meta({ description: 'What the caller was answered.' }),
        executionId: z.string().nullable(),
        error: failureSchema.nullable(),
      })
      .nullable()
      .meta({ description: 'Null for a pinned sample.' }),
    paths: pathsView.meta({ description: 'Every path in it that a variable can be made of.' }),
  })
  .meta({ id: 'Capture' });
export type CaptureView = z.infer<typeof captureView>;

/** What the stream of a workflow's calls tells. */
export const listenEvents = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('listening'),
    data: z.strictObject({ until: timeSchema.meta({ description: 'When the stream ends by itself.' }) }),
  }),
  z.strictObject({ event: z.literal('request'), data: captureView }),
]);
export type ListenEvent = z.infer<typeof listenEvents>;

/** The reply to a test call. */
export const testCallView = z
  .strictObject({
    reply: replyView,
    durationMs: z.number(),
    executionId: z.string().nullable().meta({ description: 'Null when the call was refused before it became an execution.' }),
    skippedChecks: z.boolean().meta({
      description: 'The workflow is disabled: it was run by hand, without looking at credentials.',
    }),
  })
  .meta({ id: 'TestCall' });
export type TestCallView = z.infer<typeof testCallView>;

/** Variables to test a node or an expression with; what is left out is empty. */
export const variablesSchema = z
  .strictObject({
    context: z.unknown().optional(),
    request: z.unknown().optional(),
    nodes: z.record(z.string(), z.unknown()).optional(),
    scopes: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'Variables' });
export type VariablesInput = z.infer<typeof variablesSchema>;

export const evaluationView = z
  .strictObject({
    value: z.unknown().optional(),
    error: failureSchema.optional(),
    durationMs: z.number(),
  })
  .meta({ id: 'Evaluation', description: 'Either the value or the error; secrets in it are replaced.' });
export type EvaluationView = z.infer<typeof evaluationView>;

/** What one node did with chosen input. */
export const nodeTestView = z
  .strictObject({
    status: jobStatusSchema,
    output: z.unknown().optional(),
    branch: z.string().nullable(),
    error: failureSchema.nullable(),
    log: z.array(z.string()),
    reply: replyView.nullable().meta({ description: 'What a response node would answer.' }),
    config: z.unknown().meta({ description: 'The configuration with the variables filled in, secrets replaced.' }),
    durationMs: z.number(),
  })
  .meta({ id: 'NodeTest' });
export type NodeTestView = z.infer<typeof nodeTestView>;

/** What real runs have shown of a value. */
export const learnedPathView = z.strictObject({
  path: z.string().meta({ description: 'Below the variable, such as `items[0].sku`; empty for the value itself.' }),
  types: z.array(z.enum(['string', 'number', 'boolean', 'null', 'object', 'array'])),
  example: z
    .unknown()
    .optional()
    .meta({ description: 'From the latest run that had it; long ones are cut. Left out for containers.' }),
  alias: z.string().optional().meta({ description: 'The name that the trigger gives it.' }),
});
export type LearnedPath = z.infer<typeof learnedPathView>;

/** What a node may use, as far as it is known. */
export const learnedView = z
  .strictObject({
    execution: z
      .strictObject({ id: z.string(), createdAt: timeSchema })
      .nullable()
      .meta({ description: 'The latest execution; its values are the examples.' }),
    executions: z.int().meta({ description: 'How many were looked at.' }),
    context: z.array(learnedPathView),
    request: z.array(learnedPathView),
    nodes: z.record(z.string(), z.array(learnedPathView)).meta({ description: 'By node key.' }),
    scopes: z.record(z.string(), z.array(learnedPathView)).meta({ description: "By loop node's key." }),
    secrets: z.array(z.string()).meta({ description: 'Names.' }),
    variables: variablesSchema.meta({ description: 'The values of the latest execution: what tests and live results use.' }),
  })
  .meta({ id: 'Learned' });
export type LearnedView = z.infer<typeof learnedView>;

/** Which write-only values are set: paths below the configurations. */
export const writeOnlyView = z
  .strictObject({
    trigger: z.array(z.string()),
    nodes: z.record(z.string(), z.array(z.string())).meta({ description: 'By the keys of nodes that have some.' }),
  })
  .meta({ id: 'WriteOnlyValues' });
export type WriteOnlyView = z.infer<typeof writeOnlyView>;

/** What the stream of changes tells; the reader asks again for what it shows. */
export const changeEvents = z.discriminatedUnion('event', [
  z.strictObject({
    event: z.literal('executions'),
    data: z.strictObject({
      workflowIds: z.array(z.string()).nullable().meta({ description: 'Null: too many to name.' }),
      executionIds: z.array(z.string()).nullable().meta({ description: 'Null: too many to name.' }),
    }),
  }),
  z.strictObject({ event: z.literal('workflows'), data: z.strictObject({ workflowIds: z.array(z.string()).nullable() }) }),
  z.strictObject({ event: z.literal('endpoints'), data: z.strictObject({ endpointIds: z.array(z.string()).nullable() }) }),
  z.strictObject({ event: z.literal('deliveries'), data: z.strictObject({ endpointIds: z.array(z.string()).nullable() }) }),
  z.strictObject({ event: z.literal('notices'), data: z.strictObject({}) }).meta({
    description: 'The caller has a new notice about the own account, or has read them. Other users are not told.',
  }),
]);
export type ChangeEvent = z.infer<typeof changeEvents>;

/** What may be changed at run time. */
export const settingsView = z
  .strictObject({
    retention: z
      .record(executionStatusSchema, z.int().nullable())
      .meta({ description: 'How long executions that ended so are kept, in milliseconds; null: for ever.' }),
    messageRetentionMs: z
      .int()
      .nullable()
      .meta({ description: 'How long messages and their deliveries are kept; null: for ever.' }),
    auditsReads: z.boolean().meta({ description: 'Whether reads of executions are noted in the audit log.' }),
    defaults: z
      .strictObject({ retention: z.record(executionStatusSchema, z.int().nullable()), messageRetentionMs: z.int().nullable() })
      .meta({ description: 'What the configuration says, which holds where nothing else was set here.' }),
    secondFactorForOwners: z.boolean().meta({ description: 'Owners must have a second factor.' }),
    senderAddresses: z
      .array(z.string())
      .meta({ description: 'Addresses that webhooks are sent from (HOOKLINE_SENDER_ADDRESSES).' }),
    publicUrl: z.string(),
    hooksUrl: z.string().meta({ description: 'What trigger and resume URLs begin with.' }),
    database: z.enum(['sqlite', 'postgres']),
    version: z.string(),
  })
  .meta({ id: 'InstallationSettings' });
export type SettingsView = z.infer<typeof settingsView>;
