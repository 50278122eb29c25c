// Decides which requests are Hookline's inside somebody's Koa app, and hides the prefix from what is behind it.

import type { Middleware } from 'koa';

/** The first part of every path that is ours. */
const OURS: ReadonlySet<string> = new Set(['hooks', 'resume', 'api', 'designer', 'healthz', 'readyz', 'metrics']);

/**
 * Brings a prefix into its one form: empty, or with a slash in front and none behind.
 * @throws TypeError when it cannot be a path
 */
export function normalizePrefix(prefix: string): string {
  const trimmed = prefix.replace(/^\/+|\/+$/g, '');
  if (trimmed === '') return '';
  if (!/^[\w.~-]+(\/[\w.~-]+)*$/.test(trimmed)) {
    throw new TypeError(`The prefix "${prefix}" must be a plain path such as "/automation".`);
  }
  return `/${trimmed}`;
}

/** The path behind the prefix when it is ours, else undefined. `prefix` is in its normal form. */
export function ownPath(path: string, prefix: string): string | undefined {
  if (!path.startsWith(`${prefix}/`)) return undefined;
  const rest = path.slice(prefix.length);
  const end = rest.indexOf('/', 1);
  return OURS.has(end === -1 ? rest.slice(1) : rest.slice(1, end)) ? rest : undefined;
}

/**
 * Runs `inner` for our paths, with `ctx.path` as if there were no prefix (`ctx.originalUrl` still has it). All other
 * requests go to the host's next middleware, whose errors are the host's own.
 */
export function mount(prefix: string, inner: Middleware): Middleware {
  return async (ctx, next) => {
    const outerPath = ctx.path;
    const path = ownPath(outerPath, prefix);
    if (path === undefined) return next();
    if (prefix === '') return inner(ctx, async () => {});
    ctx.path = path;
    try {
      return await inner(ctx, async () => {});
    } finally {
      // The host's middleware around this one, such as its access log, sees the path as it came.
      ctx.path = outerPath;
    }
  };
}
