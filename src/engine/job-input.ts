// What a node was given in an execution: its configuration with the variables filled in as they were. It is not stored; the walk
// up to the node is made again from the stored jobs, and nothing that has an effect is run on the way.

import { HooklineError } from '../errors.ts';
import type { CompiledNode } from './compile.ts';
import { toFailure } from './failure.ts';
import { toJsonValue } from './json-value.ts';
import type { Failure } from './model.ts';
import { isRecord } from './path.ts';
import type { AnyNodeType, NodeContext, NodeResult, Scope } from './plugin.ts';
import type { Registry } from './registry.ts';
import type { Run, RunnerServices } from './run.ts';
import { walk } from './runner.ts';
import { SILENT_LOG } from './silent-log.ts';
import { hideWriteOnly } from './write-only.ts';

export interface JobInput {
  /** Without write-only values and secrets; null when it could not be filled in. */
  readonly input: unknown;
  /** Why it could not be filled in. */
  readonly error: Failure | null;
  /** What the nodes around it gave, by their keys, such as a loop's item; without secrets. */
  readonly scopes: Readonly<Record<string, unknown>>;
}

/** A loop with very many rounds before the node's own is not walked for longer, in milliseconds. */
const LIMIT_MS = 5_000;

/**
 * @param run armed with the jobs that ran before the node (`memoBefore`)
 * @param path of the node's job, such as `each[3]/notify`
 * @throws HooklineError `deadline_exceeded`, `invalid_request` when the walk does not come to the node any more
 */
export async function recallInput(
  nodes: readonly CompiledNode[],
  run: Run,
  path: string,
  { registry, evaluator, now }: Pick<RunnerServices, 'evaluator' | 'now'> & { readonly registry: Pick<Registry, 'nodeSchema'> },
): Promise<JobInput> {
  const key = path.slice(path.lastIndexOf('/') + 1);
  let found: JobInput | undefined;
  let failure: { readonly error: unknown; readonly scopes: JobInput['scopes'] } | undefined;

  function take(node: CompiledNode, context: NodeContext<unknown>): NodeResult {
    // In a round before, where it failed, it is not kept and met again.
    if (context.idempotencyKey !== `${run.execution.id}/${path}`) return { type: 'done' };
    const config = toJsonValue(context.config);
    const input = isRecord(config) ? hideWriteOnly(config, registry.nodeSchema(node.type.type)) : config;
    found = { input, error: null, scopes: scopesOf(context.scope) };
    return { type: 'end', status: 'succeeded' };
  }

  /** The tree with the node itself looked at, those around it as they are, and all others without effect. */
  function prepare(list: readonly CompiledNode[]): { readonly nodes: CompiledNode[]; readonly holds: boolean } {
    let holds = false;
    const prepared = list.map((node): CompiledNode => {
      if (node.key === key) {
        holds = true;
        return {
          ...node,
          retry: undefined,
          onFailure: 'stop',
          type: typeThat(node.type, (context) => take(node, context)),
          config(scope) {
            try {
              return node.config(scope);
            } catch (error) {
              failure = { error, scopes: scopesOf(scope) };
              throw error;
            }
          },
        };
      }
      const inner = [...node.branches].map(([name, children]) => [name, prepare(children)] as const);
      if (!inner.some(([, branch]) => branch.holds)) return { ...node, type: typeThat(node.type, () => ({ type: 'done' })) };
      holds = true;
      return { ...node, branches: new Map(inner.map(([name, branch]) => [name, branch.nodes])) };
    });
    return { nodes: prepared, holds };
  }

  const late = new HooklineError('deadline_exceeded', `What the node was given could not be found within ${LIMIT_MS / 1_000} s.`);
  const timer = setTimeout(() => run.abandon(late), LIMIT_MS);
  try {
    const services = { evaluator, log: SILENT_LOG, now, flush: async () => undefined, fetch: never, call: never, publish: never };
    await walk(run, prepare(nodes).nodes, services);
  } finally {
    clearTimeout(timer);
  }
  if (found === undefined && failure !== undefined) {
    found = { input: null, error: toFailure(failure.error), scopes: failure.scopes };
  }
  if (found !== undefined) return run.scope.concealer?.value(found) ?? found;
  throw run.abandoned ?? new HooklineError('invalid_request', `What the node at "${path}" was given cannot be found out.`);
}

function scopesOf({ $scopes }: Pick<Scope, '$scopes'>): JobInput['scopes'] {
  try {
    const scopes = toJsonValue($scopes);
    return isRecord(scopes) ? scopes : {};
  } catch (error) {
    // A plugin's node may give its branches what is no JSON; the input itself can be shown all the same.
    if (error instanceof HooklineError) return {};
    throw error;
  }
}

/** The same type, doing something else and nothing outside. */
function typeThat(type: AnyNodeType, run: (context: NodeContext<unknown>) => NodeResult): AnyNodeType {
  return { ...type, hasEffect: false, run };
}

function never(): Promise<never> {
  return Promise.reject(new HooklineError('internal', 'Nothing is sent while the input of a node is looked for.'));
}
