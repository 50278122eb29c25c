// The engine's data: the workflow document and what an execution leaves behind, as zod schemas and their types.

import { z } from 'zod';
import type { MessageText } from '../errors.ts';
import { sentence } from './say.ts';

/** Names that would reach an object's prototype; never a key, never a path segment. */
export const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor']);

export const modeSchema = z.enum(['sync', 'async']).meta({
  description: '`sync` runs the flow and answers from inside it; `async` answers at once and runs in the background.',
});
export type Mode = z.infer<typeof modeSchema>;

/** A node's key: how templates and logs name it. Unique in its workflow. */
export const nodeKeySchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, sentence('node.keyShape'))
  .refine((key) => !FORBIDDEN_NAMES.has(key), sentence('node.keyReserved'));

/** A type's configuration; its own schema (see `engine/plugin.ts`) checks what is inside. */
const configSchema = z.record(z.string(), z.unknown());

/** Times a retry may take, in milliseconds: from at once to a week. */
const MAX_DELAY_MS = 7 * 24 * 3_600_000;

export const retrySchema = z
  .strictObject({
    attempts: z.int().min(2).max(100).meta({ description: 'Most tries, the first one included.' }),
    delayMs: z.int().min(0).max(MAX_DELAY_MS).default(1_000).meta({ description: 'Pause before the second try.' }),
    factor: z.number().min(1).max(10).default(2).meta({ description: 'What each further pause is multiplied with.' }),
    maxDelayMs: z.int().min(0).max(MAX_DELAY_MS).default(3_600_000).meta({ description: 'Longest pause.' }),
    jitter: z.number().min(0).max(1).default(0.2).meta({
      description: 'Part of the pause that is left to chance, so that many do not come back at the same moment.',
    }),
  })
  .meta({ id: 'Retry' });
/** When a node that failed is tried again. */
export type Retry = z.infer<typeof retrySchema>;

export const onFailureSchema = z.enum(['stop', 'continue', 'branch']).meta({
  description:
    '`stop` ends the execution as error (default); `continue` goes on behind the node; `branch` first runs its branch `failure`.',
});
export type OnFailure = z.infer<typeof onFailureSchema>;

/** The branch of a node with `onFailure: branch`. No type may have one of this name. */
export const FAILURE_BRANCH = 'failure';

export interface Node {
  key: string;
  type: string;
  title?: string | undefined;
  config: Record<string, unknown>;
  /** Default: one try. */
  retry?: Retry | undefined;
  /** What happens when the last try has failed. Default `stop`. */
  onFailure?: OnFailure | undefined;
  /** Named lists of nodes; the flow goes on behind this node when a branch has run. */
  branches?: Record<string, Node[]> | undefined;
}

export const nodeSchema: z.ZodType<Node> = z
  .strictObject({
    key: nodeKeySchema,
    type: z.string().min(1).max(100),
    title: z.string().max(200).optional(),
    config: configSchema.default({}),
    retry: retrySchema.optional(),
    onFailure: onFailureSchema.optional(),
    get branches() {
      return z.record(z.string(), z.array(nodeSchema)).optional();
    },
  })
  .meta({ id: 'Node' });

export const triggerSchema = z
  .strictObject({ type: z.string().min(1).max(100), config: configSchema.default({}) })
  .meta({ id: 'Trigger' });
export type Trigger = z.infer<typeof triggerSchema>;

/** Longest time that an execution may have, in milliseconds: 180 days. */
const MAX_TIMEOUT_MS = 180 * 24 * 3_600_000;

export const settingsSchema = z
  .strictObject({
    timeoutMs: z.int().min(0).max(MAX_TIMEOUT_MS).default(0).meta({
      description: 'Longest time from its start to its end, waits included; then it ends as `timed_out`. 0: no limit.',
    }),
    onFailureWorkflow: z.string().min(1).max(100).optional().meta({
      description: 'Id of the workflow that is started with what failed when an execution ends as failed, error or timed_out.',
    }),
    concurrency: z
      .strictObject({
        limit: z.int().min(1).max(1_000).default(1).meta({ description: 'Most executions that run at once.' }),
        key: z.string().min(1).max(1_000).optional().meta({
          description:
            'Template of a text, such as `{{$context.body.customer}}`: the limit then holds for each value of it. With limit 1, executions of one value run in order of arrival.',
        }),
      })
      .optional()
      .meta({ description: 'Async workflows only. Executions that wait (delay, callback, retry) do not count.' }),
  })
  .meta({ id: 'Settings' });
/** How executions of a workflow are run as a whole. */
export type Settings = z.infer<typeof settingsSchema>;

/** What one revision holds: everything that decides how an execution runs. */
export const documentSchema = z.strictObject({
  trigger: triggerSchema,
  nodes: z.array(nodeSchema).default([]),
  settings: settingsSchema.optional(),
});
export type Document = z.infer<typeof documentSchema>;

