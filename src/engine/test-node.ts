// Runs one node that a designer is working on, with chosen variables, outside of any execution: the real type, nothing stored.

import { HooklineError } from '../errors.ts';
import { type CompiledNode, compileNode } from './compile.ts';
import type { Concealer } from './concealer.ts';
import { keepSecrets, sayDropped } from './document-secrets.ts';
import { createDraftScope, type DraftVariables } from './drafts.ts';
import type { Engine } from './engine.ts';
import { toFailure } from './failure.ts';
import type { ExecutionWithJobs, Failure, Job, JobStatus, Mode, Node, Reply } from './model.ts';
import { nodeSchema } from './model.ts';
import type { PreparedMessage } from './outbound-ports.ts';
import { isRecord } from './path.ts';
import type { Log, OutgoingEvent } from './plugin.ts';
import type { ExpressionEvaluator } from './ports.ts';
import { hasOutsideEffect, type Registry } from './registry.ts';
import { Run, type RunnerServices, type RunOutcome } from './run.ts';
import { walk } from './runner.ts';
import type { ExtensibleScope } from './scope.ts';
import { findSecretUses } from './secret-names.ts';
import { ALL_DRAFT_RIGHTS, type DraftRights, FORBIDDEN_SECRETS, secretsForbidden } from './secret-places.ts';
import type { SecretVault } from './secret-vault.ts';
import { SILENT_LOG } from './silent-log.ts';
import { nullIfUnreadable } from './stored-workflows.ts';
import type { WorkflowService } from './workflows.ts';
import { hideWriteOnly } from './write-only.ts';

export interface NodeTestOptions {
  readonly registry: Registry;
  readonly evaluator: ExpressionEvaluator;
  readonly vault: SecretVault;
  readonly documents: Pick<WorkflowService, 'byId'>;
  /** Starts the workflow of a subflow node. */
  readonly engine: Pick<Engine, 'run'>;
  /** Sends the requests of nodes, guarded. */
  readonly fetch: RunnerServices['fetch'];
  /** Publishes the event of a node. */
  send(event: OutgoingEvent, concealer: Concealer | undefined): Promise<PreparedMessage>;
  /** Milliseconds since 1970. */
  now(): number;
  /** How long a test may take. Default 30 000. */
  readonly timeoutMs?: number | undefined;
}

export interface NodeTest {
  /** Where write-only values that are left out come from. */
  readonly workflowId?: string | undefined;
  readonly mode: Mode;
  /** With its branches, if they are to run. */
  readonly node: Node;
  readonly variables?: DraftVariables | undefined;
  /** Whether nodes with an effect outside may run. */
  readonly effects: boolean;
}

/** What the node did, without secrets. */
export interface NodeTestResult {
  readonly status: JobStatus;
  /** Of a node that waits `{ waitsFor, until }`. */
  readonly output?: unknown;
  /** The branch that it takes. */
  readonly branch: string | null;
  readonly error: Failure | null;
  readonly log: string[];
  /** What it would answer. */
  readonly reply: Reply | null;
  /** Its configuration with the variables filled in, without write-only values; null when it cannot be filled in. */
  readonly config: unknown;
  readonly durationMs: number;
}

export type TestNode = (test: NodeTest, rights?: DraftRights) => Promise<NodeTestResult>;

const TIMEOUT_MS = 30_000;
/** Lines of a node's log. */
const MAX_LINES = 200;
const MAX_LINE_LENGTH = 2_000;

/**
 * A node whose stored credentials would be sent elsewhere than the saved one sends them is not run: its error says so.
 * @throws (the function) HooklineError `conflict` for a node with an effect without leave, `invalid_request` for a type that is
 *   not installed, `forbidden` when it uses secrets or stored credentials and who asks may not, `workflow_not_found`,
 *   `storage_unavailable`
 */
