// Notes what was done through the admin API, and what was refused: the route, what it was about, and which fields were sent.

import { HooklineError } from '../../errors.ts';
import { EventStream, LinesReply, ReplyWithHeaders, type Route, type RouteContext, type RouteInput } from '../route.ts';
import type { Caller } from './auth.ts';

type Input = RouteInput<unknown, unknown, unknown, unknown>;

export function isAudited({ method, permission, isAudited: wanted }: Route): boolean {
  return wanted ?? (method !== 'GET' && permission !== 'none' && !permission.endsWith(':read'));
}

/** Reading is noted like a refusal: the same again within a minute is counted. */
function isRead({ method }: Route): boolean {
  return method === 'GET';
}

/** What is noted when the installation wants reads of executions in the log, too. */
export function readsExecutions({ method, path, permission }: Route): boolean {
  return method === 'GET' && permission === 'executions:read' && path.startsWith('/api/executions');
}

/** Runs a handler and notes it when its route is audited. What anybody may send is noted by who judges it. */
export async function handleAudited(
  route: Route,
  request: { params: Readonly<Record<string, string>>; body: unknown; input: Input },
  context: RouteContext,
): Promise<Awaited<ReturnType<Route['handle']>>> {
  const { actor, origin, access } = context;
  const handle = async () => route.handle(request.input, context);
  const wantsRead = async () => readsExecutions(route) && (await context.installation.settings.auditsReads());
  if (actor === null || !(isAudited(route) || (await wantsRead()))) return handle();
  const { params, body, input } = request;
  const details = route.auditDetails?.(input) ?? {};
  const note = {
    action: route.name,
    target: namedBy(params),
    fields: isObject(body) ? Object.keys(body) : [],
    address: origin.address,
    details,
  };
  if (isRead(route)) {
    const result = await handle();
    await access.audit.note(actor, { ...note, isGrouped: true });
    return result;
  }
  const { isAuditedFirst = false } = route;
  return access.audit.record(actor, note, handle, { isFirst: isAuditedFirst, targetOf });
}

/** Notes that a known actor was refused, or has to wait because of wrong passwords or codes. */
export async function noteRefusal(
  route: Route,
  params: Readonly<Record<string, string>>,
  error: unknown,
  { actor, origin }: Caller,
  { access }: Pick<RouteContext, 'access'>,
): Promise<void> {
  if (actor === null || !(error instanceof HooklineError)) return;
  if (error.status !== 403 && !(error.code === 'too_many_requests' && isAudited(route))) return;
  // A dialog asks for the password, and the same request follows.
  if (error.code === 'password_needed') return;
  const note = { action: route.name, target: namedBy(params), address: origin.address };
  await access.audit.note(actor, { ...note, outcome: 'refused', isGrouped: true });
}

/** What the path names. */
function namedBy(params: Readonly<Record<string, string>>): string | null {
  const named = Object.values(params);
  return named.length > 0 ? named.join('/') : null;
}

/** The id of what was made, which replies hold themselves or one level below. */
function targetOf(result: Awaited<ReturnType<Route['handle']>>): string | null {
  if (result instanceof EventStream || result instanceof LinesReply) return null;
  const data = result instanceof ReplyWithHeaders ? result.data : result;
  const own = idOf(data);
  if (own !== null || !isObject(data)) return own;
  return (
    Object.values(data)
      .map(idOf)
      .find((id) => id !== null) ?? null
  );
}

function idOf(value: unknown): string | null {
  if (!isObject(value)) return null;
  const { id, name } = value;
  return typeof id === 'string' ? id : typeof name === 'string' ? name : null;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
