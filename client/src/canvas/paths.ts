// Pure: which node a problem belongs to, and which ways through the flow never answer the caller.

import { analyseFlow } from '../../../src/engine/flow.ts';
import type { Document, Problem } from '../../../src/engine/model.ts';
import type { NodeDescription } from '../../../src/engine/registry.ts';
import { readTree } from '../../../src/engine/tree.ts';
import { branchesOf } from './branches.ts';
import { findNodes, type ListPlace, ROOT } from './edit.ts';

/** Selects the trigger where a node's key is expected; no node can have it. */
export const TRIGGER = '$trigger';

/** What a problem's path begins with, as far as it names a node: `nodes[0].branches.true[1]`. */
const NODE_PATH = /^nodes\[\d+\](?:\.branches(?:\.[^.[\]"]+|\["(?:[^"\\]|\\.)*"\])\[\d+\])*/;

/** The key of the node that a problem is about, `TRIGGER` for the trigger, null for the workflow as a whole. */
export function nodeOfProblem(document: Document, path: string): string | null {
  if (path === 'trigger' || path.startsWith('trigger.')) return TRIGGER;
  const place = NODE_PATH.exec(path)?.[0];
  if (place === undefined) return null;
  return keysByPath(document).get(place) ?? null;
}

function keysByPath(document: Document): ReadonlyMap<string, string> {
  return new Map(Array.from(findNodes(document), ([key, { path }]) => [path, key]));
}

/** The problems of each node, by key; those of the workflow as a whole under null. */
export function problemsByNode(document: Document, problems: readonly Problem[]): ReadonlyMap<string | null, readonly Problem[]> {
  const keys = keysByPath(document);
  const result = new Map<string | null, Problem[]>();
  for (const problem of problems) {
    const place = NODE_PATH.exec(problem.path)?.[0];
    const key = place === undefined ? nodeOfProblem(document, problem.path) : (keys.get(place) ?? null);
    const others = result.get(key);
    if (others) others.push(problem);
    else result.set(key, [problem]);
  }
  return result;
}

export interface UnansweredPaths {
  /** Lists at whose end the flow can stop without a response. */
  readonly openLists: readonly ListPlace[];
  /** Keys of nodes that end the flow without a response. */
  readonly silentNodes: readonly string[];
  /** Keys of nodes that never run. */
  readonly unreachable: readonly string[];
}

const ALL_ANSWERED: UnansweredPaths = { openLists: [], silentNodes: [], unreachable: [] };

/** The ways that end without a response, as the server's check finds them. Nothing while a type is not installed. */
export function findUnanswered(document: Document, types: ReadonlyMap<string, NodeDescription>): UnansweredPaths {
  const nodes = findNodes(document);
  for (const { node } of nodes.values()) if (!types.has(node.type)) return ALL_ANSWERED;
  const report = analyseFlow(readTree(document.nodes).roots, ({ key = '' }) => {
    const node = nodes.get(key)?.node;
    const type = node && types.get(node.type);
    return { type, branches: node && branchesOf(node, type).flatMap(({ kind, name }) => (kind === 'unknown' ? [] : [name])) };
  });
  return {
    openLists: report.openEnds.map((path) => listOfPath(document, path)),
    silentNodes: report.silentEnds.flatMap(({ key }) => (key === undefined ? [] : [key])),
    unreachable: report.unreachable.flatMap(({ key }) => (key === undefined ? [] : [key])),
  };
}

/** The list that a path such as `nodes[0].branches.false` means. */
function listOfPath(document: Document, path: string): ListPlace {
  const owner = NODE_PATH.exec(path)?.[0];
  if (owner === undefined) return ROOT;
  const rest = path.slice(owner.length).replace(/^\.branches\.?/, '');
  const branch: unknown = rest.startsWith('[') ? JSON.parse(rest.slice(1, -1)) : rest;
  return { owner: keysByPath(document).get(owner) ?? null, branch: String(branch) };
}
