// What a designer tries before it is saved: an expression, with chosen variables and outside of any execution.

import { HooklineError } from '../errors.ts';
import { basicTestSchema, evaluateBasicTest } from './basic-test.ts';
import { toFailure } from './failure.ts';
import { createIdSource } from './id.ts';
import { toJsonValue } from './json-value.ts';
import type { Failure } from './model.ts';
import { formatPath } from './path.ts';
import type { ExpressionEngine, Scope } from './plugin.ts';
import type { ExpressionEvaluator } from './ports.ts';
import { createScope, type ExtensibleScope } from './scope.ts';
import { findSecretUses } from './secret-names.ts';
import { ALL_RIGHTS, FORBIDDEN_SECRETS, type SecretRights, secretsForbidden } from './secret-places.ts';
import type { SecretVault } from './secret-vault.ts';
import { compileTemplate } from './template.ts';

/** Variables to try something with; what is left out is empty. */
export interface DraftVariables {
  readonly context?: unknown;
  /** As `$request` shows it. */
  readonly request?: unknown;
  readonly nodes?: Readonly<Record<string, unknown>> | undefined;
  readonly scopes?: Readonly<Record<string, unknown>> | undefined;
}

export interface DraftExpression {
  /** `basic`: a test of comparisons. */
  readonly engine: ExpressionEngine | 'basic';
  /** Text; for `template` any JSON value, for `basic` the test. */
  readonly expression: unknown;
  /** What JSONata, JSONPath and JMESPath look at instead of the variables. */
  readonly source?: unknown;
  readonly variables?: DraftVariables | undefined;
  readonly workflowId?: string | undefined;
}

/** Either a value or an error, without secrets. */
export interface Evaluation {
  readonly value?: unknown;
  readonly error?: Failure;
  readonly durationMs: number;
}

export interface DraftOptions {
  readonly evaluator: Pick<ExpressionEvaluator, 'evaluate'>;
  readonly vault: SecretVault;
  /** Milliseconds since 1970. */
  now(): number;
}

const createId = createIdSource();

/** The variables of something that is tried; secrets are the real ones. */
export function createDraftScope(
  { context, request, nodes, scopes }: DraftVariables,
  { vault, now }: { readonly vault: Pick<SecretVault, 'current'>; now(): number },
  workflowId = '',
): ExtensibleScope {
  const createdAt = now();
  const execution = { id: createId(createdAt), workflowId, revision: 0, createdAt, request: null };
  const parsed = { context: context ?? null, body: undefined, request: request ?? null };
  const scope = createScope(execution, parsed, now, undefined, { vault });
  Object.assign(scope.$nodes, nodes);
  return scopes === undefined ? scope : scope.inside('', { ...scopes });
}

/**
 * An expression that fails is an outcome, too.
 * @throws HooklineError `forbidden` when it uses secrets and who asks may not, `storage_unavailable` when secrets cannot be read
 */
export async function evaluateDraft(
  draft: DraftExpression,
  options: DraftOptions,
  { mayUseSecrets }: SecretRights = ALL_RIGHTS,
): Promise<Evaluation> {
  if (!mayUseSecrets && findSecretUses([draft.expression, draft.source]).length > 0) throw secretsForbidden();
  await options.vault.refresh();
  const vault = mayUseSecrets ? options.vault : FORBIDDEN_SECRETS;
  const scope = createDraftScope(draft.variables ?? {}, { ...options, vault }, draft.workflowId);
  const begin = performance.now();
  const outcome = await evaluate(draft, scope, options).then(
    (value) => ({ value: toJsonValue(value) }),
    (error: unknown) => {
      // However it came to ask for them.
      if (error instanceof HooklineError && error.code === 'forbidden') throw error;
      return { error: toFailure(error) };
    },
  );
  const durationMs = performance.now() - begin;
  return { ...(scope.concealer?.value(outcome) ?? outcome), durationMs };
}

async function evaluate(draft: DraftExpression, scope: Scope, { evaluator }: DraftOptions): Promise<unknown> {
  const { engine, expression } = draft;
  if (engine === 'basic') return evaluateBasicTest(parseTest(compileTemplate(expression).render(scope)));
  if (engine === 'template') return compileTemplate(expression).render(scope) ?? null;
  if (typeof expression !== 'string') {
    throw new HooklineError('invalid_expression', `An expression in ${engine} is text.`);
  }
  const hasSource = draft.source !== undefined;
  const source = hasSource ? compileTemplate(draft.source).render(scope) : undefined;
  return evaluator.evaluate(engine, expression, scope, { source, hasSource });
}

function parseTest(test: unknown): Parameters<typeof evaluateBasicTest>[0] {
  const { data, error } = basicTestSchema.safeParse(test);
  if (data) return data;
  const [issue] = error.issues;
  throw new HooklineError('invalid_expression', `The test, ${formatPath(issue?.path ?? [])}: ${issue?.message ?? 'is wrong'}`);
}
