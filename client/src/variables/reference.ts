// Pure: what one template names, for the chip that stands for it: a short label, its last value, and whether it can exist there.

import { formatPath, type Segment } from '../../../src/engine/path.ts';
import { createReferenceChecker } from '../../../src/engine/references.ts';
import { inspectTemplates, type Reference } from '../../../src/engine/template.ts';
import { readTree } from '../../../src/engine/tree.ts';
import { readAt, type Shape, shapeAt, shapeOf, typeOf, type ValueType } from './shape.ts';
import type { VariableSource } from './variable-source.tsx';
import { type ContextVariable, contextVariables, nodeTitle, PARTS, type Part } from './variable-tree.ts';

/** Why a variable will be missing: the grammar, or what the workflow has at that place. */
export type ReferenceProblem =
  | 'syntax'
  | 'unknown_node'
  | 'node_not_run'
  | 'scope_not_available'
  | 'unknown_secret'
  | 'not_parsed';

export interface DescribedReference {
  /** What the chip shows. */
  readonly label: string;
  /** As it is written between the braces. */
  readonly text: string;
  readonly types: readonly ValueType[];
  /** In the latest run; undefined when it had none. */
  readonly value: unknown;
  readonly problem: ReferenceProblem | null;
}

export interface ReferenceReader {
  /** @param text what is written between the braces */
  describe(text: string): DescribedReference;
}

/** @param source null where nothing is known of a workflow: then every well-formed template is fine */
export function createReferenceReader(source: VariableSource | null): ReferenceReader {
  const nodes = readTree(source?.document.nodes ?? []).all;
  const open = nodes.find(({ key }) => key !== undefined && key === source?.nodeKey);
  const checker = createReferenceChecker(nodes);
  const configured = source ? contextVariables(source) : undefined;
  const titles = new Map(source ? nodes.map((node) => [node.key, nodeTitle(source, node)]) : []);
  const shapes = new Map<string, Shape>();
  const described = new Map<string, DescribedReference>();

  const problemOf = (reference: Reference): ReferenceProblem | null => {
    if (source === null) return null;
    const { root, segments } = reference;
    if (root === '$secrets' && source.learned && !source.learned.secrets.includes(String(segments[0]))) return 'unknown_secret';
    if (root === '$context' && configured && isLeftOut(configured, segments)) return 'not_parsed';
    return checker.check(reference, open)?.code ?? null;
  };

  const shapeOfRoot = (root: string, key: string | undefined): Shape => {
    const id = `${root} ${key ?? ''}`;
    let shape = shapes.get(id);
    if (shape === undefined) {
      shape = rootShape(source, root, key);
      shapes.set(id, shape);
    }
    return shape;
  };

  const describe = (text: string): DescribedReference => {
    const inspection = inspectTemplates(`{{${text}}}`);
    const [reference] = inspection.references;
    if (reference === undefined || inspection.problems.length > 0 || inspection.references.length > 1) {
      return { label: text.trim(), text: text.trim(), types: [], value: undefined, problem: 'syntax' };
    }
    const { root, segments } = reference;
    const isKeyed = root === '$nodes' || root === '$scopes';
    const shape = shapeOfRoot(root, isKeyed ? String(segments[0] ?? '') : undefined);
    const inside = isKeyed ? segments.slice(1) : segments;
    const value = readAt(shape.value, inside) ?? shapeAt(shape, inside)?.value;
    // Secrets and resume URLs are texts that are never shown.
    const isHidden = root === '$secrets' || root === '$resume';
    const seen = [...(shapeAt(shape, inside)?.types ?? [])];
    const types: ValueType[] = isHidden ? ['string'] : value === undefined ? seen : [typeOf(value)];
    const label = labelOf(reference, configured, titles);
    return { label, text: reference.text, types, value, problem: problemOf(reference) };
  };

  return {
    describe(text) {
      let found = described.get(text);
      if (found === undefined) {
        found = describe(text);
        described.set(text, found);
      }
      return found;
    },
  };
}

function rootShape(source: VariableSource | null, root: string, key: string | undefined): Shape {
  const learned = source?.learned;
  switch (root) {
    case '$context':
      return shapeOf(learned?.context ?? [], learned?.variables.context);
    case '$request':
      return shapeOf(learned?.request ?? [], learned?.variables.request);
    case '$nodes':
      return shapeOf((key && learned?.nodes[key]) || [], key ? learned?.variables.nodes?.[key] : undefined);
    case '$scopes':
      return shapeOf((key && learned?.scopes[key]) || [], key ? learned?.variables.scopes?.[key] : undefined);
    case '$execution':
      return shapeOf(EXECUTION_PATHS, {
        ...(learned?.execution ? { id: learned.execution.id, createdAt: learned.execution.createdAt } : {}),
        ...(source?.workflowId === undefined ? {} : { workflowId: source.workflowId }),
      });
    case '$system':
      return shapeOf([{ path: 'now', types: ['string'] }], undefined);
    default:
      return shapeOf([], undefined);
  }
}

const EXECUTION_PATHS = [{ path: 'revision', types: ['number' as const] }];

function labelOf(
  { root, segments, text }: Reference,
  configured: Record<Part, ContextVariable[]> | undefined,
  titles: ReadonlyMap<string | undefined, string>,
): string {
  const [first, ...rest] = segments;
  if (first === undefined) return text;
  switch (root) {
    case '$context': {
      const part = PARTS.find((name) => name === first);
      const variable =
        part && configured?.[part].find(({ segments: path, alias }) => alias !== undefined && isPrefix(path, rest));
      if (!variable) return part === undefined || rest.length === 0 ? formatPath(segments) : formatPath(rest);
      return trail(variable.alias ?? '', rest.slice(variable.segments.length));
    }
    case '$nodes':
    case '$scopes':
    case '$resume':
      return trail(titles.get(String(first)) ?? String(first), rest);
    case '$request':
    case '$execution':
      return text.replace(/^ctx\./, '').replace('$', '');
    default:
      return formatPath(segments);
  }
}

function trail(title: string, segments: readonly Segment[]): string {
  return segments.length === 0 ? title : `${title} › ${formatPath(segments)}`;
}

/** Whether a path lies beside everything that the trigger was told to parse: it will always be missing. */
function isLeftOut(configured: Record<Part, ContextVariable[]>, [first, ...rest]: readonly Segment[]): boolean {
  const part = PARTS.find((name) => name === first);
  if (first !== undefined && part === undefined) return true;
  if (part === undefined || rest.length === 0 || configured[part].length === 0) return false;
  const path = withoutIndices(rest);
  return !configured[part].some(({ segments }) => {
    const known = withoutIndices(segments);
    return isPrefix(known, path) || isPrefix(path, known);
  });
}

/** `items.sku` and `items[0].sku` are the same place of the same list. */
function withoutIndices(segments: readonly Segment[]): readonly Segment[] {
  return segments.filter((segment) => typeof segment === 'string' && !/^\d+$/.test(segment));
}

function isPrefix(prefix: readonly Segment[], segments: readonly Segment[]): boolean {
  return prefix.length <= segments.length && prefix.every((segment, index) => segment === segments[index]);
}

/** A value on one short line: text in quotes, the beginning of what is long. */
export function shortValue(value: unknown, maxLength = 60): string {
  if (value === undefined) return '';
  const text = JSON.stringify(value) ?? '';
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}
