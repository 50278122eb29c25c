// What a designer may pick variables from: shapes and examples that real runs of a workflow, and its pinned sample, have shown.

import { HooklineError } from '../errors.ts';
import { type CompiledNode, compileWorkflow, isHttpTrigger } from './compile.ts';
import { createDraftScope, type DraftVariables } from './drafts.ts';
import { Learner, type LearnedPath as Path, shorten } from './learned-paths.ts';
import type { ExecutionWithJobs, Node, StoredRequest } from './model.ts';
import type { BranchOutcome, NodeContext, TriggerInstance } from './plugin.ts';
import type { ExecutionStore, ExpressionEvaluator, Sample } from './ports.ts';
import type { Registry } from './registry.ts';
import { type ExtensibleScope, requestVariable } from './scope.ts';
import { ALL_DRAFT_RIGHTS, type DraftRights, FORBIDDEN_SECRETS } from './secret-places.ts';
import type { SecretVault } from './secret-vault.ts';
import { nullIfUnreadable } from './stored-workflows.ts';
import type { LoadedWorkflow, WorkflowService } from './workflows.ts';

export interface LearnedPath extends Path {
  /** The name that the trigger gives it. */
  alias?: string;
}

export interface Learned {
  /** The latest one, whose values are the examples; null when it has never run. */
  readonly execution: { readonly id: string; readonly createdAt: number } | null;
  /** How many were looked at. */
  readonly executions: number;
  readonly context: LearnedPath[];
  readonly request: LearnedPath[];
  /** By node key. */
  readonly nodes: Record<string, LearnedPath[]>;
  /** By the key of the loop. */
  readonly scopes: Record<string, LearnedPath[]>;
  /** Names. */
  readonly secrets: string[];
  readonly variables: DraftVariables;
}

