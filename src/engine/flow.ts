// Pure: how the flow passes through the tree, to find nodes that never run and ways to the end without a reply.

import { appendSegment } from './path.ts';
import type { AnyNodeType } from './plugin.ts';
import type { TreeNode } from './tree.ts';

/** What is known of one node's type; `branches` is undefined when its configuration cannot tell yet. */
export interface NodeFlow {
  readonly type: Pick<AnyNodeType, 'flow' | 'replies'> | undefined;
  readonly branches: readonly string[] | undefined;
}

export interface FlowReport {
  /** Nodes behind one that never goes on; of each list only the first. */
  readonly unreachable: readonly TreeNode[];
  /** Lists at whose end the flow can stop without a reply: `nodes`, `nodes[0].branches.false`. */
  readonly openEnds: readonly string[];
  /** Nodes that end the flow without a reply. */
  readonly silentEnds: readonly TreeNode[];
}

/** @param flowOf what is known of a node, from the check of its configuration */
export function analyseFlow(roots: readonly TreeNode[], flowOf: (node: TreeNode) => NodeFlow): FlowReport {
  const unreachable: TreeNode[] = [];
  const silentEnds: TreeNode[] = [];

  /** The places where the flow leaves a list at its end; none when it never does. */
  const leave = (list: readonly TreeNode[], place: string): readonly string[] => {
    let ends: readonly string[] = [place];
    for (const node of list) {
      if (ends.length === 0) {
        unreachable.push(node);
        return [];
      }
      ends = pass(node, place);
    }
    return ends;
  };

  const pass = (node: TreeNode, listPlace: string): readonly string[] => {
    const { type, branches } = flowOf(node);
    const flow = type?.flow ?? 'step';
    if (flow === 'ending') {
      if (!type?.replies) silentEnds.push(node);
      return [];
    }
    const names = branches ?? [...node.branches.keys()];
    const ends = names.map((name) => leave(node.branches.get(name) ?? [], appendSegment(`${node.place}.branches`, name)));
    // A step may run its branches or not (a loop over nothing), and so may what is not known.
    if (flow === 'step' || branches === undefined || names.length === 0) return [listPlace];
    return ends.flat();
  };

  const openEnds = leave(roots, 'nodes');
  return { unreachable, openEnds, silentEnds };
}

/** @param parsed what the type's schema made of the configuration; undefined when it does not parse */
export function branchNames(type: AnyNodeType, parsed: unknown): readonly string[] | undefined {
  if (!type.branches) return [];
  return parsed === undefined ? undefined : type.branches(parsed);
}