export const titleSchema = z
  .string()
  .trim()
  .min(1, 'must not be empty')
  .max(200)
  // PostgreSQL has no texts with it.
  .refine((title) => !title.includes('\0'), 'must not contain U+0000');

/** Most tags of one workflow. */
const MAX_TAGS = 20;

/** Words by which people find workflows; each once, in the order they were given. They belong to the workflow, not to a revision. */
export const tagsSchema = z
  .array(
    z
      .string()
      .trim()
      .min(1, 'must not be empty')
      .max(40)
      .refine((tag) => !tag.includes('\0'), 'must not contain U+0000'),
  )
  .transform((tags) => [...new Set(tags)])
  .pipe(z.array(z.string()).max(MAX_TAGS, `must be ${MAX_TAGS} tags at most`));

const messageTextSchema: z.ZodType<MessageText> = z
  .strictObject({
    key: z.string().meta({ description: 'Stable: `value.empty`.' }),
    get params() {
      return z.record(z.string(), z.union([z.string(), z.number(), messageTextSchema])).optional();
    },
  })
  .meta({ id: 'MessageText' });

/** A complaint about a workflow, found when it is saved. A warning does not stop the save. */
export const problemSchema = z
  .strictObject({
    path: z.string().meta({ description: 'Where: `nodes[0].branches.true[1].config.status`.' }),
    code: z.string(),
    message: z.string(),
    text: messageTextSchema.optional().meta({
      description: 'The message by its key, with what is filled in, for other languages than English. Not every message has it.',
    }),
    severity: z.enum(['error', 'warning']),
  })
  .meta({ id: 'Problem' });
export type Problem = z.infer<typeof problemSchema>;

export const EXECUTION_STATUSES = [
  'queued',
  'running',
  'waiting',
  'succeeded',
  'failed',
  'error',
  'canceled',
  'timed_out',
] as const;
export const executionStatusSchema = z.enum(EXECUTION_STATUSES).meta({
  description: '`failed`: the flow decided so. `error`: a node threw. `timed_out`: past its deadline.',
});
export type ExecutionStatus = z.infer<typeof executionStatusSchema>;

const FINAL_STATUSES: ReadonlySet<ExecutionStatus> = new Set(['succeeded', 'failed', 'error', 'canceled', 'timed_out']);
export function isFinal(status: ExecutionStatus): boolean {
  return FINAL_STATUSES.has(status);
}

export const jobStatusSchema = z.enum(['succeeded', 'failed', 'error', 'waiting', 'canceled']);
export type JobStatus = z.infer<typeof jobStatusSchema>;

export const failureSchema = z.strictObject({ code: z.string(), message: z.string(), details: z.unknown().optional() });
/** Why a job or an execution did not succeed, in a form that may be stored and shown. */
export type Failure = z.infer<typeof failureSchema>;

/** What a waiting job waits for. */
export interface Wait {
  /** When it goes on by itself, in milliseconds since 1970; null: only when it is resumed. */
  until: number | null;
  /** `retry`: the node is run again at `until`. `node`: the node has asked to wait. `call`: the end of a subflow. `message`: its deliveries. */
  kind: 'retry' | 'node' | 'call' | 'message';
  /** What becomes of it at `until`. Default done with no output. */
  due?: { output?: unknown; branch?: string | undefined; error?: Failure | undefined } | undefined;
  /** The branch that is taken when it is resumed. */
  resumedBranch?: string | undefined;
  /** The execution that a subflow node waits for. */
  executionId?: string | undefined;
  /** The message whose outcome it waits for. */
  messageId?: string | undefined;
}

/** One node's result inside one execution. */
export interface Job {
  key: string;
  /** The key with its loop path, such as `each[3]/notify`; the same as `key` outside loops. Unique in the execution. */
  path: string;
  type: string;
  status: JobStatus;
  output?: unknown;
  /** The branch that the node chose. */
  branch?: string | undefined;
  error?: Failure | undefined;
  /** Values that this node gave to variable nodes, by their keys; a resumed run gives them again. */
  assigns?: Record<string, unknown> | undefined;
  /** While it waits. */
  wait?: Wait | undefined;
  /** Tries so far, when there was more than one. */
  attempts?: number | undefined;
  /** The flow went on although the node failed (`onFailure`); `output` is then `{ error }`. */
  isHandled?: boolean | undefined;
  /** Its output is the result of the execution. */
  isResult?: boolean | undefined;
  /** Lines for the designer, such as what a script wrote with `console`. */
  log?: string[] | undefined;
  /** It was left by an execution that had access to named secrets. */
  usesSecrets?: boolean | undefined;
  /** As stored: what a run needs of it where `output`, `assigns` and `wait` show `[secret NAME]`; see `concealed-execution.ts`. */
  sealed?: string | undefined;
  /** Milliseconds since 1970, as everywhere inside the server. */
  startedAt: number;
  finishedAt: number | null;
}

