// Pure: where a problem belongs: the node whose form has it, and the field inside that form.

import type { Document, Node, Problem } from '../../../src/engine/model.ts';
import { compilePath, formatPath, type Segment } from '../../../src/engine/path.ts';
import { TRIGGER } from '../canvas/paths.ts';

/** What of a draft a problem is about. */
export interface ProblemPlace {
  /** A node's key, TRIGGER, or null for the workflow as a whole. */
  readonly key: string | null;
  /** `config`: a field of the type's form; `node`: title, key, retry and others; `settings`: of the workflow. */
  readonly part: 'config' | 'node' | 'settings' | 'workflow';
  /** Below the part, such as `cases[0].test`; empty for the whole. */
  readonly field: string;
}

/** Reads a path as the server writes it, such as `nodes[0].branches.true[1].config.status`. */
export function placeOf(document: Document, path: string): ProblemPlace {
  const segments = segmentsOf(path);
  const [first, ...rest] = segments;
  if (first === 'trigger') return { key: TRIGGER, ...partOf(rest) };
  if (first === 'settings') return { key: null, part: 'settings', field: formatPath(rest) };
  if (first !== 'nodes') return { key: null, part: 'workflow', field: path };
  let list: readonly Node[] = document.nodes;
  let node: Node | undefined;
  let left: readonly Segment[] = rest;
  while (typeof left[0] === 'number') {
    const next = list[left[0]];
    if (next === undefined) break;
    node = next;
    left = left.slice(1);
    if (left[0] !== 'branches' || typeof left[1] !== 'string' || typeof left[2] !== 'number') break;
    list = node.branches?.[left[1]] ?? [];
    left = left.slice(2);
  }
  return node === undefined ? { key: null, part: 'workflow', field: path } : { key: node.key, ...partOf(left) };
}

function partOf(segments: readonly Segment[]): Pick<ProblemPlace, 'part' | 'field'> {
  return segments[0] === 'config'
    ? { part: 'config', field: formatPath(segments.slice(1)) }
    : { part: 'node', field: formatPath(segments) };
}

function segmentsOf(path: string): readonly Segment[] {
  if (path === '') return [];
  try {
    return compilePath(path).segments;
  } catch {
    // Not a place of the document: then it is about the whole.
    return [];
  }
}

export interface PlacedProblem {
  readonly problem: Problem;
  readonly place: ProblemPlace;
}

/** Errors before warnings, each in the document's order. */
export function placeProblems(document: Document, problems: readonly Problem[]): PlacedProblem[] {
  const placed = problems.map((problem) => ({ problem, place: placeOf(document, problem.path) }));
  const rank = ({ problem }: PlacedProblem): number => (problem.severity === 'error' ? 0 : 1);
  return placed.sort((one, two) => rank(one) - rank(two));
}

/** What a form shows of the problems: those of one key and part, by field. */
export function fieldProblems(
  placed: readonly PlacedProblem[],
  key: string | null,
  part: ProblemPlace['part'],
): { path: string; message: string; severity: Problem['severity'] }[] {
  return placed
    .filter(({ place }) => place.key === key && place.part === part)
    .map(({ problem, place }) => ({ path: place.field, message: problem.message, severity: problem.severity }));
}

/** What the server said when it refused a save; empty for any other error. */
export function problemsOf(details: unknown): Problem[] {
  if (typeof details !== 'object' || details === null || !('problems' in details)) return [];
  return Array.isArray(details.problems) ? details.problems.filter(isProblem) : [];
}

function isProblem(value: unknown): value is Problem {
  return (
    typeof value === 'object' &&
    value !== null &&
    'path' in value &&
    typeof value.path === 'string' &&
    'message' in value &&
    typeof value.message === 'string' &&
    'severity' in value
  );
}
