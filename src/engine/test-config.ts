// The part of a configuration that holds a test: comparisons clicked together, or an expression in a named language.

import { z } from 'zod';
import { type BasicTest, basicTestSchema, checkBasicTest, evaluateBasicTest } from './basic-test.ts';
import { isTruthy } from './comparison.ts';
import { issueMessage } from './issue-message.ts';
import type { PathBudget } from './path-budget.ts';
import type { ConfigProblem, NodeContext } from './plugin.ts';
import { customIssue, say, sentence } from './say.ts';

/** Longest expression, in characters. */
const MAX_EXPRESSION_LENGTH = 10_000;

/** An expression's text. */
export const expressionSchema = z.string().min(1, sentence('value.empty')).max(MAX_EXPRESSION_LENGTH);

export const testEngineSchema = z
  .enum(['basic', 'jsonata', 'mathjs', 'formula'])
  .default('basic')
  .meta({ title: 'Language', description: '`basic` is clicked together from comparisons; the others are expressions.' });
export type TestEngine = z.infer<typeof testEngineSchema>;

export const testSchema: z.ZodType<BasicTest | string> = z
  .union([basicTestSchema, expressionSchema], { error: (issue) => describeUnion(issue.input) })
  .meta({ title: 'Test', description: 'With `basic` a group of comparisons, otherwise an expression.' });

/** A union has one message for all its alternatives: this one names the place of the first mistake. */
function describeUnion(input: unknown): string {
  if (typeof input === 'string') return `must have 1 to ${MAX_EXPRESSION_LENGTH} characters`;
  const issue = basicTestSchema.safeParse(input, { error: issueMessage }).error?.issues[0];
  if (issue === undefined) return 'must be a group of comparisons or an expression';
  const place = issue.path.map((segment) => (typeof segment === 'number' ? `[${segment}]` : `.${String(segment)}`)).join('');
  return place === '' ? issue.message : `${issue.message} (at ${place.replace(/^\./, '')})`;
}

/** For `superRefine`: comparisons belong to `basic`, text to the other languages. */
export function requireTestOfEngine(
  config: { readonly engine: TestEngine; readonly test: BasicTest | string },
  context: { addIssue(issue: ReturnType<typeof customIssue>): void },
): void {
  if ((config.engine === 'basic') === (typeof config.test !== 'string')) return;
  const said =
    config.engine === 'basic' ? say('test.comparisonsNeeded') : say('test.expressionNeeded', { engine: config.engine });
  context.addIssue(customIssue(said, ['test']));
}

/** Problems of a saved test; the syntax of expressions is checked where workflows are saved. */
export function checkTest(test: BasicTest | string, path: string): ConfigProblem[] {
  return typeof test === 'string' ? [] : checkBasicTest(test, path);
}

/**
 * Whether a test is true. A `basic` one is answered at once, an expression later; its result counts as `isTruthy` says.
 * @param budget counts what is compared; default: one of its own
 * @throws HooklineError `invalid_config`, `expression_failed`, `expression_timeout`, `path_too_costly`
 */
export function runTest(
  config: { readonly engine: TestEngine; readonly test: BasicTest | string },
  context: Pick<NodeContext<unknown>, 'evaluate'>,
  budget?: PathBudget,
): boolean | Promise<boolean> {
  const { engine, test } = config;
  if (typeof test !== 'string') return evaluateBasicTest(test, budget);
  // The schema has refused text for `basic`.
  if (engine === 'basic') return false;
  return context.evaluate(engine, test).then(isTruthy);
}
