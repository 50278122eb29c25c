// What a node sees while it runs: the context of the extension contract.

import type { CompiledNode } from './compile.ts';
import type { Concealer } from './concealer.ts';
import { toJsonValue } from './json-value.ts';
import type { BranchOutcome, ExpressionEngine, Log, NodeContext, OutgoingRequest, Scope, ScriptOptions } from './plugin.ts';
import type { Frame, Run, RunnerServices, RunningNodeParts } from './run.ts';
import { takeTurn } from './take-turn.ts';

/** Runs a list of nodes; the runner's own function, handed over since the two need each other. */
export type WalkNodes = (
  run: Run,
  nodes: readonly CompiledNode[],
  frame: Frame,
  services: RunnerServices,
) => BranchOutcome | Promise<BranchOutcome>;

const COMPLETED: BranchOutcome = { status: 'completed' };

/** Functions are getters that make them: a node may take them out of the context, and most nodes need none. */
export class RunningNode implements NodeContext<unknown> {
  readonly config: unknown;
  readonly #parts: RunningNodeParts;
  readonly #walkNodes: WalkNodes;

  /** @throws HooklineError `invalid_config` when the rendered configuration does not fit */
  constructor(parts: RunningNodeParts, walkNodes: WalkNodes) {
    this.config = parts.node.config(parts.frame.scope);
    this.#parts = parts;
    this.#walkNodes = walkNodes;
  }

  get scope(): Scope {
    return this.#parts.frame.scope.snapshot();
  }

  get render(): () => unknown {
    const { node, frame } = this.#parts;
    return () => node.config(frame.scope);
  }

  get signal(): AbortSignal {
    const { run, frame } = this.#parts;
    return frame.signal ? AbortSignal.any([run.signal, frame.signal]) : run.signal;
  }

  get idempotencyKey(): string {
    return `${this.#parts.run.execution.id}/${this.#parts.job.path}`;
  }

  get log(): Log {
    const { run, job, frame, services } = this.#parts;
    const log = services.nodeLog ?? services.log;
    const named = (level: keyof Log) => (fields: object, message: string) => {
      const { concealer } = frame.scope;
      const place = { execution: run.execution.id, node: job.path };
      if (concealer === undefined) log[level]({ ...fields, ...place }, message);
      else log[level]({ ...concealFields(fields, concealer), ...place }, concealer.text(String(message)));
    };
    return { debug: named('debug'), info: named('info'), warn: named('warn'), error: named('error') };
  }

  get now(): () => number {
    return this.#parts.services.now;
  }

  get evaluate(): NodeContext<unknown>['evaluate'] {
    const { frame, services } = this.#parts;
    return (engine: ExpressionEngine, expression: string, options?: { source?: unknown }) => {
      const hasSource = options !== undefined && 'source' in options;
      const { signal } = this;
      return services.evaluator.evaluate(engine, expression, frame.scope, { source: options?.source, hasSource, signal });
    };
  }

  get runScript(): NodeContext<unknown>['runScript'] {
    return (code: string, options: ScriptOptions) =>
      this.#parts.services.evaluator.runScript(code, { ...options, signal: this.signal });
  }

  get fetch(): NodeContext<unknown>['fetch'] {
    return (request: OutgoingRequest) => this.#parts.services.fetch({ ...request, signal: this.signal });
  }

  get assign(): NodeContext<unknown>['assign'] {
    const { run, job, frame } = this.#parts;
    return (key: string, value: unknown) => {
      const stored = toJsonValue(value, run.room);
      job.assigns = { ...job.assigns, [key]: stored };
      frame.scope.$nodes[key] = stored;
      run.assignedAt.set(key, Number.POSITIVE_INFINITY);
    };
  }

  get branch(): NodeContext<unknown>['branch'] {
    const { run, node, frame, services, job } = this.#parts;
    return async (name: string, options: { locals?: unknown; index?: number; signal?: AbortSignal } = {}) => {
      const children = node.branches.get(name);
      if (!children) return COMPLETED;
      await takeTurn(run, services);
      const { index, signal } = options;
      const prefix = index === undefined ? frame.prefix : `${job.path}[${index}]/`;
      const isSame = index === undefined && !('locals' in options);
      const outcome = await this.#walkNodes(
        run,
        children,
        {
          prefix,
          scope: isSame
            ? frame.scope
            : frame.scope.inside(prefix, 'locals' in options ? { [node.key]: options.locals } : undefined),
          signal: signal && frame.signal ? AbortSignal.any([signal, frame.signal]) : (signal ?? frame.signal),
        },
        services,
      );
      if (outcome.status === 'waiting') this.#parts.hasWaitingBranch = true;
      return outcome;
    };
  }

  get hasBegun(): NodeContext<unknown>['hasBegun'] {
    const { run, job } = this.#parts;
    return (index: number) => run.memo?.rounds(job.path).has(index) ?? false;
  }
}

/** As JSON, so that nothing in it hides a secret from the look. */
function concealFields(fields: object, concealer: Concealer): object {
  const plain: unknown = JSON.parse(JSON.stringify(fields, errorsAsText) ?? '{}');
  return { ...(typeof plain === 'object' ? concealer.value(plain) : {}) };
}

function errorsAsText(_key: string, value: unknown): unknown {
  return value instanceof Error ? `${value.name}: ${value.message}` : typeof value === 'bigint' ? String(value) : value;
}
