// What tests of the running parts share: revisions compiled with test nodes, runs without storage, a log that is kept.

import { z } from 'zod';
import { type CompiledNode, compileWorkflow } from '../../src/engine/compile.ts';
import type { ExecutionWithJobs, Job, Node, Signal, Workflow } from '../../src/engine/model.ts';
import { type AnyNodeType, defineNode, definePlugin, type Log, type NodeResult } from '../../src/engine/plugin.ts';
import type { ExpressionEvaluator } from '../../src/engine/ports.ts';
import { createRegistry } from '../../src/engine/registry.ts';
import { Run, type RunnerServices } from '../../src/engine/run.ts';
import { createScope } from '../../src/engine/scope.ts';
import { builtIns } from '../../src/plugins/index.ts';
import { makeExecution as makeStoredExecution } from '../storage/contract.ts';

export const NOW = 1_700_000_000_000;

export const workflow: Workflow = {
  id: 'w',
  title: 'A workflow',
  mode: 'async',
  enabled: true,
  hookKey: 'k'.repeat(22),
  revision: 1,
  tags: [],
  deletedAt: null,
  createdAt: NOW,
  updatedAt: NOW,
};

export function makeExecution(change: Partial<ExecutionWithJobs> = {}): ExecutionWithJobs {
  const own = { workflowId: 'w', createdAt: NOW, request: null };
  return makeStoredExecution('018bcfe5-6800-7000-8000-000000000000', { ...own, ...change });
}

export function makeRun(
  change: Partial<ExecutionWithJobs> = {},
  context: unknown = null,
  isStored = false,
  signals: readonly Signal[] = [],
): Run {
  const execution = makeExecution(change);
  const scope = createScope(execution, { context, body: undefined }, () => NOW);
  return new Run(execution, scope, isStored, signals);
}

/** As storage reads a log of jobs: the latest of each path, in the order they finished. */
export function latestJobs(log: readonly Job[]): Job[] {
  const last = new Map(log.map((job, index) => [job.path, index]));
  return log.filter(({ path }, index) => last.get(path) === index);
}

/** A node type whose configuration may be anything. */
export function nodeOf(
  type: string,
  run: (context: Parameters<AnyNodeType['run']>[0]) => NodeResult | Promise<NodeResult>,
  more: Partial<AnyNodeType> = {},
): AnyNodeType {
  const config = z.record(z.string(), z.unknown());
  return defineNode<unknown>({ type, title: type, description: type, config, run, ...more });
}

export const node = (key: string, type: string, config: object = {}, branches?: Record<string, Node[]>): Node => ({
  key,
  type,
  config: { ...config },
  ...(branches ? { branches } : {}),
});

export function compileNodes(nodes: Node[], types: readonly AnyNodeType[] = []): readonly CompiledNode[] {
  const registry = createRegistry([builtIns, definePlugin({ name: 'test', nodes: types })]);
  const document = { trigger: { type: 'webhook', config: {} }, nodes };
  return compileWorkflow(workflow, { revision: 1, executed: true }, document, registry).nodes;
}

export interface KeptLog extends Log {
  readonly lines: { level: string; fields: object; message: string }[];
}

export function keepLog(): KeptLog {
  const lines: KeptLog['lines'] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, fields, message });
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** No expressions: what needs them has tests of its own. */
export const noEvaluator: ExpressionEvaluator = {
  check: () => Promise.resolve(undefined),
  evaluate: () => Promise.reject(new Error('no expressions here')),
  checkScript: () => Promise.resolve(undefined),
  runScript: () => Promise.reject(new Error('no scripts here')),
  close: () => Promise.resolve(),
};

export function makeServices(change: Partial<RunnerServices> = {}): RunnerServices {
  return {
    evaluator: noEvaluator,
    log: keepLog(),
    now: () => NOW,
    flush: () => Promise.resolve(),
    fetch: () => Promise.reject(new Error('no requests here')),
    call: () => Promise.reject(new Error('no subflows here')),
    publish: () => Promise.reject(new Error('no events here')),
    ...change,
  };
}

/** What of a job does not depend on the clock. */
export function outlineOf({ path, type, status, output, branch, error, assigns }: Job): object {
  return { path, type, status, output, branch, error, assigns };
}
