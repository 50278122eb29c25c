// Pure: every edit of a workflow's document that the canvas and the panels make; what is not touched stays the same object.

import { type Document, type Node, nodeKeySchema, nodeSchema, type Trigger } from '../../../src/engine/model.ts';
import { isRecord } from '../../../src/engine/path.ts';
import type { NodeDescription } from '../../../src/engine/registry.ts';
import { walkNodes } from '../../../src/engine/tree.ts';
import { followBranches, shiftBranch } from './branches.ts';
import { type Language, rewriteDocument, rewriteNodes } from './rewrite-references.ts';

/** A list of nodes: the workflow's own (`owner` null, `branch` empty) or a branch of a node. */
export interface ListPlace {
  readonly owner: string | null;
  readonly branch: string;
}

/** A place between nodes; `index` 0 is before the first. */
export interface Place extends ListPlace {
  readonly index: number;
}

export const ROOT: ListPlace = { owner: null, branch: '' };

export interface Found {
  readonly node: Node;
  readonly place: Place;
  /** As problems name it: `nodes[0].branches.true[1]`. */
  readonly path: string;
}

/** The node with a key, and where it is. */
export function findNode(document: Document, key: string): Found | undefined {
  return findNodes(document).get(key);
}

const found = new WeakMap<readonly Node[], ReadonlyMap<string, Found>>();

/** Every node by its key, in the order they are written. Kept for each list of nodes, so it costs nothing to ask again. */
export function findNodes({ nodes }: Pick<Document, 'nodes'>): ReadonlyMap<string, Found> {
  const known = found.get(nodes);
  if (known) return known;
  const places = new Map<Node, Place>();
  const result = new Map<string, Found>();
  for (const [index, node] of nodes.entries()) places.set(node, { ...ROOT, index });
  walkNodes(nodes, (node, path) => {
    const place = places.get(node);
    if (place === undefined) return;
    if (!result.has(node.key)) result.set(node.key, { node, place, path });
    for (const [branch, list] of Object.entries(node.branches ?? {})) {
      for (const [index, inner] of list.entries()) places.set(inner, { owner: node.key, branch, index });
    }
  });
  found.set(nodes, result);
  return result;
}

/** The nodes of a list; none when there is no such list. */
export function listAt(document: Document, { owner, branch }: ListPlace): readonly Node[] {
  if (owner === null) return document.nodes;
  return branchOf(findNode(document, owner)?.node, branch);
}

function branchOf(node: Node | undefined, branch: string): readonly Node[] {
  const { branches } = node ?? {};
  return branches !== undefined && Object.hasOwn(branches, branch) ? (branches[branch] ?? []) : [];
}

/** The node and all that are in its branches. */
export function nodesWithin(node: Node): Node[] {
  const all: Node[] = [];
  walkNodes([node], (inner) => all.push(inner));
  return all;
}

/** Whether a list is inside a node, however deep. */
export function isListWithin(document: Document, { owner }: ListPlace, key: string): boolean {
  const nodes = findNodes(document);
  for (let around = owner; around !== null; around = nodes.get(around)?.place.owner ?? null) if (around === key) return true;
  return false;
}

/** A key that no node has, made of a type's name: `http_request`, `http_request2`. */
export function newKey(document: Pick<Document, 'nodes'>, type: string): string {
  return freshKey(type.replace(/[^A-Za-z0-9_]/g, '_'), new Set(findNodes(document).keys()));
}

function freshKey(wanted: string, taken: ReadonlySet<string>): string {
  const fitting = nodeKeySchema.safeParse(wanted).success ? wanted : `node_${wanted.replace(/[^A-Za-z0-9_]/g, '')}`.slice(0, 60);
  if (!taken.has(fitting)) return fitting;
  const base = fitting.replace(/\d+$/, '').slice(0, 58) || 'node';
  for (let number = 2; ; number++) if (!taken.has(`${base}${number}`)) return `${base}${number}`;
}

/**
 * Puts a node in; keys inside it that are taken become fresh ones. An index beyond the end is the end.
 * @returns the same document when there is no node that owns the list
 */
