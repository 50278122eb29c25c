// Pure: the tree of nodes as somebody sent it, read tolerantly, so that every problem can be told at once.

import type { Node, OnFailure, Problem } from './model.ts';
import { nodeKeySchema, onFailureSchema } from './model.ts';
import { appendSegment, formatPath, isRecord, type Segment } from './path.ts';
import { type Said, say } from './say.ts';

/** Deepest nesting of nodes: the nodes of the workflow are level 1, those in their branches level 2. */
export const MAX_NODE_LEVELS = 50;
/** Most nodes in one workflow, branches included. */
export const MAX_NODES = 2000;

/** A node with its place; `key` and `type` are undefined when they are not usable. */
export interface TreeNode {
  readonly key: string | undefined;
  readonly type: string | undefined;
  readonly config: Readonly<Record<string, unknown>>;
  readonly branches: ReadonlyMap<string, readonly TreeNode[]>;
  readonly onFailure: OnFailure | undefined;
  readonly hasRetry: boolean;
  readonly parent: TreeNode | undefined;
  readonly segments: readonly Segment[];
  /** `nodes[0].branches.true[1]` */
  readonly place: string;
}

export interface Tree {
  readonly roots: readonly TreeNode[];
  /** Every node, a parent before its branches, in the order they are written. */
  readonly all: readonly TreeNode[];
  /** What stopped the reading: too many nodes, or nested too deep. */
  readonly problems: readonly Problem[];
}

/** @param said from `say`, so that it can be said in other languages; or only the English message */
export function problem(place: string, code: string, said: string | Said, severity: Problem['severity'] = 'error'): Problem {
  const { message, text } = typeof said === 'string' ? { message: said, text: undefined } : said;
  return { path: place, code, message, ...(text === undefined ? {} : { text }), severity };
}

/** Reads a list of nodes; what is not a node is left out, since the document's schema has complained about it. */
export function readTree(nodes: unknown): Tree {
  const all: TreeNode[] = [];
  const problems: Problem[] = [];
  let isFull = false;

  const readList = (list: unknown, listSegments: readonly Segment[], level: number, parent: TreeNode | undefined): TreeNode[] => {
    const result: TreeNode[] = [];
    if (!Array.isArray(list) || list.length === 0) return result;
    if (level > MAX_NODE_LEVELS) {
      problems.push(problem(formatPath(listSegments), 'too_deep', say('document.nodesTooDeep', { limit: MAX_NODE_LEVELS })));
      return result;
    }
    for (const [index, item] of list.entries()) {
      if (isFull || !isRecord(item)) continue;
      if (all.length >= MAX_NODES) {
        isFull = true;
        problems.push(problem('nodes', 'too_many_nodes', say('document.tooManyNodes', { limit: MAX_NODES })));
        break;
      }
      result.push(readNode(item, [...listSegments, index], level, parent));
    }
    return result;
  };

  const readNode = (
    item: Record<string, unknown>,
    segments: readonly Segment[],
    level: number,
    parent: TreeNode | undefined,
  ): TreeNode => {
    const branches = new Map<string, readonly TreeNode[]>();
    const node: TreeNode = {
      key: nodeKeySchema.safeParse(item.key).data,
      type: typeof item.type === 'string' ? item.type : undefined,
      config: isRecord(item.config) ? item.config : {},
      branches,
      onFailure: onFailureSchema.safeParse(item.onFailure).data,
      hasRetry: isRecord(item.retry),
      parent,
      segments,
      place: formatPath(segments),
    };
    all.push(node);
    if (isRecord(item.branches)) {
      for (const [name, list] of Object.entries(item.branches)) {
        branches.set(name, readList(list, [...segments, 'branches', name], level + 1, node));
      }
    }
    return node;
  };

  return { roots: readList(nodes, ['nodes'], 1, undefined), all, problems };
}

