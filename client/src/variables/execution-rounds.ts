// Pure: in which rounds of the loops around a node an execution has run, so that one of them can be tried again.

import type { Node } from '../../../src/engine/model.ts';
import type { JobJson } from '../api/executions.ts';

export interface Round {
  /** What stands before the keys of its jobs: `orders[0]/items[2]/`; empty outside of loops. */
  readonly prefix: string;
  /** Of each loop around the node, from the outside in. */
  readonly indices: readonly number[];
  /** A job that had the same variables of the nodes around it: the node's own where it has run. */
  readonly path: string;
  /** How the node itself ended; undefined when it did not come to it. */
  readonly status: JobJson['status'] | undefined;
}

type RoundJob = Pick<JobJson, 'path' | 'key' | 'status'>;

/**
 * The rounds in their order; one for a node that no loop is around of, none when nothing beside it or in it has run.
 * @param nodes as they are now; the execution may have run others
 */
export function roundsOf(jobs: readonly RoundJob[], nodes: readonly Node[], key: string): Round[] {
  const place = placeOf(nodes, key);
  if (place === undefined) return [];
  const around = new Set(place.around);
  const all = jobs.map((job) => ({ job, steps: stepsOf(job.path) }));
  const loops = new Set(all.flatMap(({ steps }) => steps.map((step) => step.key)).filter((loop) => around.has(loop)));
  const found = new Map<string, Round & { readonly rank: number }>();
  for (const { job, steps } of all) {
    if (steps.length < loops.size || !steps.slice(0, loops.size).every((step) => loops.has(step.key))) continue;
    const isDeeper = steps.length > loops.size;
    const prefix = steps.slice(0, loops.size).reduce((text, step) => `${text}${step.key}[${step.index}]/`, '');
    const isOwn = job.key === key && !isDeeper;
    const rank = isOwn ? 0 : place.beside.has(job.key) && !isDeeper ? 1 : 2;
    // Beside no loop, only the list of the node itself is known to have the same variables.
    if (prefix === '' && rank === 2) continue;
    const known = found.get(prefix);
    if (known !== undefined && known.rank <= rank) continue;
    const indices = steps.slice(0, loops.size).map(({ index }) => index);
    found.set(prefix, { prefix, indices, path: job.path, status: isOwn ? job.status : undefined, rank });
  }
  const rounds = [...found.values()].sort((left, right) => compare(left.indices, right.indices));
  return rounds.map(({ rank: _, ...round }) => round);
}

interface Place {
  /** Keys, from the outside in. */
  readonly around: readonly string[];
  /** Keys of the list that the node is in. */
  readonly beside: ReadonlySet<string>;
}

function placeOf(nodes: readonly Node[], key: string, around: readonly string[] = []): Place | undefined {
  if (nodes.some((node) => node.key === key)) return { around, beside: new Set(nodes.map((node) => node.key)) };
  for (const node of nodes) {
    for (const branch of Object.values(node.branches ?? {})) {
      const found = placeOf(branch, key, [...around, node.key]);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The loops in the path of a job: `each[3]/notify`. */
function stepsOf(path: string): { readonly key: string; readonly index: number }[] {
  return Array.from(path.matchAll(/([^/[\]]+)\[(\d+)\]\//g), ([, key = '', index]) => ({ key, index: Number(index) }));
}

function compare(left: readonly number[], right: readonly number[]): number {
  for (const [at, index] of left.entries()) {
    const difference = index - (right[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
