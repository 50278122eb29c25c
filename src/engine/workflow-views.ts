// What the workflow service takes and gives: its inputs, checked, and the views without secrets.

import { z } from 'zod';
import { HooklineError } from '../errors.ts';
import type { Change } from './compare.ts';
import { shapeProblems } from './document.ts';
import { REPORT } from './issue-message.ts';
import {
  type Document,
  type Mode,
  modeSchema,
  type Problem,
  type Revision,
  tagsSchema,
  titleSchema,
  type Workflow,
} from './model.ts';
import { safeParse } from './safe-parse.ts';

/** A workflow as designers and the API see it: with its live revision, without write-only values. */
export interface WorkflowView extends Document {
  id: string;
  title: string;
  mode: Mode;
  enabled: boolean;
  hookKey: string;
  /** The live revision. */
  revision: number;
  tags: string[];
  /** When it was put into the trash; null: it is not there. */
  deletedAt: string | null;
  /** Executions ever, also those that retention has deleted. */
  executionCount: number;
  /** ISO 8601, as all times of the views. */
  createdAt: string;
  updatedAt: string;
  /**
   * What is to be said of the live revision. Errors are possible in what is stored already: a plugin is gone, or an
   * imported workflow waits for its secrets. A list leaves out what only the types' own checks can tell.
   */
  problems: Problem[];
  /** What of the stored rows could not be read; undefined: all was. */
  unreadable?: string | undefined;
}

export interface RevisionView extends Document {
  workflowId: string;
  revision: number;
  /** Whether it is the one that runs. */
  live: boolean;
  /** Whether it has executed; then it is never changed again. */
  executed: boolean;
  createdAt: string;
  /** What of the stored row could not be read; undefined: all was. */
  unreadable?: string | undefined;
}

/** One workflow as a JSON file. */
export interface WorkflowExport extends Document {
  /** The version of this format. */
  hookline: 1;
  title: string;
  mode: Mode;
  hookKey: string;
  tags: string[];
}

export interface Comparison {
  from: number;
  to: number;
  changes: Change[];
}

/** A workflow with one of its revisions, write-only values opened: what the engine runs. */
export interface LoadedWorkflow {
  readonly workflow: Workflow;
  readonly revision: number;
  readonly executed: boolean;
  readonly document: Document;
}

export interface CreateWorkflow {
  title: string;
  mode: Mode;
  /** Default false. */
  enabled?: boolean | undefined;
  /** Default none. */
  tags?: string[] | undefined;
  trigger: unknown;
  /** Default none. */
  nodes?: unknown;
  settings?: unknown;
}

/** What is left out stays as it is. */
export interface UpdateWorkflow {
  title?: string | undefined;
  /** Fixed at creation: only the present mode is accepted. */
  mode?: Mode | undefined;
  enabled?: boolean | undefined;
  tags?: string[] | undefined;
  trigger?: unknown;
  nodes?: unknown;
  /** Null takes them away. */
  settings?: unknown;
}

/** What is inside `trigger` and `nodes` is checked as a document, so that all problems are told at once. */
const createSchema = z.strictObject({
  title: titleSchema,
  mode: modeSchema,
  enabled: z.boolean().default(false),
  tags: tagsSchema.default([]),
  trigger: z.unknown().optional(),
  nodes: z.unknown().optional(),
  settings: z.unknown().optional(),
});

const updateSchema = createSchema.extend({ enabled: z.boolean(), tags: tagsSchema }).partial();

/** Keys that were made here have 22 characters; shorter ones can be guessed. */
const hookKeySchema = z.string().regex(/^[A-Za-z0-9_-]{22,100}$/, 'must have 22 to 100 letters, digits, _ and -');

const importSchema = z.strictObject({
  hookline: z.literal(1, { error: 'must be 1: this is not an export of Hookline, or of a newer version' }),
  title: titleSchema,
  mode: modeSchema,
  hookKey: hookKeySchema.optional(),
  tags: tagsSchema.default([]),
  trigger: z.unknown().optional(),
  nodes: z.unknown().optional(),
  settings: z.unknown().optional(),
});

export interface Parsed<Input> {
  /** Undefined when there are problems. */
  readonly input: Input | undefined;
  /** What could be read, for the checks that do not depend on the rest. */
  readonly mode: Mode | undefined;
  readonly document: { readonly trigger: unknown; readonly nodes: unknown; readonly settings: unknown };
  readonly problems: Problem[];
}

export function parseCreate(input: unknown): Parsed<z.infer<typeof createSchema>> {
  return parse(createSchema, input);
}

export function parseImport(input: unknown): Parsed<z.infer<typeof importSchema>> {
  return parse(importSchema, input);
}

export function parseUpdate(input: unknown): Parsed<z.infer<typeof updateSchema>> {
  return parse(updateSchema, input);
}

function parse<Input>(schema: z.ZodType<Input>, input: unknown): Parsed<Input> {
  const result = safeParse(schema, input, REPORT);
  const source = z.looseObject({ mode: modeSchema.optional().catch(undefined) }).safeParse(input).data;
  return {
    input: result.data,
    mode: source?.mode,
    document: { trigger: source?.trigger, nodes: source?.nodes, settings: source?.settings },
    problems: result.error ? shapeProblems(result.error) : [],
  };
}

/**
 * @param document hidden
 * @param unreadable what of the live revision could not be read
 */
export function toWorkflowView(
  workflow: Workflow,
  document: Document,
  executionCount: number,
  problems: Problem[],
  unreadable?: string | undefined,
): WorkflowView {
  const faults = [workflow.unreadable, unreadable].filter((fault) => fault !== undefined);
  const { id, title, mode, enabled, hookKey, revision, tags, deletedAt, createdAt, updatedAt } = workflow;
  return {
    id,
    title,
    mode,
    enabled,
    hookKey,
    revision,
    tags,
    deletedAt: deletedAt === null ? null : toTime(deletedAt),
    ...document,
    executionCount,
    createdAt: toTime(createdAt),
    updatedAt: toTime(updatedAt),
    problems,
    ...(faults.length === 0 ? {} : { unreadable: faults.join('; ') }),
  };
}

/** @param document hidden */
export function toRevisionView(
  revision: Revision,
  document: Document,
  state: { live: boolean; executed: boolean },
): RevisionView {
  const { workflowId, revision: number, createdAt, unreadable } = revision;
  const marker = unreadable === undefined ? {} : { unreadable };
  return { workflowId, revision: number, ...state, ...document, createdAt: toTime(createdAt), ...marker };
}

/** @throws HooklineError `invalid_request` when it is not an ISO 8601 time */
export function parseTime(text: string): number {
  const time = Date.parse(text);
  if (Number.isNaN(time))
    throw new HooklineError('invalid_request', 'ifUpdatedAt must be a time in ISO 8601, as `updatedAt` gives it.');
  return time;
}

function toTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
