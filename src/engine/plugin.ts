// The extension contract: what a node type, a trigger type and a plugin are.

import type { z } from 'zod';
import type { Failure, Mode, Problem, Reply, StoredRequest } from './model.ts';
import type { EndpointConfig, OperationalEvent } from './outbound-model.ts';

/** The variables of a running execution. `$jobsMapByNodeKey` is an alias of `$nodes` in every template and expression. */
export interface Scope {
  /** What the trigger was told to parse. For webhooks `{ headers, query, body }`. */
  readonly $context: unknown;
  /** The raw request `{ method, url, headers, query, body, rawBody, address }`, or null for triggers without one. */
  readonly $request: unknown;
  /** Results by node key. */
  readonly $nodes: Record<string, unknown>;
  /** Loop items by the loop's node key. */
  readonly $scopes: Record<string, unknown>;
  /** `{ now }`, ISO 8601, read when it is used. */
  readonly $system: { readonly now: string };
  /** `{ id, workflowId, revision, createdAt }`. */
  readonly $execution: Record<string, unknown>;
  /** The resume URL of each node that waits for a callback, by its key; inside a loop that of the same round. */
  readonly $resume: Record<string, string>;
  /** Named secrets. Whatever the execution then stores or logs shows `[secret NAME]` in place of their values. */
  readonly $secrets: Readonly<Record<string, string>>;
}

/** An expression language. `template` is text with `{{…}}`; `basic` tests are not text and are not among them. */
export type ExpressionEngine = 'jsonata' | 'json-schema' | 'mathjs' | 'formula' | 'jsonpath' | 'jmespath' | 'template';

/** A compiled template: constant values come back as they are. */
export interface Template {
  render(scope: Scope): unknown;
  readonly isConstant: boolean;
}

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** What a node hands back. Failing is throwing. */
export type NodeResult =
  /** Go on; `branch` names the branch to run before what follows; `isResult`: `output` is the result of the execution; `log`: lines for the designer to see. */
  | {
      readonly type: 'done';
      readonly output?: unknown;
      readonly branch?: string;
      readonly isResult?: boolean;
      readonly log?: readonly string[];
    }
  /**
   * Sleep until `until` (milliseconds since 1970; without it for ever), or until somebody resumes this job with a value,
   * whatever comes first. Not in sync workflows.
   */
  | {
      readonly type: 'wait';
      readonly until?: number;
      /** What becomes of the node at `until`: done with this output and branch, or failed with this error. Default done. */
      readonly due?: { readonly output?: unknown; readonly branch?: string; readonly error?: Failure };
      /** The branch that is taken when it is resumed. */
      readonly resumedBranch?: string;
    }
  /** Start another workflow with `input` as its `$context`; when awaited, this node is done with its result at its end. */
  | { readonly type: 'call'; readonly workflowId: string; readonly input: unknown; readonly isAwaited: boolean }
  /**
   * Send an event: it is committed with this node's job. Awaited, the node is done when every delivery has come to its end, or
   * at `until`, with `SentResult` and the branch `delivered` or `failed`; else at once with `{ messageId, deliveries: <count> }`.
   */
  | { readonly type: 'publish'; readonly event: OutgoingEvent; readonly isAwaited: boolean; readonly until?: number }
  /** Of a control node whose branch is `waiting`: run this node again when something inside goes on. */
  | { readonly type: 'suspend' }
  /** End the whole execution here, perhaps with the reply for the caller. */
  | {
      readonly type: 'end';
      readonly status: 'succeeded' | 'failed';
      readonly reply?: Reply;
      readonly output?: unknown;
      readonly reason?: string;
    };

/** How a branch that a control node ran came out. */
export type BranchOutcome =
  | { readonly status: 'completed' }
  /** A node inside waits. Unless the node can do without this branch, it returns `suspend`. */
  | { readonly status: 'waiting' }
  /** A node inside failed; the control node handles it, or throws a `BranchFailedError` with it. */
  | { readonly status: 'failed'; readonly error: Failure }
  /** The execution ended, or `signal` stopped the branch: return at once, what is returned then counts for nothing. */
  | { readonly status: 'stopped' };

/** An event to be sent as a webhook. */
export interface OutgoingEvent {
  /** Such as `order.created`. */
  readonly type: string;
  readonly data: unknown;
  /** Of the data. Default the highest that the catalogue has. */
  readonly version?: number | undefined;
  /** Time of the event, in milliseconds since 1970. Default now. */
  readonly timestamp?: number | undefined;
  readonly userId?: string | undefined;
  /** One URL instead of the endpoints that subscribe to the type. */
  readonly target?: OutgoingTarget | undefined;
}

/** Where an event goes to that no endpoint has asked for. */
export interface OutgoingTarget {
  readonly url: string;
  /** Signs; without one the request is not signed, unless the profiles bring their own. */
  readonly secret?: string | undefined;
  /** The rest of an endpoint's configuration. */
  readonly settings?:
    | {
        readonly [Name in Exclude<keyof EndpointConfig, 'url' | 'eventTypes' | 'versions' | 'blocking'>]?:
          | EndpointConfig[Name]
          | undefined;
      }
    | undefined;
  /** Deliveries with the same scope and origin share connections and limits: the node's place, such as `<workflow>/<node>`. */
  readonly scope: string;
}

