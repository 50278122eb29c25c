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
    if (node.branches.size > 0) {
      const branch = collectInside(node, prefix, path, jobs, kept);
      const isInChosen = branch !== undefined && branch === job?.branch;
      // Rounds are finished when the flow has gone on behind them, also on the branch for their failure.
      if (branch === undefined || isInChosen) keepRounds(own, jobs, kept, () => true);
      if (isInChosen) kept.add(own);
      // A control node has to run again.
      if (branch !== undefined) return true;
    }
    if (job) kept.add(own);
  }
  return false;
}

/** @returns the branch in which the node was found */
function collectInside(
  node: CompiledNode,
  prefix: string,
  path: string,
  jobs: ReadonlyMap<string, Job>,
  kept: Set<string>,
): string | undefined {
  const own = prefix + node.key;
  const index = roundOf(path, own);
  if (index !== undefined) keepRounds(own, jobs, kept, (round) => round < index);
  const inside = index === undefined ? prefix : `${own}[${index}]/`;
  // All of them: branches that ran beside the chosen one keep what they have done.
  const found = [...node.branches].filter(([, children]) => collect(children, inside, path, jobs, kept));
  return found[0]?.[0];
}

function keepRounds(own: string, jobs: ReadonlyMap<string, Job>, kept: Set<string>, isKept: (round: number) => boolean): void {
  for (const path of jobs.keys()) {
    const round = roundOf(path, own);
    if (round !== undefined && isKept(round)) kept.add(path);
  }
}

/** In which round of a loop a node ran; undefined outside. */
function roundOf(path: string, loop: string): number | undefined {
  if (!path.startsWith(`${loop}[`)) return undefined;
  const index = /^\[(\d+)\]\//.exec(path.slice(loop.length))?.[1];
  return index === undefined ? undefined : Number(index);
}

/**
 * The jobs with which an execution that failed is tried again: all but those on the way to the failure, and subflows that
 * were given up with it. Failures that the flow went on in spite of stay, and so do waits for messages: they were sent.
 * @param failedPath of the node that failed; undefined when none did (a cancel, a timeout)
 */
export function memoForRetry(jobs: readonly Job[], failedPath: string | undefined): Job[] {
  return jobs.filter((job) => {
    if (job.wait?.kind === 'message') return true;
    if (job.status === 'canceled' || job.status === 'failed') return false;
    if (job.status === 'waiting') return job.wait?.kind === 'node';
    if (job.status !== 'error' || job.isHandled === true) return true;
    return failedPath === undefined || (job.path !== failedPath && placeOf(job) !== failedPath);
  });
}

function placeOf({ error }: Job): unknown {
  const details = error?.details;
  return typeof details === 'object' && details !== null && 'node' in details ? details.node : undefined;
}