/** What a flow answers with. */
export interface Reply {
  status: number;
  /** Lower-case names; checked against header injection by `engine/reply.ts`. */
  headers: Record<string, string>;
  /** The exact text that is sent. */
  body: string;
}

/** The stored HTTP request that an execution came from. Headers that carry secrets are redacted before it is made. */
export interface StoredRequest {
  method: string;
  /** Path and query as sent, such as `/hooks/abc?x=1`. */
  url: string;
  /** Lower-case names; repeated headers joined by `, `. */
  headers: Record<string, string>;
  /** Raw body as text (UTF-8), after inflating; empty when there was none. */
  body: string;
  /** The caller's address. */
  address: string;
}

/** One path of a value and what is there. */
export interface SamplePath {
  readonly path: string;
  readonly value: unknown;
}

/** A call that came while somebody listened. */
export interface Capture {
  /** Milliseconds since 1970. */
  at: number;
  /** A long body is cut. */
  request: StoredRequest;
  /** What became of it; the status is what the caller was answered. */
  outcome: { status: number; executionId: string | null; error: Failure | null };
  paths: { headers: SamplePath[]; query: SamplePath[]; body: SamplePath[] };
}

/** Where an execution came from. */
export const executionSourceSchema = z.enum(['webhook', 'trigger', 'manual', 'replay', 'subflow', 'failure', 'event']);
export type ExecutionSource = z.infer<typeof executionSourceSchema>;

/** One run of one revision, as it is stored. */
export interface Execution {
  /** UUIDv7 (RFC 9562): ordered by time of acceptance. */
  id: string;
  workflowId: string;
  revision: number;
  status: ExecutionStatus;
  source: ExecutionSource;
  createdAt: number;
  startedAt: number | null;
  finishedAt: number | null;
  /** Null when a trigger that is not HTTP started it; then `context` is stored instead. */
  request: StoredRequest | null;
  context: unknown;
  response: Reply | null;
  error: Failure | null;
  /** The execution that this one replays. */
  replayOf: string | null;
  /** The node of another execution that called this one as a subflow; `isAwaited`: it waits for the end. */
  parent: { executionId: string; jobPath: string; isAwaited: boolean } | null;
  /** Subflow calls above this execution: 0 for one that a trigger started. */
  depth: number;
  /** What the last output node gave; null while there is none. */
  output: unknown;
  /** Its line when the workflow limits concurrency; executions of one lane share the limit. Null without a limit. */
  lane: Lane | null;
  /** While it waits: when it goes on by itself, in milliseconds since 1970; null when only somebody else can resume it. */
  wakeAt: number | null;
  /** The context as it is, sealed, where `context` shows `[secret NAME]`. */
  sealed?: string | undefined;
  /** What of the row could not be read, and is a stand-in here: see `storage/row-reader.ts`. Undefined: all was read. */
  unreadable?: string | undefined;
}

export interface Lane {
  /** `<workflow id>` or `<workflow id>:<hash of the key's value>`. */
  name: string;
  /** Most executions of the lane that run at once. */
  limit: number;
}

/** A value for a waiting job that has been stored and not been taken yet. At most one for each job. */
export interface Signal {
  jobPath: string;
  /** What the job is done with; when there is an error, it fails with that. */
  output?: unknown;
  error?: Failure | undefined;
  /** The branch that is taken. Default the one that the job waits with. */
  branch?: string | undefined;
  /** The output as it is, sealed, where `output` shows `[secret NAME]`. */
  sealed?: string | undefined;
}

/** An execution with the jobs its nodes have left so far, in the order they finished. */
export interface ExecutionWithJobs extends Execution {
  jobs: Job[];
}

export interface Workflow {
  id: string;
  title: string;
  mode: Mode;
  enabled: boolean;
  /** 128 random bits, base64url; the last part of the trigger URL. Belongs to the workflow, not the revision. */
  hookKey: string;
  /** The live revision. */
  revision: number;
  tags: string[];
  /** When it was put into the trash, where nothing starts it; null: it is not there. */
  deletedAt: number | null;
  createdAt: number;
  updatedAt: number;
  /** What of the row could not be read, and is a stand-in here: see `storage/row-reader.ts`. Undefined: all was read. */
  unreadable?: string | undefined;
}

/** Whether its trigger, another workflow or an event may start it. */
export function isLive({ enabled, deletedAt }: Pick<Workflow, 'enabled' | 'deletedAt'>): boolean {
  return enabled && deletedAt === null;
}

export interface Revision {
  workflowId: string;
  revision: number;
  document: Document;
  /** Whether it has executed; then it is never changed again. */
  executed: boolean;
  createdAt: number;
  /** What of the row could not be read, and is a stand-in here: see `storage/row-reader.ts`. Undefined: all was read. */
  unreadable?: string | undefined;
}