export interface LearnOptions {
  readonly executions: Pick<ExecutionStore, 'list' | 'get'>;
  readonly documents: Pick<WorkflowService, 'byId'>;
  readonly samples: { get(workflowId: string): Promise<Sample | undefined> };
  readonly registry: Registry;
  readonly evaluator: Pick<ExpressionEvaluator, 'evaluate'>;
  readonly vault: SecretVault;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Executions that are looked at, the latest ones. */
const MAX_EXECUTIONS = 20;
/** How long a node may take to say which variables its branches get, in milliseconds. */
const PROBE_MS = 2_000;

/** Of a workflow whose live revision cannot be read. */
const NOTHING: Omit<Learned, 'secrets'> = {
  ...{ execution: null, executions: 0, context: [], request: [], nodes: {}, scopes: {} },
  variables: { context: null, request: null, nodes: {}, scopes: {} },
};

/** @throws HooklineError `workflow_not_found`, `unknown_type` when the trigger's plugin is gone, `storage_unavailable` */
export async function learn(workflowId: string, options: LearnOptions, rights: DraftRights = ALL_DRAFT_RIGHTS): Promise<Learned> {
  const { executions, documents, samples, registry, vault } = options;
  const loaded = await nullIfUnreadable(documents.byId(workflowId));
  if (loaded === undefined) throw new HooklineError('workflow_not_found', `There is no workflow ${workflowId}.`);
  await vault.refresh();
  const secrets = rights.maySeeSecretNames ? Object.keys(vault.current().sendable) : [];
  if (loaded === null) return { ...NOTHING, secrets };
  const { workflow, document } = loaded;
  const { trigger, nodes } = compileWorkflow(workflow, loaded, document, registry, vault);
  const found = await latest(workflowId, executions);
  const sample = await samples.get(workflowId);

  const context = new Learner();
  const request = new Learner();
  const results = new Map<string, Learner>();
  const keys = new Set(keysOf(document.nodes));
  const inputs = [
    ...found.map((execution) => inputOf(execution.request, execution.context, trigger)),
    ...(sample && sample.unreadable === undefined ? [inputOf(sample.request, null, trigger)] : []),
  ];
  for (const input of inputs) {
    if (input.context !== undefined) context.learn(input.context);
    if (input.request !== null) request.learn(input.request);
  }
  for (const { jobs } of found) {
    for (const { key, output } of jobs.toReversed()) {
      if (!keys.has(key) || output === undefined) continue;
      const learner = results.get(key) ?? new Learner();
      results.set(key, learner);
      learner.learn(output);
    }
  }

  const [first] = found;
  const variables = shortened({
    context: inputs[0]?.context ?? null,
    request: inputs[0]?.request ?? null,
    nodes: latestResults(found, keys),
  });
  const scopes = await probeScopes(nodes, variables, workflowId, options, rights);
  const scopePaths = Object.entries(scopes).map(([key, value]): [string, LearnedPath[]] => {
    const learner = new Learner();
    learner.learn(value);
    return [key, learner.paths()];
  });
  return {
    execution: first ? { id: first.id, createdAt: first.createdAt } : null,
    executions: found.length,
    context: withAliases(context.paths(), loaded, registry),
    request: request.paths(),
    nodes: Object.fromEntries([...results].map(([key, learner]) => [key, learner.paths()])),
    scopes: Object.fromEntries(scopePaths),
    secrets,
    variables: { ...variables, scopes },
  };
}

/** Newest first. */
async function latest(workflowId: string, executions: LearnOptions['executions']): Promise<ExecutionWithJobs[]> {
  const { items } = await executions.list({ workflowId, limit: MAX_EXECUTIONS });
  const found: ExecutionWithJobs[] = [];
  for (const { id } of items) {
    const execution = await executions.get(id);
    if (execution) found.push(execution);
  }
  return found;
}

interface Input {
  /** As the trigger parses it now; undefined when it no longer does. */
  readonly context: unknown;
  readonly request: unknown;
}

function inputOf(request: StoredRequest | null, context: unknown, trigger: TriggerInstance): Input {
  if (request === null) return { context: context ?? undefined, request: null };
  try {
    const parsed = isHttpTrigger(trigger) ? trigger.parse(request) : undefined;
    return { context: parsed?.context, request: requestVariable(request, parsed?.body) };
  } catch (error) {
    // One that the trigger would refuse today shows nothing of what it lets in.
    if (error instanceof HooklineError) return { context: undefined, request: requestVariable(request, undefined) };
    throw error;
  }
}

function keysOf(nodes: readonly Node[]): string[] {
  return nodes.flatMap(({ key, branches = {} }) => [key, ...Object.values(branches).flatMap(keysOf)]);
}

/** Of each node the result of the latest execution that has one. */
function latestResults(found: readonly ExecutionWithJobs[], keys: ReadonlySet<string>): Record<string, unknown> {
  const results: Record<string, unknown> = {};
  for (const { jobs } of found) {
    const own: Record<string, unknown> = {};
    for (const { key, output } of jobs) if (keys.has(key) && output !== undefined) own[key] = output;
    for (const [key, output] of Object.entries(own)) if (!Object.hasOwn(results, key)) results[key] = output;
  }
  return results;
}

function shortened({ context, request, nodes = {} }: DraftVariables): DraftVariables {
  const results = Object.entries(nodes).map(([key, value]) => [key, shorten(value)]);
  return { context: shorten(context), request: shorten(request), nodes: Object.fromEntries(results) };
}

function withAliases(paths: Path[], { document }: LoadedWorkflow, registry: Registry): LearnedPath[] {
  const type = registry.trigger(document.trigger.type);
  const config = type?.config.safeParse(document.trigger.config);
  const aliases = config?.success ? (type?.aliases?.(config.data) ?? []) : [];
  if (aliases.length === 0) return paths;
  const byPath = new Map(aliases.map(({ path, alias }) => [path, alias]));
  return paths.map((path) => {
    const alias = byPath.get(path.path);
    return alias === undefined ? path : { ...path, alias };
  });
}

// --- what branches get ---------------------------------------------------------------------------------------------------

/**
 * The first variables that nodes give to their branches, such as a loop's item. They are not stored: the nodes are asked again,
 * without running anything in their branches.
 */
async function probeScopes(
  nodes: readonly CompiledNode[],
  variables: DraftVariables,
  workflowId: string,
  options: LearnOptions,
  { mayUseSecrets }: DraftRights,
): Promise<Record<string, unknown>> {
  const vault = mayUseSecrets ? options.vault : FORBIDDEN_SECRETS;
  const scopes: Record<string, unknown> = {};
  const visit = async (list: readonly CompiledNode[]): Promise<void> => {
    for (const node of list) {
      if (node.branches.size === 0) continue;
      const { type } = node;
      if ((type.flow ?? 'step') === 'step' && !type.hasEffect && !type.resultHasEffect && !type.canWait) {
        const scope = createDraftScope({ ...variables, scopes }, { ...options, vault }, workflowId);
        const locals = await probe(node, scope, options);
        if (locals !== undefined) scopes[node.key] = shorten(scope.concealer?.value(locals) ?? locals);
      }
      for (const children of node.branches.values()) await visit(children);
    }
  };
  await visit(nodes);
  return scopes;
}

/** What a node gives to the first branch that it runs; undefined when it does not come to that with these variables. */
async function probe(node: CompiledNode, scope: ExtensibleScope, options: LearnOptions): Promise<unknown> {
  const controller = new AbortController();
  let locals: unknown;
  const stopped: BranchOutcome = { status: 'stopped' };
  const refuse = (): Promise<never> =>
    Promise.reject(new HooklineError('conflict', 'Nothing is run while variables are learned.'));
  const timer = setTimeout(() => controller.abort(), PROBE_MS);
  try {
    const context: NodeContext<unknown> = {
      config: node.config(scope),
      scope,
      render: () => node.config(scope),
      signal: controller.signal,
      idempotencyKey: `learn/${node.key}`,
      log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
      now: options.now,
      evaluate: (engine, expression, given) =>
        options.evaluator.evaluate(engine, expression, scope, {
          source: given?.source,
          hasSource: given !== undefined && 'source' in given,
          signal: controller.signal,
        }),
      runScript: refuse,
      fetch: refuse,
      assign: ignore,
      branch: async (_name, given = {}) => {
        if (locals === undefined && 'locals' in given) locals = given.locals;
        return stopped;
      },
      hasBegun: () => false,
    };
    await Promise.race([
      node.type.run(context),
      new Promise((resolve) => controller.signal.addEventListener('abort', resolve, { once: true })),
    ]);
  } catch (error) {
    // It cannot say with the variables of that run; a plugin's node may throw anything.
    if (!(error instanceof Error)) throw error;
  } finally {
    clearTimeout(timer);
  }
  return locals;
}

function ignore(): void {}
