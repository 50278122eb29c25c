// The `basic` condition: groups of comparisons that a designer clicks together, their schema and their evaluation.

import { RE2JS } from 're2js';
import { z } from 'zod';
import { HooklineError } from '../errors.ts';
import { createBoundedCache } from './bounded-cache.ts';
import { compareValues, isEmptyValue, isLooselyEqual, isMissing, type SpendComparison, toText } from './comparison.ts';
import { costOfText, createPathBudget, type PathBudget } from './path-budget.ts';
import type { ConfigProblem } from './plugin.ts';
import { customIssue, type Said, say } from './say.ts';

export const BASIC_OPERATORS = [
  'equal',
  'notEqual',
  'gt',
  'gte',
  'lt',
  'lte',
  'includes',
  'notIncludes',
  'startsWith',
  'notStartsWith',
  'endsWith',
  'notEndsWith',
  'isEmpty',
  'isNotEmpty',
  'in',
  'notIn',
  'matches',
] as const;
export type BasicOperator = (typeof BASIC_OPERATORS)[number];

/** Groups may stand in groups this deep. */
const MAX_TEST_DEPTH = 10;
/** Comparisons in one test, all groups together. */
const MAX_TEST_COMPARISONS = 200;
/** What one character costs that is parsed or matched, in visited values. */
const COST_OF_SCAN = 1 / 4;
/** Longest regular expression, in characters. */
const MAX_PATTERN_LENGTH = 1000;

/** A group: either `all` or `any`. */
export interface BasicTest {
  all?: BasicTerm[] | undefined;
  any?: BasicTerm[] | undefined;
}

/** A comparison (`operator` is there) or a nested group. */
export interface BasicTerm extends BasicTest {
  left?: unknown;
  operator?: BasicOperator | undefined;
  right?: unknown;
}

const operatorSchema = z.enum(BASIC_OPERATORS).meta({ title: 'Operator' });

// One object for comparisons and groups: a union would answer every mistake with "invalid input" and no path.
const termSchema: z.ZodType<BasicTerm> = z
  .strictObject({
    left: z.unknown().optional().meta({ title: 'Value' }),
    operator: operatorSchema.optional(),
    right: z.unknown().optional().meta({ title: 'Compared with' }),
    get all() {
      return z.array(termSchema).min(1).optional();
    },
    get any() {
      return z.array(termSchema).min(1).optional();
    },
  })
  .superRefine((term, context) => {
    const kinds = (term.all === undefined ? 0 : 1) + (term.any === undefined ? 0 : 1) + (term.operator === undefined ? 0 : 1);
    if (kinds !== 1) {
      context.addIssue(customIssue(say('test.term')));
    } else if (term.operator === undefined && (term.left !== undefined || term.right !== undefined)) {
      context.addIssue(customIssue(say('test.groupWithSides')));
    }
  })
  .meta({ id: 'BasicTerm' });

const groupSchema = z
  .strictObject({
    all: z.array(termSchema).min(1).optional().meta({ title: 'All of these', description: 'True when every one is true.' }),
    any: z.array(termSchema).min(1).optional().meta({ title: 'Any of these', description: 'True when at least one is true.' }),
  })
  .superRefine((test, context) => {
    if ((test.all === undefined) === (test.any === undefined)) {
      context.addIssue(customIssue(say('test.allOrAny')));
    }
  });

/** `{ all: […] }` or `{ any: […] }` of comparisons and nested groups. Values may be anything, also templates. */
export const basicTestSchema: z.ZodType<BasicTest> = z
  .preprocess((value, context) => {
    // Before anything recursive looks at it: a document nested a few thousand deep would exhaust the stack.
    const size = { comparisons: 0, depth: 0 };
    measure(value, 1, size);
    if (size.depth > MAX_TEST_DEPTH) {
      context.addIssue(customIssue(say('test.tooDeep', { limit: MAX_TEST_DEPTH })));
      return z.NEVER;
    }
    if (size.comparisons > MAX_TEST_COMPARISONS) {
      context.addIssue(customIssue(say('test.tooMany', { limit: MAX_TEST_COMPARISONS })));
      return z.NEVER;
    }
    return value;
  }, groupSchema)
  .meta({ id: 'BasicTest' });

function measure(group: unknown, depth: number, size: { comparisons: number; depth: number }): void {
  if (typeof group !== 'object' || group === null) return;
  const lists = ['all' in group ? group.all : undefined, 'any' in group ? group.any : undefined].filter(Array.isArray);
  if (lists.length === 0) {
    size.comparisons += 1;
    return;
  }
  if (depth > size.depth) size.depth = depth;
  if (depth > MAX_TEST_DEPTH) return;
  for (const terms of lists) {
    for (const term of terms) {
      measure(term, depth + 1, size);
      // Enough to refuse it: do not walk what may be enormous.
      if (size.comparisons > MAX_TEST_COMPARISONS) return;
    }
  }
}

/**
 * Whether a test with rendered values is true. Operators:
 * - `equal`, `notEqual`: loose, see `isLooselyEqual`;
 * - `gt`, `gte`, `lt`, `lte`: see `compareValues`; what cannot be compared is false;
 * - `includes`: text in text, or a loosely equal member of a list; `startsWith`, `endsWith`: text;
 * - `isEmpty`: missing, `''`, `[]` or `{}`;
 * - `in`: `right` is a list, or text that holds a JSON list; a member is loosely equal;
 * - `matches`: `right` is a regular expression (RE2 syntax, linear time) found anywhere in the text;
 * - `not…`: the opposite of its counterpart, so true where that cannot apply.
 * @param budget counts what is compared; default: one of its own
 * @throws HooklineError `invalid_config` for a regular expression that does not compile; `path_too_costly`
 */
