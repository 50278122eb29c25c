// What a node sees while it runs: the context of the extension contract.

import type { CompiledNode } from './compile.ts';
import { toJsonValue } from './json-value.ts';
import type { Job } from './model.ts';
import type { BranchOutcome, ExpressionEngine, Log, NodeContext, Scope } from './plugin.ts';
import type { Run, RunnerServices } from './run.ts';
import type { ExtensibleScope } from './scope.ts';

/** Runs a list of nodes; the runner's own function, handed over since the two need each other. */
export type WalkNodes = (
  run: Run,
  nodes: readonly CompiledNode[],
  prefix: string,
  scope: ExtensibleScope,
  services: RunnerServices,
) => BranchOutcome | Promise<BranchOutcome>;

export interface RunningNodeParts {
  readonly run: Run;
  readonly node: CompiledNode;
  /** The loop path in front of the node's key. */
  readonly prefix: string;
  readonly scope: ExtensibleScope;
  readonly services: RunnerServices;
  readonly job: Job;
  readonly walkNodes: WalkNodes;
}

/** Functions are getters that make them: a node may take them out of the context, and most nodes need none. */
export class RunningNode implements NodeContext<unknown> {
  readonly config: unknown;
  readonly #parts: RunningNodeParts;

  /** @throws HooklineError `invalid_config` when the rendered configuration does not fit */
  constructor(parts: RunningNodeParts) {
    this.config = parts.node.config(parts.scope);
    this.#parts = parts;
  }

  get scope(): Scope {
    return this.#parts.scope.snapshot();
  }

  get signal(): AbortSignal {
    return this.#parts.run.signal;
  }

  get idempotencyKey(): string {
    return `${this.#parts.run.execution.id}/${this.#parts.job.path}`;
  }

  get log(): Log {
    return this.#parts.services.log;
  }

  get now(): () => number {
    return this.#parts.services.now;
  }

  get evaluate(): NodeContext<unknown>['evaluate'] {
    const { run, scope, services } = this.#parts;
    return (engine: ExpressionEngine, expression: string, options?: { source?: unknown }) => {
      const hasSource = options !== undefined && 'source' in options;
      return services.evaluator.evaluate(engine, expression, scope, { source: options?.source, hasSource, signal: run.signal });
    };
  }

  get assign(): NodeContext<unknown>['assign'] {
    const { run, job, scope } = this.#parts;
    return (key: string, value: unknown) => {
      const stored = toJsonValue(value, run.room);
      job.assigns = { ...job.assigns, [key]: stored };
      scope.$nodes[key] = stored;
    };
  }

  get branch(): NodeContext<unknown>['branch'] {
    const { run, node, prefix, scope, services, job, walkNodes } = this.#parts;
    return async (name: string, options: { locals?: unknown; index?: number } = {}) => {
      const children = node.branches.get(name);
      if (!children) return 'completed';
      const inner = options.index === undefined ? prefix : `${job.path}[${options.index}]/`;
      const local = 'locals' in options ? scope.with(node.key, options.locals) : scope;
      return walkNodes(run, children, inner, local, services);
    };
  }
}
