// Pure: what an execution did, as the canvas draws it: which nodes ran and how, which ways were taken, which rounds there were.

import type { Document, JobStatus, Node } from '../../../src/engine/model.ts';
import { FAILURE_BRANCH } from '../../../src/engine/model.ts';
import type { NodeDescription } from '../../../src/engine/registry.ts';
import type { ExecutionJson, JobJson } from '../api/executions.ts';
import { branchesOf } from './branches.ts';
import { findNodes, type ListPlace, listAt } from './edit.ts';
import type { Line } from './layout.ts';

export interface NodeRun {
  readonly status: JobStatus;
  /** The job, as the execution has it. */
  readonly job: JobJson;
  /** Null while it waits. */
  readonly durationMs: number | null;
}

export interface Rounds {
  readonly count: number;
  /** The round that is shown, counted from 0. */
  readonly shown: number;
  /** Rounds in which a node failed. */
  readonly failed: ReadonlySet<number>;
}

export interface ExecutionOverlay {
  /** By node key; a node that is missing did not run (in the rounds that are shown). */
  readonly runs: ReadonlyMap<string, NodeRun>;
  /** By the key of the node that repeats its branch. */
  readonly rounds: ReadonlyMap<string, Rounds>;
  /** Whether the execution came along a line. */
  isTaken(line: Line): boolean;
}

/** A round in a job's path: `each[3]/`. */
const ROUND = /([A-Za-z_][\w-]*)\[(\d+)\]\//g;

/** @param chosen rounds that somebody wants to see, by key; the default is the first that failed, else the last */
export function readExecution(
  document: Document,
  execution: ExecutionJson,
  types: ReadonlyMap<string, NodeDescription>,
  chosen: ReadonlyMap<string, number>,
): ExecutionOverlay {
  const jobs = new Map<string, JobJson>();
  for (const job of execution.jobs) jobs.set(job.path, job);
  const known = roundsByPath(jobs.values());
  const runs = new Map<string, NodeRun>();
  const rounds = new Map<string, Rounds>();

  const visit = (nodes: readonly Node[], prefix: string): void => {
    for (const node of nodes) {
      const path = prefix + node.key;
      const job = jobs.get(path);
      if (job) runs.set(node.key, { status: job.status, job, durationMs: durationOf(job) });
      const inside = known.get(path);
      let inner = prefix;
      if (inside) {
        const first = [...inside.failed].sort((a, b) => a - b)[0];
        const wanted = chosen.get(node.key) ?? first ?? inside.count - 1;
        const shown = Math.max(0, Math.min(wanted, inside.count - 1));
        rounds.set(node.key, { ...inside, shown });
        inner = `${path}[${shown}]/`;
      }
      for (const [branch, list] of Object.entries(node.branches ?? {})) visit(list, branch === FAILURE_BRANCH ? prefix : inner);
    }
  };
  visit(document.nodes, '');

  const ways = new Ways(document, types, runs, rounds, execution.startedAt !== null);
  return { runs, rounds, isTaken: (line) => ways.isTaken(line) };
}

function durationOf({ startedAt, finishedAt }: JobJson): number | null {
  return finishedAt === null ? null : Date.parse(finishedAt) - Date.parse(startedAt);
}

function roundsByPath(jobs: Iterable<JobJson>): ReadonlyMap<string, { count: number; failed: Set<number> }> {
  const result = new Map<string, { count: number; failed: Set<number> }>();
  for (const { path, status, handled } of jobs) {
    for (const { 0: all, 1: key = '', 2: index = '0', index: at } of path.matchAll(ROUND)) {
      const loop = path.slice(0, at) + key;
      const number = Number(index);
      const entry = result.get(loop) ?? { count: 0, failed: new Set<number>() };
      entry.count = Math.max(entry.count, number + 1);
      if ((status === 'error' || status === 'failed') && !handled && all !== '') entry.failed.add(number);
      result.set(loop, entry);
    }
  }
  return result;
}

/** Follows the flow through the tree, as far as jobs tell. */
class Ways {
  readonly #document: Document;
  readonly #types: ReadonlyMap<string, NodeDescription>;
  readonly #runs: ReadonlyMap<string, NodeRun>;
  readonly #rounds: ReadonlyMap<string, Rounds>;
  readonly #hasStarted: boolean;

  constructor(
    document: Document,
    types: ReadonlyMap<string, NodeDescription>,
    runs: ReadonlyMap<string, NodeRun>,
    rounds: ReadonlyMap<string, Rounds>,
    hasStarted: boolean,
  ) {
    this.#document = document;
    this.#types = types;
    this.#runs = runs;
    this.#rounds = rounds;
    this.#hasStarted = hasStarted;
  }

  isTaken({ place, kind }: Line): boolean {
    const { owner } = place;
    if (kind === 'dead') return false;
    if (kind === 'back') {
      const rounds = this.#rounds.get(owner ?? '');
      return rounds !== undefined && rounds.shown < rounds.count - 1;
    }
    if (kind === 'bypass') return owner !== null && this.#isCompleted(owner) && !this.#tookFailure(owner);
    const list = listAt(this.#document, place);
    const node = list[place.index];
    if (node !== undefined) return this.#runs.has(node.key) || this.#hasInside(node);
    if (!this.#isEntered(place, list)) return false;
    return place.index === 0 || this.#isListPassed(list);
  }

  /** A control node leaves its job when it is done; what is inside tells earlier that it was reached. */
  #hasInside(node: Node): boolean {
    return Object.values(node.branches ?? {}).some((list) =>
      list.some((inner) => this.#runs.has(inner.key) || this.#hasInside(inner)),
    );
  }

  #isEntered({ owner, branch }: ListPlace, list: readonly Node[]): boolean {
    if (owner === null) return this.#hasStarted;
    if (list.some((node) => this.#runs.has(node.key) || this.#hasInside(node))) return true;
    const run = this.#runs.get(owner);
    if (run === undefined || list.length > 0) return false;
    if (branch === FAILURE_BRANCH) return this.#tookFailure(owner);
    if (run.job.branch !== null) return run.job.branch === branch;
    // A control node without a choice, such as parallel branches, takes all that it has.
    return this.#isCompleted(owner) && this.#flowOf(owner) === 'step' && !this.#tookFailure(owner);
  }

  #flowOf(key: string): NodeDescription['flow'] {
    return this.#types.get(findNodes(this.#document).get(key)?.node.type ?? '')?.flow ?? 'step';
  }

  #isCompleted(key: string): boolean {
    const run = this.#runs.get(key);
    return run !== undefined && (run.status === 'succeeded' || run.job.handled);
  }

  #tookFailure(key: string): boolean {
    const node = findNodes(this.#document).get(key)?.node;
    return node?.onFailure === 'branch' && this.#runs.get(key)?.job.handled === true;
  }

  #isListPassed(list: readonly Node[]): boolean {
    return list.every((node) => this.#isPassed(node));
  }

  /** Whether the flow went on behind a node. */
  #isPassed(node: Node): boolean {
    const run = this.#runs.get(node.key);
    const flow = this.#flowOf(node.key);
    if (run === undefined || flow === 'ending' || !this.#isCompleted(node.key)) return false;
    const taken = this.#tookFailure(node.key) ? FAILURE_BRANCH : run.job.branch;
    if (taken === null) return true;
    const isKnown = branchesOf(node, this.#types.get(node.type)).some(({ name }) => name === taken);
    return !isKnown || this.#isListPassed(listAt(this.#document, { owner: node.key, branch: taken }));
  }
}
