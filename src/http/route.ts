// What a route of the admin API is: a value that says everything about itself, so that one table serves, checks and documents it.

import type { z } from 'zod';
import type { Access } from '../access/access.ts';
import type { Actor, Permission } from '../access/model.ts';
import type { Origin } from '../access/sessions.ts';
import type { AuditDetails } from '../engine/audit-scope.ts';
import type { Captures } from '../engine/captures.ts';
import type { Changes } from '../engine/changes.ts';
import type { DraftExpression, Evaluation } from '../engine/drafts.ts';
import type { Engine } from '../engine/engine.ts';
import type { InstallationSettings } from '../engine/installation-settings.ts';
import type { LatestFirst } from '../engine/latest-first.ts';
import type { Learned } from '../engine/learned.ts';
import type { ExecutionStore, SampleStore, Storage } from '../engine/ports.ts';
import type { Registry } from '../engine/registry.ts';
import type { ResumeTokens } from '../engine/resume-token.ts';
import type { DraftRights, SecretRights } from '../engine/secret-places.ts';
import type { Statistics } from '../engine/statistics.ts';
import type { NodeTest, NodeTestResult } from '../engine/test-node.ts';
import type { WorkflowService } from '../engine/workflows.ts';
import type { ErrorCode } from '../errors.ts';
import type { EndpointService } from '../outbound/endpoints.ts';
import type { EventTypeService } from '../outbound/event-types.ts';
import type { MessageService } from '../outbound/messages.ts';
import type { SecretService } from '../secrets/secrets.ts';
import type { TokenVerifier } from './admin-token.ts';
import type { EventStreams } from './event-streams.ts';
import type { CallWorkflow } from './hook-calls.ts';
import type { Reach, ReachOf } from './reach.ts';
import type { RevealFor } from './reveal.ts';

/** The parts of Hookline that the admin API speaks with. */
export interface Services {
  readonly workflows: WorkflowService;
  readonly executions: ExecutionStore;
  readonly engine: Pick<Engine, 'run' | 'replay' | 'retry' | 'rerun' | 'input' | 'resume' | 'cancel' | 'isAccepting' | 'stats'>;
  readonly registry: Pick<Registry, 'describe' | 'nodeSchema' | 'triggerSchema'>;
  readonly storage: Pick<Storage, 'ping'>;
  readonly tokens: TokenVerifier;
  readonly access: Access;
  readonly resumeTokens: Pick<ResumeTokens, 'read'>;
  readonly endpoints: EndpointService;
  readonly eventTypes: EventTypeService;
  readonly messages: MessageService;
  readonly secrets: SecretService;
  readonly drafts: Drafts;
  readonly samples: SampleStore;
  readonly changes: Pick<Changes, 'subscribe'>;
  readonly captures: Pick<Captures, 'listen'>;
  readonly streams: Pick<EventStreams, 'serve' | 'recheck'>;
  readonly callWorkflow: CallWorkflow;
  /** Hides hook keys and resume URLs from who may not use them. */
  readonly revealFor: RevealFor;
  readonly statistics: Statistics;
  readonly installation: {
    readonly settings: InstallationSettings;
    /** As configured. */
    readonly publicUrl: string;
    /** With what trigger and resume URLs begin. */
    readonly hooksUrl: string;
    readonly database: 'sqlite' | 'postgres';
  };
  /** Addresses and CIDR blocks that webhooks are sent from, as configured. */
  readonly senderAddresses: readonly string[];
}

/** What is tried before it is saved. */
export interface Drafts {
  evaluate(draft: DraftExpression, rights: SecretRights): Promise<Evaluation>;
  testNode(test: NodeTest, rights: DraftRights): Promise<NodeTestResult>;
  learn(workflowId: string, rights: DraftRights): Promise<Learned>;
}

/** What every handler shares. */
export interface ServerContext extends Services {
  /** Checks of drafts, which cost the most of what a reader may ask for: one at a time for each actor. */
  readonly checks: LatestFirst;
  /** The whole trigger URL of a hook key. @param ownUrl as `Reach` has it: for URLs of the origin that the caller asked */
  hookUrl(hookKey: string, ownUrl: Reach['ownUrl']): string;
  /** The OpenAPI document of this API. */
  openapi(): Record<string, unknown>;
  /** How a request has reached us. */
  readonly reachOf: ReachOf;
  /** Of Hookline. */
  readonly version: string;
}

/** What a handler gets besides its input. */
export interface RouteContext extends ServerContext, Pick<Reach, 'sessionCookie' | 'deviceCookie' | 'pendingCookie' | 'ownUrl'> {
  /** The whole trigger URL of a hook key, as the caller reaches it. */
  hookUrl(hookKey: string): string;
  /** Who asks; null on a route for everybody when nobody is signed in. */
  readonly actor: Actor | null;
  readonly origin: Origin;
  /** What the actor may do with secrets; nothing without one. */
  readonly rights: DraftRights;
  /** The user has to set up a second factor before anything else. */
  readonly mustEnrol: boolean;
  /** What the cookie between the password and the code holds, unchecked. */
  readonly pendingSignIn: string | undefined;
}

