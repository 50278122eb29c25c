// Pure: which jobs of an execution a new one may start with, so that it begins at a chosen node.

import { HooklineError } from '../errors.ts';
import type { CompiledNode } from './compile.ts';
import type { Job } from './model.ts';

/**
 * The jobs that ran before a node, in the order of the tree: everything above it, and the choices of the branching nodes
 * around it.
 * @param path of the node's job, such as `each[3]/notify`
 * @throws HooklineError `invalid_request` when the execution has no such job
 */
export function memoBefore(nodes: readonly CompiledNode[], jobs: readonly Job[], path: string): Job[] {
  const kept = new Set<string>();
  const byPath = new Map(jobs.map((job) => [job.path, job]));
  if (!byPath.has(path) || !collect(nodes, '', path, byPath, kept)) {
    throw new HooklineError('invalid_request', `The execution has not run a node at "${path}".`);
  }
  return jobs.filter((job) => kept.has(job.path) && (job.status === 'succeeded' || job.isHandled === true));
}

/** @returns whether the node was found in this list; then everything in front of it has been collected */
function collect(
  nodes: readonly CompiledNode[],
  prefix: string,
  path: string,
  jobs: ReadonlyMap<string, Job>,
  kept: Set<string>,
): boolean {
  for (const node of nodes) {
    const own = prefix + node.key;
    if (own === path) return true;
    const job = jobs.get(own);
    if (node.branches.size > 0 && collectInside(node, prefix, path, jobs, kept)) {
      // A branching node has chosen; a control node has to run again.
      if (job?.branch !== undefined) kept.add(own);
      return true;
    }
    if (job) kept.add(own);
  }
  return false;
}

function collectInside(
  node: CompiledNode,
  prefix: string,
  path: string,
  jobs: ReadonlyMap<string, Job>,
  kept: Set<string>,
): boolean {
  const own = prefix + node.key;
  const [, index] = path.startsWith(`${own}[`) ? (/^\[(\d+)\]\//.exec(path.slice(own.length)) ?? []) : [];
  if (index === undefined) {
    // All of them: branches that ran beside the chosen one keep what they have done.
    const found = [...node.branches.values()].map((children) => collect(children, prefix, path, jobs, kept));
    return found.includes(true);
  }
  for (const other of jobs.keys()) {
    const [, round] = other.startsWith(`${own}[`) ? (/^\[(\d+)\]\//.exec(other.slice(own.length)) ?? []) : [];
    if (round !== undefined && Number(round) < Number(index)) kept.add(other);
  }
  return [...node.branches.values()].some((children) => collect(children, `${own}[${index}]/`, path, jobs, kept));
}

/**
 * The jobs with which an execution that failed is tried again: all but those on the way to the failure, and subflows that
 * were given up with it.
 */
export function memoForRetry(jobs: readonly Job[], failedPath: string | undefined): Job[] {
  return jobs.filter((job) => {
    if (job.status === 'canceled' || job.status === 'failed') return false;
    if (job.status === 'waiting') return job.wait?.kind === 'node';
    if (job.status !== 'error' || job.isHandled === true) return true;
    return job.path !== failedPath && placeOf(job) !== failedPath;
  });
}

function placeOf({ error }: Job): unknown {
  const details = error?.details;
  return typeof details === 'object' && details !== null && 'node' in details ? details.node : undefined;
}
