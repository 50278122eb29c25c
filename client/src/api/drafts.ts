// What is tried out before it is saved: checks of a draft, live results of expressions, tests of one node, and what real runs have shown.

import { queryOptions, useMutation } from '@tanstack/react-query';
import type { Document, Mode, Node, Problem } from '../../../src/engine/model.ts';
import type { ExpressionEngine } from '../../../src/engine/plugin.ts';
import type {
  EvaluationView,
  LearnedPath,
  LearnedView,
  NodeTestView,
  VariablesInput,
  WriteOnlyView,
} from '../../../src/http/routes/designer-views.ts';
import { request } from './request.ts';

export type { EvaluationView, LearnedPath, LearnedView, NodeTestView, VariablesInput, WriteOnlyView };

/** What the workflow's variables have looked like in its last executions; a finished execution makes it stale. */
export const learnedQuery = (workflowId: string) =>
  queryOptions({
    queryKey: ['learned', workflowId],
    queryFn: ({ signal }) => request<LearnedView>('GET', `/api/workflows/${encodeURIComponent(workflowId)}/learned`, { signal }),
  });

/** Which values are set that nobody is shown; a save makes it stale. */
export const writeOnlyQuery = (workflowId: string) =>
  queryOptions({
    queryKey: ['workflow', workflowId, 'write-only'],
    queryFn: ({ signal }) =>
      request<WriteOnlyView>('GET', `/api/workflows/${encodeURIComponent(workflowId)}/write-only`, { signal }),
  });

export interface Draft extends Document {
  readonly mode: Mode;
  /** Whose write-only values stand in for those that the draft leaves out. */
  readonly workflowId?: string | undefined;
}

/** What a save would say. @throws ApiError */
export async function checkDraft(
  { workflowId, mode, trigger, nodes, settings }: Draft,
  signal?: AbortSignal,
): Promise<Problem[]> {
  const { problems } = await request<{ problems: Problem[] }>('POST', '/api/workflows/check', {
    body: { workflowId, mode, trigger, nodes, settings },
    ...(signal ? { signal } : {}),
  });
  return problems;
}

export interface Evaluation {
  readonly engine: ExpressionEngine | 'basic';
  /** Text; for `template` any JSON value, for `basic` the test. */
  readonly expression: unknown;
  /** What a query language works on; without it all variables. */
  readonly source?: unknown;
  readonly variables?: VariablesInput | undefined;
  readonly workflowId?: string | undefined;
}

/** What an expression gives; one that fails is an answer too. @throws ApiError */
export function evaluate(evaluation: Evaluation, signal?: AbortSignal): Promise<EvaluationView> {
  return request('POST', '/api/evaluate', { body: evaluation, ...(signal ? { signal } : {}) });
}

/** The live result of an expression: the same question about the same data is asked once. */
export const evaluationQuery = (evaluation: Evaluation) => {
  const { engine, expression, source, variables, workflowId } = evaluation;
  return queryOptions({
    // Data can be large, and a key is compared with every letter that is typed.
    queryKey: ['evaluation', { engine, expression, source, workflowId, data: identityOf(variables) }],
    queryFn: ({ signal }) => evaluate(evaluation, signal),
    staleTime: 60_000,
    retry: false,
  });
};

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** A number for an object, the same as long as it is the same object. */
function identityOf(object: object | undefined): number {
  if (object === undefined) return 0;
  let identity = identities.get(object);
  if (identity === undefined) {
    lastIdentity += 1;
    identity = lastIdentity;
    identities.set(object, identity);
  }
  return identity;
}

export interface NodeTest {
  readonly workflowId?: string | undefined;
  readonly mode: Mode;
  readonly node: Node;
  readonly variables?: VariablesInput | undefined;
  /** Agrees to effects outside, without which a type that has them is refused. */
  readonly effects: boolean;
}

export function useTestNode() {
  return useMutation({ mutationFn: (body: NodeTest) => request<NodeTestView>('POST', '/api/test-node', { body }) });
}