/** An outgoing HTTP request. */
export interface OutgoingRequest {
  /** http or https, without credentials. */
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** For name lookup, connection, request and the whole answer together, in milliseconds. Default 15 000. */
  readonly timeoutMs?: number;
  /** Largest answer, counted after inflating. Default 1 MiB. */
  readonly maxResponseBytes?: number;
}

export interface OutgoingResponse {
  readonly status: number;
  /** Lower-case names; repeated ones joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** What a script gave back. */
export interface ScriptResult {
  readonly value: unknown;
  /** Lines it wrote with `console`. */
  readonly console: readonly string[];
}

export interface ScriptOptions {
  /** Global constants by name. */
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly timeoutMs: number;
  readonly maxMemoryBytes: number;
}

export interface NodeContext<Config> {
  /** Rendered and checked with the type's schema. Strings at the type's `expressions` paths are as written. */
  readonly config: Config;
  readonly scope: Scope;
  /** The configuration with the variables as they are now: for control nodes whose branches change them. */
  render(): Config;
  /** Aborted when the execution is cancelled or past its deadline. */
  readonly signal: AbortSignal;
  /** `<execution>/<job path>`: the same on every try of this job; hand it to receivers as idempotency key. */
  readonly idempotencyKey: string;
  readonly log: Log;
  /** Milliseconds since 1970. */
  now(): number;
  /**
   * Evaluates an expression outside the main thread with this execution's variables. `source` replaces the variables as
   * the input document of JSONata, JSONPath and JMESPath.
   * @throws HooklineError `expression_failed`, `expression_timeout`
   */
  evaluate(engine: ExpressionEngine, expression: string, options?: { source?: unknown }): Promise<unknown>;
  /**
   * Runs JavaScript in a sandbox without any input or output. The value of its `return` comes back as JSON.
   * @throws HooklineError `script_failed`, `script_limit` (time or memory)
   */
  runScript(code: string, options: ScriptOptions): Promise<ScriptResult>;
  /**
   * Sends a request; redirects are not followed, and addresses inside the operator's network are refused unless they are
   * allowed by configuration. Ends when the execution is cancelled.
   * @throws HooklineError `address_not_allowed`, `request_failed`, `request_timeout`, `response_too_large`
   */
  fetch(request: OutgoingRequest): Promise<OutgoingResponse>;
  /** Changes a variable node's value: `$nodes.<key>` is `value` from here on. */
  assign(key: string, value: unknown): void;
  /**
   * For control nodes: runs a branch now, with `locals` as `$scopes.<this key>`; `index` tells loop rounds apart; `signal`
   * stops this branch alone.
   */
  branch(name: string, options?: { locals?: unknown; index?: number; signal?: AbortSignal }): Promise<BranchOutcome>;
  /** Whether a round has begun in an earlier turn of this execution: what was decided about it then stays decided. */
  hasBegun(index: number): boolean;
}

/** What a semantic check sees besides the configuration. */
export interface CheckContext {
  readonly mode: Mode;
  /** Keys and types of the nodes that have run by the time this one runs, in order. */
  readonly earlier: readonly { readonly key: string; readonly type: string }[];
}

/** A problem inside a configuration; its path is relative to `config`, such as `cases[1].test`. */
export type ConfigProblem = Omit<Problem, 'severity'> & { readonly severity?: Problem['severity'] };

export interface NodeType<Config = unknown> {
  /** What documents name it by: kebab-case, unique among all node types. */
  readonly type: string;
  readonly title: string;
  readonly description: string;
  /**
   * Strict schema of `config`. Values saved as templates are checked when they are rendered. `.meta({ writeOnly: true })` marks what
   * is stored sealed and never shown, with `isSent: false` when it stays here, such as a key that only signs; `target: 'url'` the
   * URL that credentials are sent to, and `target: 'hosts'` the list of hosts that a template in it may lead to.
   */
  readonly config: z.ZodType<Config>;
  /** Branch names that a configuration gives this node. Default: none. */
  branches?(config: Config): readonly string[];
  /**
   * How the flow passes through: `step` goes on behind the node (default), `branching` first takes exactly one of its
   * branches, `ending` never goes on.
   */
  readonly flow?: 'step' | 'branching' | 'ending';
  /** Ends the flow with a reply for the caller. Default false. */
  readonly replies?: boolean;
  /**
   * Paths of strings that are expressions: not rendered, handed over as written. `cases[*].test` reaches into arrays.
   * A value there that is not a string is rendered as usual.
   */
  readonly expressions?: readonly string[];
  /** Paths of strings that are JavaScript: not rendered either, their syntax is checked when the workflow is saved. */
  readonly scripts?: readonly string[];
  /** Has an effect outside the execution: everything before it is committed before it runs. Default false. */
  readonly hasEffect?: boolean;
  /** Its result has an effect outside: it starts a workflow, sends an event. Nothing is committed before it runs. Default false. */
  readonly resultHasEffect?: boolean;
  /**
   * What its configuration holds leaves it only in requests to the URLs that its schema marks with `.meta({ target: 'url' })`:
   * secrets that are bound to certain hosts may be named in it. Default false.
   */
  readonly sendsToTargetOnly?: boolean;
  /** May wait; refused in sync workflows when they are saved. Default false. */
  readonly canWait?: boolean;
  /** Whether a node with this configuration may wait. Default as `canWait` says. */
  waits?(config: Config): boolean;
  /** Can be resumed over HTTP; `$resume.<key>` is its URL. Default false. */
  readonly isResumable?: boolean;
  /** Modes it may be used in. Default both. */
  readonly modes?: readonly Mode[];
  /** Checks beyond the schema, when the workflow is saved: syntax of expressions, keys that must exist. */
  check?(config: Config, context: CheckContext): readonly ConfigProblem[] | Promise<readonly ConfigProblem[]>;
  run(context: NodeContext<Config>): NodeResult | Promise<NodeResult>;
}

/** What is known of a request before its body is read. */
export interface RequestHead {
  readonly method: string;
  readonly url: string;
  /** As Node gives them: lower-case names. Holds secrets; never store or log it. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly address: string;
}

/** A whole request before its body is looked into. */
export interface IncomingRequest extends RequestHead {
  /** Exact bytes received, inflated: what senders sign. */
  readonly rawBody: Uint8Array;
}

export interface TriggerTools {
  /** Compiles every `{{…}}` in a JSON value. @throws HooklineError `invalid_template` */
  template(value: unknown): Template;
  /**
   * A text that is either the template of a secret, `{{$secrets.NAME}}`, or taken as it is written. Read it when it is needed:
   * secrets change. The function throws when the secret does not exist.
   */
  secret(text: string): () => string;
}

/** A trigger type that is called over HTTP at `/hooks/<key>`. */
export interface HttpTrigger {
  /** Largest body in bytes, counted after inflating. */
  readonly maxBodyBytes: number;
  /** How long a sync caller waits, in milliseconds, before 504; undefined for the server's default. */
  readonly deadlineMs: number | undefined;
  /** Refuses before the body is read, by throwing (`unauthorized`, `forbidden`, `too_many_requests`). */
  admit?(head: RequestHead): void;
  /** Whether `admit` judges credentials in the header `Authorization`: wrong ones are then slowed down. Default false. */
  readonly checksCredentials?: boolean;
  /** Refuses the whole request by throwing (media type, signature). Not called for replays and manual runs. */
  verify?(request: IncomingRequest): void;
  /** Headers that let a caller in, such as `authorization`: for test calls. They are secret and never leave the server. */
  callerHeaders?(): Readonly<Record<string, string>>;
  /** Makes `$context` of a stored request; pure, so that a replay gives the same. @throws invalid_json, missing_value, … */
  parse(request: StoredRequest): { readonly context: unknown; readonly body: unknown };
  /** The reply of an async workflow. */
  reply(scope: Scope): Reply;
}

/** A trigger that listens by itself (a queue, a clock, another program). */
export interface ListeningTrigger {
  /** Starts listening for one enabled workflow; the returned function stops it. */
  listen(
    fire: (context: unknown) => Promise<{ executionId: string }>,
  ): Promise<() => Promise<void> | void> | (() => Promise<void> | void);
}

/** A trigger that runs on what happens inside Hookline; `$context` is `{ type, timestamp (ISO 8601), data }`. */
export interface EventTrigger {
  hears(event: OperationalEvent): boolean;
}

export type TriggerInstance = HttpTrigger | ListeningTrigger | EventTrigger;

export interface TriggerType<Config = unknown> {
  readonly type: string;
  readonly title: string;
  readonly description: string;
  readonly config: z.ZodType<Config>;
  check?(config: Config, context: { readonly mode: Mode }): readonly ConfigProblem[];
  /** The names that designers have given to parts of `$context`; `path` is below it, such as `body.payment.status`. Default none. */
  aliases?(config: Config): readonly { readonly path: string; readonly alias: string }[];
  /** Called once for each revision that is loaded; compile here, not per request. */
  create(config: Config, tools: TriggerTools): TriggerInstance;
}

export interface Plugin {
  /** For messages, such as `hookline/built-in` or an npm package name. */
  readonly name: string;
  readonly nodes?: readonly AnyNodeType[];
  readonly triggers?: readonly AnyTriggerType[];
}

/** A node type whose configuration type is forgotten; the registry checks values with its schema before they reach it. */
export type AnyNodeType = NodeType<unknown>;
export type AnyTriggerType = TriggerType<unknown>;

/** Gives a node type its types. */
export function defineNode<Config>(node: NodeType<Config>): NodeType<Config> {
  return node;
}

/** Gives a trigger type its types. */
export function defineTrigger<Config>(trigger: TriggerType<Config>): TriggerType<Config> {
  return trigger;
}

/** Names a set of node and trigger types. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin;
}