export function evaluateBasicTest(test: BasicTest, budget = createPathBudget()): boolean {
  const { all } = test;
  if (all !== undefined) {
    for (let index = 0; index < all.length; index++) {
      const term = all[index];
      if (term !== undefined && !evaluateTerm(term, budget)) return false;
    }
    return true;
  }
  const { any } = test;
  if (any !== undefined) {
    for (let index = 0; index < any.length; index++) {
      const term = any[index];
      if (term !== undefined && evaluateTerm(term, budget)) return true;
    }
  }
  return false;
}

function evaluateTerm(term: BasicTerm, budget: PathBudget): boolean {
  const { operator, left, right } = term;
  if (operator === undefined) return evaluateBasicTest(term, budget);
  const spend: SpendComparison = (values) => budget.spend(values, operator);
  spend(1 + costOfTexts(left, right));
  switch (operator) {
    case 'equal':
      return isLooselyEqual(left, right, spend);
    case 'notEqual':
      return !isLooselyEqual(left, right, spend);
    case 'gt':
      return compareValues(left, right) > 0;
    case 'gte':
      return compareValues(left, right) >= 0;
    case 'lt':
      return compareValues(left, right) < 0;
    case 'lte':
      return compareValues(left, right) <= 0;
    case 'includes':
      return includes(left, right, spend);
    case 'notIncludes':
      return !includes(left, right, spend);
    case 'startsWith':
      return startsWith(left, right);
    case 'notStartsWith':
      return !startsWith(left, right);
    case 'endsWith':
      return endsWith(left, right);
    case 'notEndsWith':
      return !endsWith(left, right);
    case 'isEmpty':
      return isEmptyValue(left);
    case 'isNotEmpty':
      return !isEmptyValue(left);
    case 'in':
      return isIn(left, right, spend);
    case 'notIn':
      return !isIn(left, right, spend);
    case 'matches':
      return matches(left, right, spend);
  }
}

/** Of both sides, where they are text. */
function costOfTexts(left: unknown, right: unknown): number {
  return costOfText((typeof left === 'string' ? left.length : 0) + (typeof right === 'string' ? right.length : 0));
}

function includes(left: unknown, right: unknown, spend: SpendComparison): boolean {
  if (Array.isArray(left)) return isMember(left, right, spend);
  const text = toText(left);
  const part = toText(right);
  return text !== undefined && part !== undefined && text.includes(part);
}

function isMember(list: readonly unknown[], value: unknown, spend: SpendComparison): boolean {
  for (const member of list) {
    spend(1);
    if (isLooselyEqual(member, value, spend)) return true;
  }
  return false;
}

function startsWith(left: unknown, right: unknown): boolean {
  const text = toText(left);
  const part = toText(right);
  return text !== undefined && part !== undefined && text.startsWith(part);
}

function endsWith(left: unknown, right: unknown): boolean {
  const text = toText(left);
  const part = toText(right);
  return text !== undefined && part !== undefined && text.endsWith(part);
}

function isIn(left: unknown, right: unknown, spend: SpendComparison): boolean {
  if (typeof right === 'string') spend(right.length * COST_OF_SCAN);
  const list = typeof right === 'string' ? parseList(right) : right;
  return Array.isArray(list) && isMember(list, left, spend);
}

function parseList(text: string): unknown {
  if (!text.trimStart().startsWith('[')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    // Text that only looks like a list is not one.
    return undefined;
  }
}

const patterns = createBoundedCache(500, compilePattern);

function compilePattern(pattern: string): RE2JS {
  if (pattern.length > MAX_PATTERN_LENGTH) {
    throw refuse(say('test.longPattern', { limit: MAX_PATTERN_LENGTH }));
  }
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw refuse(say('test.wrongPattern', { pattern: JSON.stringify(pattern), detail: reason }), error);
  }
}

function refuse({ message, text }: Said, cause?: unknown): HooklineError {
  return new HooklineError('invalid_config', message, { text, cause });
}

function matches(left: unknown, right: unknown, spend: SpendComparison): boolean {
  const text = toText(left);
  if (text === undefined || isMissing(right)) return false;
  spend(text.length * COST_OF_SCAN);
  if (typeof right !== 'string') {
    throw refuse(say('test.noPattern'));
  }
  return patterns.get(right).test(text);
}

/**
 * Problems of a saved test that its schema does not see: comparisons without a left side and regular expressions that do not
 * compile. `path` is where the test stands in the configuration.
 */
export function checkBasicTest(test: BasicTest, path: string): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  checkGroup(test, path, problems);
  return problems;
}

function checkGroup(group: BasicTest, path: string, problems: ConfigProblem[]): void {
  const name = group.all === undefined ? 'any' : 'all';
  (group.all ?? group.any ?? []).forEach((term, index) => {
    const place = `${path}.${name}[${index}]`;
    if (term.operator === undefined) {
      checkGroup(term, place, problems);
      return;
    }
    if (!Object.hasOwn(term, 'left')) {
      problems.push({ path: place, code: 'invalid_config', ...say('test.noLeft') });
    }
    if (term.operator !== 'matches' || (typeof term.right === 'string' && term.right.includes('{{'))) return;
    try {
      matches('', term.right ?? 0, () => {});
    } catch (error) {
      if (!(error instanceof HooklineError)) throw error;
      problems.push({ path: `${place}.right`, code: error.code, message: error.message, text: error.text });
    }
  });
}
