// Serves a table of routes: finds the route, reads and checks its input, calls its handler, writes its reply.

import { Readable } from 'node:stream';
import KoaRouter from '@koa/router';
import type { Context, Middleware, Next } from 'koa';
import type { Permission } from '../../access/model.ts';
import type { DraftRights } from '../../engine/secret-places.ts';
import { HooklineError } from '../../errors.ts';
import type { Reveal } from '../reveal.ts';
import {
  EventStream,
  type HandlerResult,
  LinesReply,
  type ReplyHeaders,
  ReplyWithHeaders,
  type Route,
  type RouteContext,
  type ServerContext,
} from '../route.ts';
import { handleAudited, noteRefusal } from './audit.ts';
import { type Caller, callerOf, unauthorized } from './auth.ts';
import { requireOwnPage } from './csrf.ts';
import { jsonBody } from './json-body.ts';
import { parseInput } from './validate.ts';

/** Replies hold data of the moment, some of it confidential: no cache keeps them, no browser guesses their type. */
const REPLY_HEADERS = { 'X-Content-Type-Options': 'nosniff', 'Cache-Control': 'no-store' };

/** `/api/workflows/{id}` -> `/api/workflows/:id`. */
function toPattern(path: string): string {
  return path.replace(/\{(\w+)\}/g, ':$1');
}

/**
 * @throws HooklineError `unauthorized` without an actor, `forbidden` for one who may not, and for what another web site sends;
 *   `second_factor_required`; `password_needed` for a user whose password was not entered lately
 */
function requirePermission(route: Route, { reachOf, access }: ServerContext): Middleware {
  const { permission: needed, needsFreshPassword, whileEnrolling = false } = route;
  return (ctx, next) => {
    requireOwnPage(ctx, needed, reachOf(ctx));
    if (needed === 'none') return next();
    const { actor, origin, mustEnrol } = callerOf(ctx);
    if (actor === null) throw unauthorized(ctx.get('Authorization'));
    if (mustEnrol && !whileEnrolling) {
      throw new HooklineError(
        'second_factor_required',
        'Owners of this installation must have a second factor: set one up first (POST /api/me/second-factor).',
      );
    }
    if (needed !== 'any' && !actor.permissions.has(needed)) {
      throw new HooklineError('forbidden', `This needs the permission "${needed}", which ${actor.name} does not have.`);
    }
    if (needsFreshPassword && origin.session) access.confirmation.requireFresh(origin.session);
    return next();
  };
}

/** Notes in the audit log that a known actor was refused by what is behind it. */
function noteRefusals(route: Route, context: ServerContext): Middleware {
  return async (ctx, next) => {
    try {
      await next();
    } catch (error) {
      await noteRefusal(route, ctx.params, error, callerOf(ctx), context);
      throw error;
    }
  };
}

/** Whether the session or token of a stream's reader is still there, with the same rights. */
async function isStillAllowed({ actor: before, again }: Caller): Promise<boolean> {
  if (before === null || again === undefined) return true;
  try {
    const { actor } = await again();
    return actor !== null && [...before.permissions].every((permission) => actor.permissions.has(permission));
  } catch (error) {
    if (error instanceof HooklineError && error.code === 'unauthorized') return false;
    throw error;
  }
}

function rightsOf({ actor }: Caller): DraftRights {
  const has = (permission: Permission): boolean => actor?.permissions.has(permission) ?? false;
  const mayUseSecrets = has('secrets:use');
  return {
    mayUseSecrets,
    mayUseStored: has('workflows:write'),
    maySeeSecretNames: mayUseSecrets || has('secrets:read'),
  };
}

