// Pure: says in plain words what a schema found wrong, in place of zod's own sentences.

import type { z } from 'zod';
import { nearestNames } from './nearest.ts';

/** More allowed values than this are not listed. */
const MAX_LISTED = 20;

/** zod's names for kinds of values, as people who do not program call them. */
const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

/**
 * Goes into `safeParse(input, { error: issueMessage })`. A schema's own message wins; what is not told here is told by zod.
 * @returns a sentence that follows the name of the place: `must be text, not a number`
 */
export function issueMessage(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return mustBe(nameKind(issue.expected), issue.input);
    case 'invalid_value':
      return issue.input === undefined ? 'is missing' : oneOf(issue.values, issue.input);
    case 'too_small':
      return limit(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least');
    case 'too_big':
      return limit(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most');
    case 'invalid_union':
      return issue.input === undefined ? 'is missing' : undefined;
    default:
      return undefined;
  }
}

/** The kind of value that zod calls `expected`, in plain words. */
export function nameKind(expected: string): string {
  return Object.hasOwn(KINDS, expected) ? (KINDS[expected] ?? expected) : expected;
}

function mustBe(kind: string, input: unknown): string {
  if (input === undefined) return 'is missing';
  if (typeof input === 'number' && !Number.isSafeInteger(input) && kind === 'a whole number') return 'must be a whole number';
  if (Number.isNaN(input)) return `must be ${kind}`;
  return `must be ${kind}, not ${kindOf(input)}`;
}

function kindOf(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return 'a list';
  return typeof input === 'boolean' ? String(input) : nameKind(typeof input);
}

function oneOf(values: readonly unknown[], input: unknown): string {
  const names = values.filter((value) => typeof value === 'string');
  const [nearest] = typeof input === 'string' ? nearestNames(input, names, 1) : [];
  const hint = nearest === undefined ? '' : `; did you mean "${nearest}"?`;
  const listed = values.slice(0, MAX_LISTED).map((value) => JSON.stringify(value));
  if (values.length > MAX_LISTED) listed.push('…');
  return `must be ${listed.length > 1 ? 'one of ' : ''}${listed.join(', ')}${hint}`;
}

function limit(origin: string, bound: number | bigint, relation: string): string | undefined {
  const count = String(bound);
  const isOne = count === '1';
  if (origin === 'string') {
    return isOne && relation === 'at least' ? 'must not be empty' : `must have ${relation} ${count} character${isOne ? '' : 's'}`;
  }
  if (origin === 'array' || origin === 'set') {
    return isOne && relation === 'at least'
      ? 'must not be empty'
      : `must have ${relation} ${count} ${isOne ? 'entry' : 'entries'}`;
  }
  return origin === 'number' || origin === 'int' || origin === 'bigint' ? `must be ${relation} ${count}` : undefined;
}
