// Pure: says in plain words what a schema found wrong, in place of zod's own sentences.

import type { z } from 'zod';
import type { MessageText } from '../errors.ts';
import { nearestNames } from './nearest.ts';
import { isRecord } from './path.ts';
import { type Said, say, textOfSentence } from './say.ts';

/** More allowed values than this are not listed. */
const MAX_LISTED = 20;

/** What zod reports, as far as it is told here; plugins may bring their own copy of zod 4. */
export interface Issue {
  readonly code?: string | undefined;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** What is wrong; there when it was asked for, as `REPORT` does. */
  readonly input?: unknown;
  readonly expected?: unknown;
  readonly values?: unknown;
  readonly origin?: unknown;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly inclusive?: unknown;
  readonly keys?: unknown;
  /** Of an issue that a schema made itself, see `customIssue`. */
  readonly params?: unknown;
  readonly errors?: readonly (readonly Issue[])[] | undefined;
  readonly issues?: readonly Issue[] | undefined;
}

/**
 * Goes into `safeParse(input, { error: issueMessage })`. A schema's own message wins; what is not told here is told by zod.
 * @returns a sentence that follows the name of the place: `must be text, not a number`
 */
export function issueMessage(issue: z.core.$ZodRawIssue): string | undefined {
  return wordIssue(issue)?.message;
}

/** Goes into `safeParse` when its issues are told with `sayIssue`. */
export const REPORT = { error: issueMessage, reportInput: true } as const;

/** The message of an issue that was found with `REPORT`, with its key unless zod or a foreign plugin has worded it. */
export function sayIssue(issue: Issue): Said {
  const { message, params } = issue;
  const own = isRecord(params) && isMessageText(params.text) ? params.text : undefined;
  if (own) return { message, text: own };
  const said = wordIssue(issue);
  return said?.message === message ? said : { message, text: textOfSentence(message) };
}

function isMessageText(value: unknown): value is MessageText {
  return isRecord(value) && typeof value.key === 'string';
}

function wordIssue(issue: Omit<Issue, 'message' | 'path'>): Said | undefined {
  const { code, input, expected, values, origin, inclusive } = issue;
  switch (code) {
    case 'invalid_type':
      return mustBe(String(expected), input);
    case 'invalid_value':
      return input === undefined ? say('value.missing') : oneOf(Array.isArray(values) ? values : [], input);
    case 'too_small':
      return lowest(origin, Number(issue.minimum), inclusive !== false);
    case 'too_big':
      return highest(origin, Number(issue.maximum), inclusive !== false);
    case 'invalid_union':
      return input === undefined ? say('value.missing') : undefined;
    default:
      return undefined;
  }
}

/** The kind of value that zod calls `expected`, in plain words. */
export function nameKind(expected: string): string | Said {
  return KINDS.get(expected) ?? expected;
}

/** Made once: a huge document has hundreds of thousands of mistakes. */
const KINDS: ReadonlyMap<string, Said> = new Map([
  ['string', say('kind.string')],
  ['number', say('kind.number')],
  ['int', say('kind.int')],
  ['boolean', say('kind.boolean')],
  ['array', say('kind.array')],
  ['object', say('kind.object')],
  ['record', say('kind.object')],
  ['null', say('kind.null')],
]);

function mustBe(expected: string, input: unknown): Said {
  if (input === undefined) return say('value.missing');
  const kind = nameKind(expected);
  const isBroken = typeof input === 'number' && !Number.isSafeInteger(input) && expected === 'int';
  if (isBroken || Number.isNaN(input)) return say('value.kind', { kind });
  return say('value.otherKind', { kind, given: kindOf(input) });
}

function kindOf(input: unknown): string | Said {
  if (input === null) return nameKind('null');
  if (Array.isArray(input)) return nameKind('array');
  return typeof input === 'boolean' ? String(input) : nameKind(typeof input);
}

function oneOf(allowed: readonly unknown[], input: unknown): Said {
  const names = allowed.filter((value) => typeof value === 'string');
  const [nearest] = typeof input === 'string' ? nearestNames(input, names, 1) : [];
  const listed = allowed.slice(0, MAX_LISTED).map((value) => JSON.stringify(value));
  if (allowed.length > MAX_LISTED) listed.push('…');
  const values = listed.join(', ');
  if (listed.length > 1)
    return nearest === undefined ? say('value.oneOf', { values }) : say('value.oneOfNear', { values, nearest });
  return nearest === undefined ? say('value.exactly', { value: values }) : say('value.exactlyNear', { value: values, nearest });
}

function lowest(origin: unknown, bound: number, isInclusive: boolean): Said | undefined {
  if (isNumber(origin)) return isInclusive ? say('value.atLeast', { limit: bound }) : say('value.moreThan', { limit: bound });
  if (origin !== 'string' && !isList(origin)) return undefined;
  if (bound === 1) return say('value.empty');
  return origin === 'string' ? say('value.charactersAtLeast', { count: bound }) : say('value.entriesAtLeast', { count: bound });
}

function highest(origin: unknown, bound: number, isInclusive: boolean): Said | undefined {
  if (isNumber(origin)) return isInclusive ? say('value.atMost', { limit: bound }) : say('value.lessThan', { limit: bound });
  if (origin === 'string') return say('value.charactersAtMost', { count: bound });
  return isList(origin) ? say('value.entriesAtMost', { count: bound }) : undefined;
}

function isNumber(origin: unknown): boolean {
  return origin === 'number' || origin === 'int' || origin === 'bigint';
}

function isList(origin: unknown): boolean {
  return origin === 'array' || origin === 'set';
}
