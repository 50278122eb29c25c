// Pure: whether what a template names exists by the time its node runs.

import { createNearestNames } from './nearest.ts';
import { eitherOf, type Said, say } from './say.ts';
import type { Reference } from './template.ts';
import { isInside, type Relation, relationOf, type TreeNode } from './tree.ts';

export interface ReferenceFinding extends Said {
  readonly code: 'unknown_node' | 'node_not_run' | 'scope_not_available';
}

export interface ReferenceChecker {
  /** @param node whose configuration holds the reference; undefined for the trigger's */
  check(reference: Reference, node: TreeNode | undefined): ReferenceFinding | undefined;
  /** How many references were checked since this was asked last. */
  takeCount(): number;
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

  const nearestKeys = createNearestNames(() => byKey.keys());
  /** What was found of a node's references so far: of many to the same key, each says the same. */
  let count = 0;
  let current: TreeNode | undefined;
  let relations = new Map<string, Relation | undefined>();

  function relationTo(key: string, node: TreeNode, named: readonly TreeNode[]): Relation | undefined {
    if (node !== current) {
      current = node;
      relations = new Map();
    }
    if (!relations.has(key)) relations.set(key, bestRelation(node, named));
    return relations.get(key);
  }

  return {
    takeCount() {
      const taken = count;
      count = 0;
      return taken;
    },
    check(reference, node) {
      count++;
      if (reference.root !== '$nodes' && reference.root !== '$scopes') return undefined;
      const [first] = reference.segments;
      // All results at once: whatever has run by then.
      if (first === undefined) return undefined;
      const key = String(first);
      const named = byKey.get(key);
      const template = `{{${reference.text}}}`;
      if (!named) {
        const nearest = nearestKeys(key);
        const said =
          nearest.length > 0
            ? say('reference.unknownNodeNear', { template, key, names: eitherOf(nearest) })
            : say('reference.unknownNode', { template, key });
        return { code: 'unknown_node', ...said };
      }
      if (!node) return { code: 'node_not_run', ...say('reference.trigger', { template }) };
      return reference.root === '$nodes'
        ? checkNode(template, named, relationTo(key, node, named))
        : checkScope(template, node, named);
    },
  };
}

/** One of the nodes with this key is enough: that keys are unique is another rule's business. */
function bestRelation(node: TreeNode, named: readonly TreeNode[]): Relation | undefined {
  if (named.some((other) => relationOf(node, other) === 'earlier')) return 'earlier';
  return named[0] && relationOf(node, named[0]);
}

function checkNode(template: string, named: readonly TreeNode[], relation: Relation | undefined): ReferenceFinding | undefined {
  if (relation === 'earlier') return undefined;
  const place = named[0]?.place ?? '';
  const said =
    relation === 'itself'
      ? say('reference.itself', { template })
      : relation === 'other-branch'
        ? say('reference.otherBranch', { template, place })
        : say('reference.later', { template, place });
  return { code: 'node_not_run', ...said };
}

function checkScope(template: string, node: TreeNode, named: readonly TreeNode[]): ReferenceFinding | undefined {
  if (named.some((other) => isInside(node, other))) return undefined;
  return { code: 'scope_not_available', ...say('reference.outsideLoop', { template, place: named[0]?.place ?? '' }) };
}
