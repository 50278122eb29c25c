// Checks the input of a route with its schemas and reports every problem at once, each with its path.

import { z } from 'zod';
import { issueMessage } from '../../engine/issue-message.ts';
import type { Problem } from '../../engine/model.ts';
import { formatPath } from '../../engine/path.ts';
import { safeParse } from '../../engine/safe-parse.ts';
import { HooklineError } from '../../errors.ts';
import type { Route, RouteInput } from '../route.ts';

type Issue = z.core.$ZodIssue;

/** More problems help nobody; the rest is counted. */
const MAX_PROBLEMS = 100;
/** Names longer than this are cut in paths. */
const MAX_NAME_LENGTH = 100;

/** `body`, `['cases', 0, 'odd key']` -> `body.cases[0].odd key`. */
function placeOf(root: string, path: readonly PropertyKey[]): string {
  return formatPath([
    root,
    ...path.map((segment) => (typeof segment === 'string' ? segment.slice(0, MAX_NAME_LENGTH) : segment)),
  ]);
}

function problem(path: string, code: string, message: string): Problem {
  return { path, code, message, severity: 'error' };
}

/** One problem per issue, and one per unknown key. */
function toProblems(root: string, issues: readonly Issue[]): Problem[] {
  return issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => problem(placeOf(root, [...issue.path, key]), 'unknown_key', 'there is no such key here'))
      : [problem(placeOf(root, issue.path), issue.code ?? 'invalid', issue.message)],
  );
}

/** The headers that a schema names, which Node has in lower case; a request has others that are nobody's mistake. */
function pickHeaders(schema: z.ZodType, headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const names = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return Object.fromEntries(names.map((name) => [name, headers[name.toLowerCase()]]));
}

/**
 * Parses the parts that a route has schemas for.
 * @throws HooklineError `invalid_request` with `details: { problems, count }`
 */
export function parseInput(
  route: Pick<Route, 'params' | 'query' | 'headers' | 'body'>,
  raw: Partial<RouteInput<unknown, unknown, unknown, Readonly<Record<string, unknown>>>>,
): RouteInput<unknown, unknown, unknown, unknown> {
  const problems: Problem[] = [];
  const parse = (part: 'params' | 'query' | 'headers' | 'body'): unknown => {
    const schema = route[part];
    if (schema === undefined) return undefined;
    const given = part === 'headers' ? pickHeaders(schema, raw.headers ?? {}) : raw[part];
    const result = safeParse(schema, given, { error: issueMessage });
    if (result.success) return result.data;
    problems.push(...toProblems(part, result.error.issues));
    return undefined;
  };
  const input = { params: parse('params'), query: parse('query'), headers: parse('headers'), body: parse('body') };
  const [first] = problems;
  if (first !== undefined) {
    const more = problems.length > 1 ? ` And ${problems.length - 1} more, see "details".` : '';
    throw new HooklineError('invalid_request', `${first.path}: ${first.message.replace(/\.$/, '')}.${more}`, {
      details: { problems: problems.slice(0, MAX_PROBLEMS), count: problems.length },
    });
  }
  return input;
}