export function insertNode(document: Document, place: Place, node: Node): Document {
  return insertNodes(document, place, [node]).document;
}

export interface Inserted {
  readonly document: Document;
  /** Keys of what was put in, without what is in branches. */
  readonly keys: readonly string[];
}

function insertNodes(document: Document, place: Place, nodes: readonly Node[], languages?: readonly Language[]): Inserted {
  const fresh = withFreshKeys(document, nodes, languages);
  const next = changeList(document, place, (list) => {
    const index = Math.max(0, Math.min(place.index, list.length));
    return [...list.slice(0, index), ...fresh, ...list.slice(index)];
  });
  return { document: next, keys: next === document ? [] : fresh.map(({ key }) => key) };
}

/** Takes a node out, with all that is in its branches. */
export function removeNode(document: Document, key: string): Document {
  const place = findNode(document, key)?.place;
  if (place === undefined) return document;
  return changeList(document, place, (list) => list.filter((node) => node.key !== key));
}

/** Takes several nodes out, each with all that is in its branches. */
export function removeNodes(document: Document, keys: readonly string[]): Document {
  return keys.reduce(removeNode, document);
}

/** Moves a node with its branches; into its own branch is impossible and changes nothing. `index` counts the places before the move. */
export function moveNode(document: Document, key: string, to: Place): Document {
  const from = findNode(document, key);
  if (from === undefined || isListWithin(document, to, key) || !hasList(document, to)) return document;
  const isSameList = from.place.owner === to.owner && from.place.branch === to.branch;
  const isBehind = isSameList && to.index > from.place.index;
  if (isSameList && (to.index === from.place.index || to.index === from.place.index + 1)) return document;
  const index = isBehind ? to.index - 1 : to.index;
  return insertNodes(removeNode(document, key), { ...to, index }, [from.node]).document;
}

function hasList(document: Document, { owner }: ListPlace): boolean {
  return owner === null || findNodes(document).has(owner);
}

/** Puts copies of neighbours behind the last one of them; what the copies say of each other names the copies. */
export function duplicateNodes(document: Document, keys: readonly string[], languages?: readonly Language[]): Inserted {
  const found = keys.flatMap((key) => findNode(document, key) ?? []);
  const last = found.at(-1);
  if (last === undefined) return { document, keys: [] };
  const nodes = found.map(({ node }) => node);
  return insertNodes(document, { ...last.place, index: last.place.index + 1 }, nodes, languages);
}

/** What of a node may be changed where it stands; a field that is `undefined` is taken away. */
export type NodeChange = Partial<Omit<Node, 'key' | 'branches'>>;

/** Changes a node's fields. Branches follow when the configuration renames one; those that are empty and no longer named go. */
export function changeNode(document: Document, key: string, change: NodeChange): Document {
  return replaceNode(document, key, (node) => {
    const next: Node = { ...node, ...change };
    for (const name of ['title', 'retry', 'onFailure'] as const) if (next[name] === undefined) delete next[name];
    return followBranches(node, next);
  });
}

/**
 * Moves a branch of a node one place to the left or right, with all that is in it; for types whose branches are a list in their
 * configuration.
 * @param by 1 is to the right
 * @returns the same document when that is impossible
 */
export function moveBranch(
  document: Document,
  key: string,
  branch: string,
  by: 1 | -1,
  description: Pick<NodeDescription, 'type' | 'branches'> | undefined,
): Document {
  const node = findNode(document, key)?.node;
  const config = node && shiftBranch(node, description, branch, by);
  return config ? replaceNode(document, key, (one) => ({ ...one, config: { ...config } })) : document;
}

/** Gives a node a branch of that name, for types whose branches only the server knows. */
export function addBranch(document: Document, key: string, branch: string): Document {
  return replaceNode(document, key, (node) => ({
    ...node,
    branches: { ...node.branches, [branch]: [...branchOf(node, branch)] },
  }));
}

export function changeTrigger(document: Document, trigger: Trigger): Document {
  return { ...document, trigger };
}

/**
 * Gives a node another key, and writes it wherever a template or an expression names the node.
 * @param languages the node types' descriptions: they say which strings are expressions and which are scripts
 * @returns the same document when the new key is taken or cannot be one
 */
