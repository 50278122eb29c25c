// The variables of one execution.

import type { Concealer, NamedValue } from './concealer.ts';
import type { Execution, StoredRequest } from './model.ts';
import type { Scope } from './plugin.ts';
import { parseQuery } from './query.ts';
import { NO_SECRETS, type SecretSet, type SecretVault, withValues } from './secret-vault.ts';

/** What the trigger made of the request: `context` is `$context`, `body` the parsed body for `$request.body`. */
export interface ParsedRequest {
  readonly context: unknown;
  readonly body: unknown;
  /** The whole of `$request` where nothing was stored: of a draft. */
  readonly request?: unknown;
}

type ScopedExecution = Pick<Execution, 'id' | 'workflowId' | 'revision' | 'createdAt' | 'request'>;

/** What every scope of one execution shares. */
interface Shared {
  readonly execution: ScopedExecution;
  readonly parsed: ParsedRequest;
  readonly now: () => number;
  /** The resume URLs as they are inside a loop round, such as `each[3]/`. */
  readonly resumeUrls: (prefix: string) => Record<string, string>;
  readonly vault: Pick<SecretVault, 'current'>;
  /** The secrets as they were when it first asked; undefined until then. */
  secrets: SecretSet | undefined;
  /** Undefined while it has had no access to secrets. */
  concealer: Concealer | undefined;
}

/**
 * Variables that few flows use are made when they are asked for. Getters of a class and not of object literals: those give
 * every object a hidden class of its own, which cost a third of the throughput.
 */
class ExecutionScope implements ExtensibleScope {
  readonly $context: unknown;
  readonly $nodes: Record<string, unknown>;
  readonly $scopes: Record<string, unknown>;
  readonly #shared: Shared;
  readonly #prefix: string;
  readonly #isSending: boolean;
  #request: unknown;

  constructor(
    shared: Shared,
    nodes: Record<string, unknown>,
    scopes: Record<string, unknown>,
    prefix: string,
    isSending = false,
  ) {
    this.$context = shared.parsed.context;
    this.$nodes = nodes;
    this.$scopes = scopes;
    this.#shared = shared;
    this.#prefix = prefix;
    this.#isSending = isSending;
  }

  get $request(): unknown {
    const { execution, parsed } = this.#shared;
    if (execution.request !== null) this.#request ??= requestVariable(execution.request, parsed.body);
    return this.#request ?? parsed.request ?? null;
  }

  get $system(): { readonly now: string } {
    return { now: new Date(this.#shared.now()).toISOString() };
  }

  get $execution(): Record<string, unknown> {
    const { id, workflowId, revision, createdAt } = this.#shared.execution;
    return { id, workflowId, revision, createdAt: new Date(createdAt).toISOString() };
  }

  get $resume(): Record<string, string> {
    return this.#shared.resumeUrls(this.#prefix);
  }

  get $secrets(): Readonly<Record<string, string>> {
    const { values, sendable } = this.#secrets();
    return this.#isSending ? sendable : values;
  }

  get secretHosts(): ReadonlyMap<string, readonly string[]> {
    return this.#secrets().hosts;
  }

  #secrets(): SecretSet {
    const shared = this.#shared;
    if (shared.secrets === undefined) {
      shared.secrets = shared.vault.current();
      const { concealer } = shared.secrets;
      shared.concealer = shared.concealer === undefined ? concealer : withValues(shared.secrets, shared.concealer.secrets);
    }
    return shared.secrets;
  }

  get concealer(): Concealer | undefined {
    return this.#shared.concealer;
  }

  snapshot(): Scope {
    return new ExecutionScope(this.#shared, { ...this.$nodes }, this.$scopes, this.#prefix);
  }

  sending(): ExtensibleScope {
    return new ExecutionScope(this.#shared, this.$nodes, this.$scopes, this.#prefix, true);
  }

  inside(prefix: string, locals?: Record<string, unknown>): ExtensibleScope {
    return new ExecutionScope(this.#shared, this.$nodes, { ...this.$scopes, ...locals }, prefix);
  }
}

/** Variables that can be extended for the rounds of a loop. */
export interface ExtensibleScope extends Scope {
  /** Keeps the secrets that this execution has had access to out of what it leaves; undefined while it has had none. */
  readonly concealer: Concealer | undefined;
  /** The variables as they are now: for a node that may keep them in its own result. */
  snapshot(): Scope;
  /** Hosts of the secrets that may be sent to certain hosts only, by name. Counts as access to secrets. */
  readonly secretHosts: ReadonlyMap<string, readonly string[]>;
  /** The same variables, with these secrets too: for the configuration of a node that sends to its target only. */
  sending(): ExtensibleScope;
  /** The same variables inside a loop round, with `locals` in `$scopes`; results of nodes are shared. */
  inside(prefix: string, locals?: Record<string, unknown>): ExtensibleScope;
}

/** The secrets of one execution. */
export interface ScopeSecrets {
  readonly vault: Pick<SecretVault, 'current'>;
  /** What it holds from an earlier turn, or was given; undefined when it has had no access to secrets. */
  readonly known?: readonly NamedValue[] | undefined;
}

/** The variables at the start of an execution; the runner adds results to `$nodes`. */
export function createScope(
  execution: ScopedExecution,
  parsed: ParsedRequest,
  now: () => number,
  resumeUrls: Shared['resumeUrls'] = NO_URLS,
  { vault, known }: ScopeSecrets = { vault: NO_SECRETS },
): ExtensibleScope {
  const concealer = known === undefined ? undefined : withValues(vault.current(), known);
  const shared: Shared = { execution, parsed, now, resumeUrls, vault, secrets: undefined, concealer };
  return new ExecutionScope(shared, {}, {}, '');
}

const NO_URLS = (): Record<string, string> => ({});

/** `$request` of a stored request. @param body parsed */
export function requestVariable(request: StoredRequest, body: unknown): unknown {
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

/** For expressions that look at their source alone. */
export const EMPTY_SCOPE: Scope = {
  $context: null,
  $request: null,
  $nodes: {},
  $scopes: {},
  $system: { now: '' },
  $execution: {},
  $resume: {},
  $secrets: {},
};
