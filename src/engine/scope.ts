// The variables of one execution.

import type { Execution, StoredRequest } from './model.ts';
import type { Scope } from './plugin.ts';
import { parseQuery } from './query.ts';

/** What the trigger made of the request: `context` is `$context`, `body` the parsed body for `$request.body`. */
export interface ParsedRequest {
  readonly context: unknown;
  readonly body: unknown;
}

type ScopedExecution = Pick<Execution, 'id' | 'workflowId' | 'revision' | 'createdAt' | 'request'>;

/**
 * Variables that few flows use are made when they are asked for. Getters of a class and not of object literals: those give
 * every object a hidden class of its own, which cost a third of the throughput.
 */
class ExecutionScope implements ExtensibleScope {
  readonly $context: unknown;
  readonly $nodes: Record<string, unknown>;
  readonly $scopes: Record<string, unknown>;
  readonly #execution: ScopedExecution;
  readonly #body: unknown;
  readonly #now: () => number;
  #request: unknown;

  constructor(
    execution: ScopedExecution,
    parsed: ParsedRequest,
    now: () => number,
    nodes: Record<string, unknown>,
    scopes: Record<string, unknown>,
  ) {
    this.$context = parsed.context;
    this.$nodes = nodes;
    this.$scopes = scopes;
    this.#execution = execution;
    this.#body = parsed.body;
    this.#now = now;
  }

  get $request(): unknown {
    const { request } = this.#execution;
    if (request !== null) this.#request ??= requestVariable(request, this.#body);
    return this.#request ?? null;
  }

  get $system(): { readonly now: string } {
    return { now: new Date(this.#now()).toISOString() };
  }

  get $execution(): Record<string, unknown> {
    const { id, workflowId, revision, createdAt } = this.#execution;
    return { id, workflowId, revision, createdAt: new Date(createdAt).toISOString() };
  }

  snapshot(): Scope {
    const parsed = { context: this.$context, body: this.#body };
    return new ExecutionScope(this.#execution, parsed, this.#now, { ...this.$nodes }, this.$scopes);
  }

  with(key: string, locals: unknown): ExtensibleScope {
    const parsed = { context: this.$context, body: this.#body };
    return new ExecutionScope(this.#execution, parsed, this.#now, this.$nodes, { ...this.$scopes, [key]: locals });
  }
}

/** Variables that can be extended for the rounds of a loop. */
export interface ExtensibleScope extends Scope {
  /** The variables as they are now: for a node that may keep them in its own result. */
  snapshot(): Scope;
  /** The same variables with one more in `$scopes`; results of nodes are shared. */
  with(key: string, locals: unknown): ExtensibleScope;
}

/** The variables at the start of an execution; the runner adds results to `$nodes`. */
export function createScope(execution: ScopedExecution, parsed: ParsedRequest, now: () => number): ExtensibleScope {
  return new ExecutionScope(execution, parsed, now, {}, {});
}

function requestVariable(request: StoredRequest, body: unknown): unknown {
  const start = request.url.indexOf('?');
  return {
    method: request.method,
    url: request.url,
    headers: request.headers,
    query: parseQuery(start === -1 ? '' : request.url.slice(start + 1)),
    body,
    rawBody: request.body,
    address: request.address,
  };
}
