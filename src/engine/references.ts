// Pure: whether what a template names exists by the time its node runs.

import { nearestNames } from './nearest.ts';
import type { Reference } from './template.ts';
import { isInside, relationOf, type TreeNode } from './tree.ts';

export interface ReferenceFinding {
  readonly code: 'unknown_node' | 'node_not_run' | 'scope_not_available';
  readonly message: string;
}

export interface ReferenceChecker {
  /** @param node whose configuration holds the reference; undefined for the trigger's */
  check(reference: Reference, node: TreeNode | undefined): ReferenceFinding | undefined;
}

/** @param nodes all nodes of the workflow, in the order they are written */
export function createReferenceChecker(nodes: readonly TreeNode[]): ReferenceChecker {
  const byKey = new Map<string, TreeNode[]>();
  for (const node of nodes) {
    if (node.key === undefined) continue;
    const others = byKey.get(node.key);
    if (others) others.push(node);
    else byKey.set(node.key, [node]);
  }

  return {
    check(reference, node) {
      if (reference.root !== '$nodes' && reference.root !== '$scopes') return undefined;
      const [first] = reference.segments;
      // All results at once: whatever has run by then.
      if (first === undefined) return undefined;
      const key = String(first);
      const named = byKey.get(key);
      const name = `{{${reference.text}}}`;
      if (!named) {
        const nearest = nearestNames(key, byKey.keys());
        const hint = nearest.length > 0 ? `; did you mean ${nearest.map((known) => `"${known}"`).join(' or ')}?` : '';
        return { code: 'unknown_node', message: `${name}: there is no node with the key "${key}"${hint}` };
      }
      if (!node) return { code: 'node_not_run', message: `${name}: no node has run when the trigger answers` };
      return reference.root === '$nodes' ? checkNode(name, node, named) : checkScope(name, node, named);
    },
  };
}

/** One of the nodes with this key is enough: that keys are unique is another rule's business. */
function checkNode(name: string, node: TreeNode, named: readonly TreeNode[]): ReferenceFinding | undefined {
  const relations = named.map((other) => relationOf(node, other));
  if (relations.includes('earlier')) return undefined;
  const place = named[0]?.place ?? '';
  const why = {
    earlier: '',
    itself: 'it is this node itself, which has no result before it has run',
    later: `${place} runs later`,
    'other-branch': `${place} is in another branch, which does not run together with this one`,
  }[relations[0] ?? 'later'];
  return { code: 'node_not_run', message: `${name}: the node has not run by then: ${why}` };
}

function checkScope(name: string, node: TreeNode, named: readonly TreeNode[]): ReferenceFinding | undefined {
  if (named.some((other) => isInside(node, other))) return undefined;
  return {
    code: 'scope_not_available',
    message: `${name}: its item exists only inside the branches of ${named[0]?.place ?? ''}`,
  };
}