export function createNodeTests(options: NodeTestOptions): TestNode {
  const { registry, vault, now, timeoutMs = TIMEOUT_MS } = options;

  return async ({ workflowId, mode, node: given, variables = {}, effects }, rights = ALL_DRAFT_RIGHTS) => {
    requireTypes(given, mode, effects, registry);
    await vault.refresh();
    const { node, dropped } = await withSecrets(given, workflowId, options, rights);
    if (!rights.mayUseSecrets && findSecretUses(node).length > 0) throw secretsForbidden();
    const scope = createDraftScope(variables, { now, vault: rights.mayUseSecrets ? vault : FORBIDDEN_SECRETS }, workflowId);
    const lines: string[] = [];
    const begin = performance.now();
    const { job, outcome, config } = await (dropped ?? runOnce(node, scope, lines));
    const durationMs = performance.now() - begin;
    const isResumable = registry.node(node.type)?.isResumable ?? false;
    const result = { ...resultOf(job, outcome, isResumable), config, log: [...lines, ...(job?.log ?? [])].slice(0, MAX_LINES) };
    return { ...(scope.concealer?.value(result) ?? result), durationMs };
  };

  async function runOnce(node: Node, scope: ExtensibleScope, lines: string[]) {
    let compiled: CompiledNode;
    try {
      // One try, and what goes wrong is shown.
      const { retry: _, onFailure: __, ...once } = node;
      compiled = compileNode(once, registry);
    } catch (error) {
      return { job: undefined, outcome: failed(toFailure(error)), config: null };
    }
    const config = renderConfig(compiled, scope);
    const run = new Run(draftExecution(scope), scope, false);
    const outcome = await within(run, walk(run, [compiled], servicesOf(lines)));
    return { job: run.unsaved.findLast(({ path }) => path === node.key), outcome, config };
  }

  /** The walk's outcome, or that it took too long. */
  async function within(run: Run, walked: RunOutcome | Promise<RunOutcome>): Promise<RunOutcome> {
    if (!(walked instanceof Promise)) return walked;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<RunOutcome>((resolve) => {
      timer = setTimeout(() => {
        const error = new HooklineError('deadline_exceeded', `The test took longer than ${timeoutMs / 1000} seconds.`);
        run.abandon(error);
        resolve(failed(toFailure(error)));
      }, timeoutMs);
    });
    try {
      return await Promise.race([walked, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  function servicesOf(lines: string[]): RunnerServices {
    return {
      evaluator: options.evaluator,
      log: SILENT_LOG,
      nodeLog: logInto(lines),
      now,
      // Nothing is stored.
      flush: () => Promise.resolve(),
      fetch: options.fetch,
      call: (_run, _path, { workflowId, input }) => options.engine.run(workflowId, { context: input }),
      publish: ({ scope }, _path, event) => options.send(event, scope.concealer),
    };
  }

  function renderConfig({ type, config }: CompiledNode, scope: ExtensibleScope): unknown {
    try {
      const rendered = config(scope);
      return isRecord(rendered) ? hideWriteOnly(rendered, registry.nodeSchema(type.type)) : rendered;
    } catch (error) {
      // The run itself meets it, too, and says so.
      if (error instanceof HooklineError) return null;
      throw error;
    }
  }
}

/** @throws HooklineError `invalid_request`, `conflict` */
function requireTypes({ type: name, branches = {} }: Node, mode: Mode, effects: boolean, registry: Registry): void {
  const type = registry.node(name);
  if (!type) throw new HooklineError('invalid_request', `The node type "${name}" is not installed.`);
  if (type.modes && !type.modes.includes(mode)) {
    throw new HooklineError('invalid_request', `A ${name} node is for ${type.modes.join(' and ')} workflows only.`);
  }
  if (!effects && hasOutsideEffect(type)) {
    throw new HooklineError('conflict', `A ${name} node has an effect outside: it is tested only with \`effects: true\`.`);
  }
  for (const children of Object.values(branches)) for (const child of children) requireTypes(child, mode, effects, registry);
}

/** @returns the node with the write-only values that it leaves out; `dropped` when some may not be sent where it sends to */
async function withSecrets(
  node: Node,
  workflowId: string | undefined,
  { documents, registry }: Pick<NodeTestOptions, 'documents' | 'registry'>,
  { mayUseStored }: DraftRights,
): Promise<{ node: Node; dropped?: { job: undefined; outcome: RunOutcome; config: null } }> {
  if (workflowId === undefined) return { node };
  const loaded = await nullIfUnreadable(documents.byId(workflowId));
  // Nothing that is stored can be kept.
  if (loaded === null) return { node };
  if (!loaded) throw new HooklineError('workflow_not_found', `There is no workflow ${workflowId}.`);
  const { document } = loaded;
  const { nodes, kept, dropped } = keepSecrets({ trigger: document.trigger, nodes: [node] }, document, registry);
  const [first] = dropped;
  if (!mayUseStored && kept.length + dropped.length > 0) {
    throw new HooklineError(
      'forbidden',
      'This would be sent with values that the workflow has stored, which needs the permission "workflows:write". Give the values instead.',
      { details: { permission: 'workflows:write', places: [...kept, ...dropped.map(({ place }) => place)] } },
    );
  }
  if (first === undefined) return { node: Array.isArray(nodes) ? nodeSchema.parse(nodes[0]) : node };
  const place = first.place.replace(/^nodes\[0\]\.(?:config\.)?/, '');
  const error = new HooklineError('credential_dropped', `Nothing was sent. ${place}: ${sayDropped(first).message}.`);
  return { node, dropped: { job: undefined, outcome: failed(toFailure(error)), config: null } };
}

function resultOf(
  job: Job | undefined,
  outcome: RunOutcome,
  isResumable: boolean,
): Omit<NodeTestResult, 'config' | 'log' | 'durationMs'> {
  const branch = job?.branch ?? null;
  const reply = outcome.reply;
  if (outcome.status === 'error') return { status: 'error', branch, reply, error: job?.error ?? outcome.error };
  // A node in one of its branches may have failed the flow.
  if (outcome.status === 'failed') return { status: 'failed', output: job?.output, branch, reply, error: outcome.error };
  if (outcome.status === 'waiting') return { status: 'waiting', output: waitOf(job, isResumable), branch, reply, error: null };
  return { status: job?.status ?? 'succeeded', output: job?.output, branch, reply, error: job?.error ?? null };
}

/** What a node waits for: `callback` from outside, a `time`, the end of a `subflow` or `message`, or a node in its `branch`. */
function waitOf(job: Job | undefined, isResumable: boolean): object {
  const { wait } = job ?? {};
  if (!wait) return { waitsFor: 'branch' };
  const until = wait.until === null ? null : new Date(wait.until).toISOString();
  if (wait.kind === 'call') return { waitsFor: 'subflow', executionId: wait.executionId };
  if (wait.kind === 'message') return { waitsFor: 'message', messageId: wait.messageId, until };
  return { waitsFor: isResumable ? 'callback' : 'time', until };
}

function failed(error: Failure): RunOutcome {
  return { status: 'error', reply: null, error };
}

function draftExecution({ $execution, $context }: ExtensibleScope): ExecutionWithJobs {
  const createdAt = Date.parse(String($execution.createdAt));
  return {
    id: String($execution.id),
    workflowId: String($execution.workflowId),
    revision: 0,
    status: 'running',
    source: 'manual',
    createdAt,
    startedAt: createdAt,
    finishedAt: null,
    request: null,
    context: $context,
    response: null,
    error: null,
    replayOf: null,
    parent: null,
    depth: 0,
    output: null,
    lane: null,
    wakeAt: null,
    jobs: [],
  };
}

function logInto(lines: string[]): Log {
  const at = (level: keyof Log) => (fields: object, message: string) => {
    if (lines.length >= MAX_LINES) return;
    const { execution: _, node: __, ...own } = Object.fromEntries(Object.entries(fields));
    const more = Object.keys(own).length === 0 ? '' : ` ${JSON.stringify(own)}`;
    lines.push(`${level}: ${message}${more}`.slice(0, MAX_LINE_LENGTH));
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
