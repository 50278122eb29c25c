// The engine's data: the workflow document and what an execution leaves behind, as zod schemas and their types.

import { z } from 'zod';

/** Names that would reach an object's prototype; never a key, never a path segment. */
export const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', 'prototype', 'constructor']);

export const modeSchema = z.enum(['sync', 'async']).meta({
  description: '`sync` runs the flow and answers from inside it; `async` answers at once and runs in the background.',
});
export type Mode = z.infer<typeof modeSchema>;

/** A node's key: how templates and logs name it. Unique in its workflow. */
export const nodeKeySchema = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, 'must start with a letter or _ and hold only letters, digits, _ and - (64 at most)')
  .refine((key) => !FORBIDDEN_NAMES.has(key), 'is a reserved name');

/** A type's configuration; its own schema (see `engine/plugin.ts`) checks what is inside. */
const configSchema = z.record(z.string(), z.unknown());

export interface Node {
  key: string;
  type: string;
  title?: string | undefined;
  config: Record<string, unknown>;
  /** Named lists of nodes; the flow goes on behind this node when a branch has run. */
  branches?: Record<string, Node[]> | undefined;
}

export const nodeSchema: z.ZodType<Node> = z
  .strictObject({
    key: nodeKeySchema,
    type: z.string().min(1).max(100),
    title: z.string().max(200).optional(),
    config: configSchema.default({}),
    get branches() {
      return z.record(z.string(), z.array(nodeSchema)).optional();
    },
  })
  .meta({ id: 'Node' });

export const triggerSchema = z
  .strictObject({ type: z.string().min(1).max(100), config: configSchema.default({}) })
  .meta({ id: 'Trigger' });
export type Trigger = z.infer<typeof triggerSchema>;

/** What one revision holds: everything that decides how an execution runs. */
export const documentSchema = z.strictObject({ trigger: triggerSchema, nodes: z.array(nodeSchema).default([]) });
export type Document = z.infer<typeof documentSchema>;

export const titleSchema = z.string().trim().min(1, 'must not be empty').max(200);

/** A complaint about a workflow, found when it is saved. A warning does not stop the save. */
export const problemSchema = z
  .strictObject({
    path: z.string().meta({ description: 'Where: `nodes[0].branches.true[1].config.status`.' }),
    code: z.string(),
    message: z.string(),
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

/** Where an execution came from. */
export const executionSourceSchema = z.enum(['webhook', 'trigger', 'manual', 'replay']);
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
  createdAt: number;
  updatedAt: number;
}

export interface Revision {
  workflowId: string;
  revision: number;
  document: Document;
  /** Whether it has executed; then it is never changed again. */
  executed: boolean;
  createdAt: number;
}