function serve(route: Route, context: ServerContext): Middleware {
  return async (ctx) => {
    const { params, query, headers } = ctx;
    const input = parseInput(route, { params, query: { ...query }, headers, body: ctx.state.body });
    const caller = callerOf(ctx);
    const { sessionCookie, deviceCookie, pendingCookie, ownUrl } = context.reachOf(ctx);
    const hookUrl = (hookKey: string): string => context.hookUrl(hookKey, ownUrl);
    const reached = { sessionCookie, deviceCookie, pendingCookie, ownUrl, hookUrl };
    const routeContext = { ...context, ...caller, ...reached, rights: rightsOf(caller) };
    const reveal = route.isSentAsItIs === true ? undefined : context.revealFor(caller.actor);
    const result = await handle(route, { params, body: ctx.state.body, input }, routeContext, reveal);
    if (result instanceof EventStream) {
      context.streams.serve(ctx, caller.actor, reveal?.stream(result) ?? result, () => isStillAllowed(caller));
      return;
    }
    if (result instanceof LinesReply) {
      sendLines(ctx, result, reveal);
      return;
    }
    const [data, ownHeaders] = result instanceof ReplyWithHeaders ? [result.data, result.headers] : [result, {}];
    const { 'Set-Cookie': cookies = [], ...others } = ownHeaders as ReplyHeaders;
    // Beside those that the host's app has set.
    for (const cookie of [cookies].flat()) ctx.append('Set-Cookie', cookie);
    for (const [name, value] of Object.entries({ ...others, ...REPLY_HEADERS })) ctx.set(name, [value].flat());
    ctx.status = route.status ?? 200;
    if (ctx.status === 204) return;
    ctx.type = 'application/json';
    // Written here and not by Koa, so that what cannot be written becomes an error reply.
    const json = JSON.stringify(data);
    ctx.body = reveal === undefined ? json : await reveal.json(json);
  };
}

function sendLines(ctx: Context, { values, fileName }: LinesReply, reveal: Reveal | undefined): void {
  async function* lines(): AsyncGenerator<string> {
    const conceal = await reveal?.texts();
    for await (const value of values) {
      const line = JSON.stringify(value);
      yield `${conceal?.(line) ?? line}\n`;
    }
  }
  ctx.set(REPLY_HEADERS);
  ctx.set('Content-Disposition', `attachment; filename="${fileName}"`);
  ctx.type = 'application/x-ndjson';
  ctx.body = Readable.from(lines());
}

async function handle(
  route: Route,
  request: Parameters<typeof handleAudited>[1],
  context: RouteContext,
  reveal: Reveal | undefined,
): Promise<HandlerResult<unknown>> {
  try {
    return await handleAudited(route, request, context);
  } catch (caught) {
    const error = isUnusable(caught) ? new HooklineError('conflict', caught.message, { cause: caught }) : caught;
    throw reveal === undefined ? error : await reveal.error(error);
  }
}

/** What is stored cannot be read or run by this version: the state of what was asked for, and no fault of the server. */
function isUnusable(error: unknown): error is HooklineError {
  return error instanceof HooklineError && (error.code === 'invalid_config' || error.code === 'unknown_type');
}

/** Answers a path that is known with other methods: 204 to OPTIONS, else 405, both with `Allow`. */
function answerOtherMethods(
  ctx: Context,
  isOpen: (route: string | undefined) => boolean,
  next: Next,
): Promise<unknown> | undefined {
  const layers: readonly { name?: string; methods: readonly string[] }[] = ctx.matched ?? [];
  const methods = new Set(layers.flatMap((layer) => layer.methods));
  // Which other paths there are is nobody's business.
  if (methods.size === 0 || (callerOf(ctx).actor === null && !layers.some(({ name }) => isOpen(name)))) return next();
  const allow = [...methods, 'OPTIONS'].sort().join(', ');
  if (ctx.method === 'OPTIONS') {
    ctx.set({ ...REPLY_HEADERS, Allow: allow });
    ctx.status = 204;
    return undefined;
  }
  throw new HooklineError('method_not_allowed', `${ctx.method} does not work here; these do: ${allow}.`, {
    headers: { Allow: allow },
  });
}

function bodyReader({ bodyLimit }: Route, readAny: Middleware): Middleware {
  if (bodyLimit === undefined) return readAny;
  const readSmall = jsonBody(bodyLimit.maxBytes);
  return (ctx, next) => {
    const isTrusted = callerOf(ctx).actor?.permissions.has(bodyLimit.unless) === true;
    return (isTrusted ? readAny : readSmall)(ctx, next);
  };
}

/** Middleware for the routes; paths that none of them has go on. */
export function router(routes: readonly Route[], context: ServerContext): Middleware {
  const table = new KoaRouter({ sensitive: true });
  const readBody = jsonBody();
  for (const route of routes) {
    const checks = [noteRefusals(route, context), requirePermission(route, context)];
    const read = route.body === undefined ? [] : [bodyReader(route, readBody)];
    const handlers = [...checks, ...read, serve(route, context)];
    table.register(toPattern(route.path), [route.method], handlers, { name: route.name });
  }
  const open = new Set(routes.filter(({ permission }) => permission === 'none').map(({ name }) => name));
  const isOpen = (name: string | undefined): boolean => name !== undefined && open.has(name);
  const find = table.routes();
  return (ctx, next) =>
    find(Object.assign(ctx, { params: {}, router: table }), async () => answerOtherMethods(ctx, isOpen, next));
}