/** How many nodes there are, branches included; it stops counting behind `MAX_NODES`. Tolerant, and reads nothing else. */
export function countNodes(nodes: unknown, level = 1, before = 0): number {
  if (!Array.isArray(nodes) || level > MAX_NODE_LEVELS) return before;
  let count = before;
  for (const node of nodes) {
    count++;
    if (count > MAX_NODES) return count;
    if (!isRecord(node) || !isRecord(node.branches)) continue;
    for (const list of Object.values(node.branches)) count = countNodes(list, level + 1, count);
  }
  return count;
}

/** The one problem of a document with too many nodes: nothing else of it is looked at. */
export function tooManyNodes(document: unknown): Problem | undefined {
  if (!isRecord(document) || countNodes(document.nodes) <= MAX_NODES) return undefined;
  return problem('nodes', 'too_many_nodes', say('document.tooManyNodes', { limit: MAX_NODES }));
}

/** Calls `visit` for every node of a valid document, a parent before its branches. */
export function walkNodes(nodes: readonly Node[], visit: (node: Node, place: string) => void, listPlace = 'nodes'): void {
  for (const [index, node] of nodes.entries()) {
    const place = appendSegment(listPlace, index);
    visit(node, place);
    for (const [name, list] of Object.entries(node.branches ?? {})) {
      walkNodes(list, visit, appendSegment(`${place}.branches`, name));
    }
  }
}

/** How one node stands to another on the way through the tree. */
export type Relation = 'earlier' | 'itself' | 'later' | 'other-branch';

/**
 * Whether `other` has had its turn when `node` runs: earlier nodes of the same list or of a list around it, with all
 * their branches, and the nodes around it. One in a branch that was not taken has not run; since branches merge, that is
 * the flow's own business.
 */
export function relationOf(node: TreeNode, other: TreeNode): Relation {
  if (node === other) return 'itself';
  const length = Math.min(node.segments.length, other.segments.length);
  for (let i = 0; i < length; i++) {
    const [here, there] = [node.segments[i], other.segments[i]];
    if (here === there) continue;
    if (typeof here === 'number' && typeof there === 'number') return there < here ? 'earlier' : 'later';
    return 'other-branch';
  }
  return other.segments.length < node.segments.length ? 'earlier' : 'later';
}

/** Whether `other` is one of the nodes around `node`. */
export function isInside(node: TreeNode, other: TreeNode): boolean {
  for (let parent = node.parent; parent !== undefined; parent = parent.parent) {
    if (parent === other) return true;
  }
  return false;
}

export interface ExpressionPlace {
  readonly segments: readonly Segment[];
  readonly text: string;
}

/** The strings in a configuration that are expressions. `patterns` are a node type's `expressions`, such as `cases[*].test`. */
export function findExpressions(config: unknown, patterns: readonly string[]): ExpressionPlace[] {
  const found: ExpressionPlace[] = [];
  for (const pattern of patterns) {
    collect(config, parsePattern(pattern), [], found);
  }
  return found;
}

/** The places of `findExpressions`, printed: `cases[1].test`. */
export function expressionPlaces(config: unknown, patterns: readonly string[]): string[] {
  return findExpressions(config, patterns).map(({ segments }) => formatPath(segments));
}

const EVERY = '[*]';

function parsePattern(pattern: string): string[] {
  return pattern.split('.').flatMap((part) => {
    const [name = '', ...stars] = part.split('[*]');
    return [...(name === '' ? [] : [name]), ...stars.map(() => EVERY)];
  });
}

function collect(value: unknown, pattern: readonly string[], segments: readonly Segment[], found: ExpressionPlace[]): void {
  const [step, ...rest] = pattern;
  if (step === undefined) {
    if (typeof value === 'string') found.push({ segments, text: value });
  } else if (step === EVERY) {
    if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) collect(item, rest, [...segments, index], found);
    }
  } else if (isRecord(value) && Object.hasOwn(value, step)) {
    collect(value[step], rest, [...segments, step], found);
  }
}