export function renameKey(document: Document, from: string, to: string, languages?: readonly Language[]): Document {
  if (from === to || !findNodes(document).has(from) || findNodes(document).has(to)) return document;
  if (!nodeKeySchema.safeParse(to).success) return document;
  return rewriteDocument(document, new Map([[from, to]]), languages);
}

/** Says that text on the clipboard is nodes. */
const MARKER = 'hookline-nodes';

/** Nodes as text for the clipboard, in the order they are written. A node inside another one of them is not copied twice. */
export function copyNodes(document: Document, keys: readonly string[]): string {
  const wanted = new Set(keys);
  const nodes = [...findNodes(document).values()]
    .filter(({ node, place }) => wanted.has(node.key) && ![...wanted].some((key) => isListWithin(document, place, key)))
    .map(({ node }) => node);
  return JSON.stringify({ [MARKER]: 1, nodes }, null, 2);
}

/** The nodes in a text from the clipboard; undefined when it is something else. */
export function readNodes(text: string): readonly Node[] | undefined {
  if (!text.includes(MARKER)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Any text may be on the clipboard.
    return undefined;
  }
  if (!isRecord(value) || value[MARKER] !== 1) return undefined;
  const nodes = nodeSchema.array().safeParse(value.nodes);
  return nodes.success && nodes.data.length > 0 ? nodes.data : undefined;
}

/** Puts copied nodes in, with fresh keys; what they say of each other names the copies. Undefined when the text holds none. */
export function pasteNodes(
  document: Document,
  text: string,
  place: Place,
  languages?: readonly Language[],
): Inserted | undefined {
  const nodes = readNodes(text);
  return nodes && insertNodes(document, place, nodes, languages);
}

/** The same nodes; keys that the document or an earlier one of them has are replaced. */
function withFreshKeys(document: Document, nodes: readonly Node[], languages?: readonly Language[]): readonly Node[] {
  const taken = new Set(findNodes(document).keys());
  const names = new Map<string, string>();
  let hasTwice = false;
  const seen = new Set<string>();
  walkNodes(nodes, ({ key }) => {
    if (seen.has(key)) hasTwice = true;
    seen.add(key);
  });
  // Among themselves first: a reference to a key that is there twice means nothing certain.
  const unique = hasTwice ? makeUnique(nodes, new Set()) : nodes;
  const all = new Set(taken);
  walkNodes(unique, ({ key }) => all.add(key));
  walkNodes(unique, ({ key }) => {
    if (!taken.has(key)) return;
    const fresh = freshKey(key, all);
    all.add(fresh);
    names.set(key, fresh);
  });
  return names.size === 0 ? unique : rewriteNodes(unique, names, languages);
}

function makeUnique(nodes: readonly Node[], taken: Set<string>): Node[] {
  return nodes.map((node) => {
    const key = freshKey(node.key, taken);
    taken.add(key);
    if (node.branches === undefined) return { ...node, key };
    const branches = Object.entries(node.branches).map(([name, list]) => [name, makeUnique(list, taken)] as const);
    return { ...node, key, branches: Object.fromEntries(branches) };
  });
}

function replaceNode(document: Document, key: string, change: (node: Node) => Node): Document {
  const place = findNode(document, key)?.place;
  if (place === undefined) return document;
  return changeList(document, place, (list) => list.map((node) => (node.key === key ? change(node) : node)));
}

/** Rebuilds the way to a list, and nothing else. A branch that becomes empty goes: its type says whether there is one. */
function changeList(document: Document, { owner, branch }: ListPlace, change: (list: readonly Node[]) => Node[]): Document {
  if (owner === null) return { ...document, nodes: change(document.nodes) };
  return replaceNode(document, owner, (node) => {
    const list = change(branchOf(node, branch));
    const { [branch]: _, ...others } = node.branches ?? {};
    if (list.length > 0) return { ...node, branches: { ...node.branches, [branch]: list } };
    const { branches: __, ...rest } = node;
    return Object.keys(others).length > 0 ? { ...rest, branches: others } : rest;
  });
}
