// Notes what was changed through the admin API: the route, what it was about, and which fields were sent.

import type { AuditDetails, Route, ServerContext } from '../route.ts';
import type { Caller } from './auth.ts';

function isAudited({ method, permission, isAudited: wanted }: Route): boolean {
  return wanted ?? (method !== 'GET' && permission !== 'none' && !permission.endsWith(':read'));
}

/** Adds an entry for a request that has succeeded. What anybody may send is noted by who judges it. */
export async function noteChange(
  route: Route,
  request: { params: Readonly<Record<string, string>>; body: unknown; data: unknown; details: AuditDetails },
  { actor, origin }: Caller,
  { access }: ServerContext,
): Promise<void> {
  if (actor === null || !isAudited(route)) return;
  const { params, body, data, details } = request;
  const fields = isObject(body) ? Object.keys(body) : [];
  const { address } = origin;
  await access.audit.note(actor, { action: route.name, target: targetOf(params, data), fields, details, address });
}

/** What the path names; else the id of what was made, which replies hold themselves or one level below. */
function targetOf(params: Readonly<Record<string, string>>, data: unknown): string | null {
  const named = Object.values(params);
  if (named.length > 0) return named.join('/');
  return (
    idOf(data) ??
    (isObject(data)
      ? (Object.values(data)
          .map(idOf)
          .find((id) => id !== null) ?? null)
      : null)
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
