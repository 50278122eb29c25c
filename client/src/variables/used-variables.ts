// Pure: which variables a node uses, and what of some values that is: the input of a test.

import type { Node } from '../../../src/engine/model.ts';
import { compilePath, formatPath, isRecord, pathOf, type Segment } from '../../../src/engine/path.ts';
import { assignAt, compileProjection } from '../../../src/engine/projection.ts';
import { findTemplates, inspectTemplates } from '../../../src/engine/template.ts';
import { findExpressions, walkNodes } from '../../../src/engine/tree.ts';
import type { VariablesInput } from '../api/drafts.ts';
import type { PluginList } from '../api/workflows.ts';

/** Paths below each variable; the empty path is all of it. */
export interface UsedVariables {
  readonly context: readonly (readonly Segment[])[];
  readonly request: readonly (readonly Segment[])[];
  /** They begin with the node's key. */
  readonly nodes: readonly (readonly Segment[])[];
  /** They begin with the loop's key. */
  readonly scopes: readonly (readonly Segment[])[];
}

const ROOTS = ['context', 'request', 'nodes', 'scopes'] as const;
type Root = (typeof ROOTS)[number];

/** Names of variables in a query language, with the first name behind them. */
const NAMED =
  /["'[]*\$(context|request|nodes|scopes|jobsMapByNodeKey)\b["'\]]*(?:\s*\.\s*[`"]?([A-Za-z_][\w-]*)|\[['"]([^'"]+)['"]\])?/g;

/** Of a node and everything in its branches. */
export function usedVariables(node: Node, types: PluginList): UsedVariables {
  const used: Record<Root, Segment[][]> = { context: [], request: [], nodes: [], scopes: [] };
  const inside = new Set<string>();
  walkNodes([node], ({ key }) => inside.add(key));
  const add = (root: string, segments: readonly Segment[]): void => {
    const name = ROOTS.find((one) => `$${one}` === root);
    if (name === undefined) return;
    // What runs inside the node gives its own results.
    if ((name === 'nodes' || name === 'scopes') && inside.has(String(segments[0]))) return;
    used[name].push([...segments]);
  };
  walkNodes([node], ({ type, config }) => {
    const description = types.nodes.find((one) => one.type === type);
    const expressions = findExpressions(config, description?.expressions ?? []);
    const verbatim = [...expressions, ...findExpressions(config, description?.scripts ?? [])];
    const places = new Set(verbatim.map(({ segments }) => formatPath(segments)));
    const isVerbatim = (segments: readonly Segment[]): boolean => places.has(formatPath(segments));
    for (const { root, segments } of inspectTemplates(config, { isVerbatim }).references) add(root, segments);
    for (const { text, segments } of expressions) {
      const around = pathOf(segments.slice(0, -1)).get(config);
      addExpression(text, isRecord(around) ? around : {}, add);
    }
  });
  return used;
}

function addExpression(
  text: string,
  { engine, source }: Readonly<Record<string, unknown>>,
  add: (root: string, segments: readonly Segment[]) => void,
): void {
  if (findTemplates(text).length > 0) {
    for (const { root, segments } of inspectTemplates(text).references) add(root, segments);
  }
  let count = 0;
  for (const [, name = '', dotted, quoted] of text.replace(/\{\{.*?\}\}/g, '').matchAll(NAMED)) {
    count += 1;
    const key = dotted ?? quoted;
    // How the language goes on behind the name is its own business.
    add(name === 'jobsMapByNodeKey' ? '$nodes' : `$${name}`, key === undefined ? [] : [key]);
  }
  const isQuery = engine === 'jsonpath' || engine === 'jmespath';
  if (count === 0 && isQuery && source === undefined) for (const root of ROOTS) add(`$${root}`, []);
}

/** What is used of the values; what a template names and is not there is null, so that one sees that it can be filled in. */
export function pickUsed(used: UsedVariables, { context, request, nodes, scopes }: VariablesInput): VariablesInput {
  const picked: Record<string, unknown> = {};
  if (used.context.length > 0) picked.context = pick(used.context, context);
  if (used.request.length > 0) picked.request = pick(used.request, request);
  if (used.nodes.length > 0) picked.nodes = pick(used.nodes, nodes);
  if (used.scopes.length > 0) picked.scopes = pick(used.scopes, scopes);
  return picked;
}

function pick(paths: readonly (readonly Segment[])[], value: unknown): unknown {
  if (paths.some((segments) => segments.length === 0)) return value ?? null;
  const found: unknown = compileProjection(paths.map((segments) => pathOf(segments)))(value);
  const target: Record<string, unknown> = isRecord(found) ? { ...found } : {};
  for (const segments of paths) {
    const path = compilePath(formatPath(segments));
    if (typeof segments[0] === 'string' && path.get(target) === undefined) assignAt(target, path, null);
  }
  return target;
}

export function usesNothing(used: UsedVariables): boolean {
  return ROOTS.every((root) => used[root].length === 0);
}
