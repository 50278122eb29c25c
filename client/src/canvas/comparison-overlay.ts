// Pure: what changed between two revisions, as the canvas draws it, and the newer document with what was removed put back as ghosts.

import type { Document, Node } from '../../../src/engine/model.ts';
import type { ComparisonJson } from '../api/workflows.ts';
import { findNodes } from './edit.ts';
import { TRIGGER } from './paths.ts';

export type ChangeKind = ComparisonJson['changes'][number]['kind'];

export interface ComparisonOverlay {
  /** By node key or `TRIGGER`: a node may have moved and changed. */
  readonly marks: ReadonlyMap<string, readonly ChangeKind[]>;
  /** Keys of nodes that are gone. */
  readonly removed: ReadonlySet<string>;
  readonly hasSettings: boolean;
}

export function readComparison({ changes }: ComparisonJson): ComparisonOverlay {
  const marks = new Map<string, ChangeKind[]>();
  const removed = new Set<string>();
  let hasSettings = false;
  for (const { kind, key, path } of changes) {
    if (key === null && path !== 'trigger') {
      hasSettings = true;
      continue;
    }
    const name = key ?? TRIGGER;
    const others = marks.get(name);
    if (others) others.push(kind);
    else marks.set(name, [kind]);
    if (kind === 'removed') removed.add(name);
  }
  return { marks, removed, hasSettings };
}

/** The newer document with each removed node behind the neighbour that it stood behind. */
export function withGhosts(before: Document, after: Document, removed: ReadonlySet<string>): Document {
  if (removed.size === 0) return after;
  const old = findNodes(before);

  const merge = (now: readonly Node[], was: readonly Node[]): Node[] => {
    const result = now.map(mergeBranches);
    let behind = 0;
    for (const node of was) {
      const index = result.findIndex(({ key }) => key === node.key);
      if (index >= 0) behind = index + 1;
      else if (removed.has(node.key)) {
        result.splice(behind, 0, ghostOf(node));
        behind += 1;
      }
    }
    return result;
  };

  const mergeBranches = (node: Node): Node => {
    const was = old.get(node.key)?.node.branches ?? {};
    const names = new Set([...Object.keys(node.branches ?? {}), ...Object.keys(was)]);
    const branches: [string, Node[]][] = [];
    for (const name of names) {
      const list = merge(node.branches?.[name] ?? [], was[name] ?? []);
      if (list.length > 0 || node.branches?.[name] !== undefined) branches.push([name, list]);
    }
    return branches.length === 0 ? node : { ...node, branches: Object.fromEntries(branches) };
  };

  /** Of what was inside, what is elsewhere now is drawn there. */
  const ghostOf = (node: Node): Node => {
    if (node.branches === undefined) return node;
    const branches = Object.entries(node.branches).map(([name, list]) => [name, merge([], list)] as const);
    return { ...node, branches: Object.fromEntries(branches) };
  };

  return { ...after, nodes: merge(after.nodes, before.nodes) };
}