/** What a route asks of who calls it: a permission, that somebody is signed in, or nothing. */
export type RoutePermission = Permission | 'any' | 'none';

/** Input as the route's schemas have parsed it; `undefined` for a part without a schema. */
export interface RouteInput<Params, Query, Body, Headers = undefined> {
  readonly params: Params;
  readonly query: Query;
  readonly headers: Headers;
  readonly body: Body;
}

/** A header that is sent several times has a list. */
export type ReplyHeaders = Readonly<Record<string, string | readonly string[]>>;

/** What a handler returns that sends headers of its own with its data. */
export class ReplyWithHeaders<Data> {
  readonly data: Data;
  readonly headers: ReplyHeaders;

  constructor(data: Data, headers: ReplyHeaders) {
    this.data = data;
    this.headers = headers;
  }
}

/** One server-sent event. */
export interface StreamEvent {
  readonly event: string;
  /** Any JSON value. */
  readonly data: unknown;
  readonly id?: string;
}

/** What a handler returns whose reply goes on: events as they happen. What it throws before is an error reply like any other. */
export class EventStream {
  /** Called once; it ends when the signal does, which is when the reader hangs up or the server stops. */
  readonly open: (signal: AbortSignal) => AsyncIterable<StreamEvent>;

  constructor(open: (signal: AbortSignal) => AsyncIterable<StreamEvent>) {
    this.open = open;
  }
}

/** What a handler returns whose reply is one JSON value a line (`application/x-ndjson`), as they are read. */
export class LinesReply {
  readonly values: AsyncIterable<unknown>;
  /** What a browser saves it as. */
  readonly fileName: string;

  constructor(values: AsyncIterable<unknown>, fileName: string) {
    this.values = values;
    this.fileName = fileName;
  }
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Response extends z.ZodType = z.ZodType,
  Headers extends z.ZodType = z.ZodType,
> {
  readonly method: Method;
  /** As OpenAPI writes it: `/api/workflows/{id}`. */
  readonly path: `/${string}`;
  /** Unique; generated clients name their functions by it. */
  readonly name: string;
  /** Checked before anything is read. `any`: whoever is signed in; `none`: everybody. */
  readonly permission: RoutePermission;
  /**
   * Whether what succeeds is noted in the audit log. Default: what is no GET, and asks for more than to read. False for what
   * changes nothing, or has a log of its own.
   */
  readonly isAudited?: boolean;
  /**
   * Stores the entry before the handler runs: for what acts outside the database, such as a request to another server. Default
   * false: it is part of the transaction of the change.
   */
  readonly isAuditedFirst?: boolean;
  /** What the entry says besides the names of fields; never a secret value. */
  auditDetails?(input: RouteInput<z.output<Params>, z.output<Query>, z.output<Body>, z.output<Headers>>): AuditDetails;
  /** Whether a user has to have entered the password within the last 10 minutes. Default false. */
  readonly needsFreshPassword?: boolean;
  /** Whether a user can call it who has to set up a second factor first. Default false. */
  readonly whileEnrolling?: boolean;
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  readonly params?: Params;
  /** Schema of the query string's values, which are texts or lists of texts. */
  readonly query?: Query;
  /** Schema of an object of the request headers that the route looks at, named as people write them: `Idempotency-Key`. */
  readonly headers?: Headers;
  /** Schema of the JSON body. Without one no body is read. */
  readonly body?: Body;
  /** A smaller limit of the body for those who lack a permission, counted after inflating. Default: the limit of every body. */
  readonly bodyLimit?: { readonly maxBytes: number; readonly unless: Permission };
  /** What the OpenAPI document says of the body when `body` leaves the inside of it to a service. Default `body`. */
  readonly documentedBody?: z.ZodType;
  /**
   * Whether the reply is sent as it is to everybody. Default false: hook keys and resume URLs are replaced in it for actors who
   * may not use them. For what holds nothing that users or callers have written.
   */
  readonly isSentAsItIs?: boolean;
  /** The handler returns an `EventStream`; `response` is the schema of `{ event, data }`. Default false. */
  readonly isStream?: boolean;
  /** Schema of the JSON reply; `z.undefined()` for none. Replies are checked against it in tests only. */
  readonly response: Response;
  /** Default 200. */
  readonly status?: 200 | 201 | 204;
  /** Headers that a reply may have, each with what it says. */
  readonly replyHeaders?: Readonly<Record<string, string>>;
  /** Errors of its own; those that every route can end with (see `openapi.ts`) are left out. */
  readonly errors?: readonly ErrorCode[];
  handle(
    input: RouteInput<z.output<Params>, z.output<Query>, z.output<Body>, z.output<Headers>>,
    context: RouteContext,
  ): HandlerResult<z.input<Response>> | Promise<HandlerResult<z.input<Response>>>;
}

export type HandlerResult<Data> = Data | ReplyWithHeaders<Data> | EventStream | LinesReply;

/** Gives a route its types: the handler's input follows from the schemas, its result is checked against `response`. */
export function defineRoute<
  Response extends z.ZodType,
  Params extends z.ZodType = z.ZodUndefined,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
  Headers extends z.ZodType = z.ZodUndefined,
>(route: Route<Params, Query, Body, Response, Headers>): Route {
  return route;
}
