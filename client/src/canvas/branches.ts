// Pure: which branches a node has, from its type's description, its configuration and what is in the document.

import { FAILURE_BRANCH, type Node } from '../../../src/engine/model.ts';
import { isRecord } from '../../../src/engine/path.ts';
import type { NodeDescription } from '../../../src/engine/registry.ts';

/** `own`: the type says so. `failure`: from `onFailure`. `unknown`: nodes are there, but nothing leads to them. */
export type BranchKind = 'own' | 'failure' | 'unknown';

export interface Branch {
  readonly name: string;
  /** What the configuration calls it, such as a case's label. */
  readonly label: string | undefined;
  readonly kind: BranchKind;
}

type Config = Readonly<Record<string, unknown>>;
type Named = Pick<Branch, 'name' | 'label'>;

/** The built-in types whose branches depend on the configuration. */
const DYNAMIC: ReadonlyMap<string, (config: Config) => readonly Named[]> = new Map([
  ['condition', ({ onFalse }: Config) => named(onFalse === 'fail' ? ['true'] : ['true', 'false'])],
  [
    'multi-conditions',
    ({ cases, otherwise }: Config) => [...keyed(cases), ...named(otherwise === 'continue' ? ['otherwise'] : [])],
  ],
  ['parallel', ({ branches }: Config) => keyed(branches)],
  ['send-webhook', ({ wait }: Config) => named(wait === true ? ['delivered', 'failed'] : [])],
  ['wait', ({ onTimeout = 'branch' }: Config) => named(onTimeout === 'branch' ? ['resumed', 'timeout'] : ['resumed'])],
]);

/** Where those of them keep their branches that people put in order. */
const ORDERED: ReadonlyMap<string, string> = new Map([
  ['multi-conditions', 'cases'],
  ['parallel', 'branches'],
]);

function named(names: readonly string[]): Named[] {
  return names.map((name) => ({ name, label: undefined }));
}

/** The entries of a list that have a key, such as cases. */
function keyed(list: unknown): Named[] {
  if (!Array.isArray(list)) return [];
  const seen = new Set<string>();
  return list.flatMap((entry: unknown) => {
    if (!isRecord(entry) || typeof entry.key !== 'string' || entry.key === '' || seen.has(entry.key)) return [];
    seen.add(entry.key);
    return [{ name: entry.key, label: typeof entry.label === 'string' && entry.label !== '' ? entry.label : undefined }];
  });
}

/**
 * What a configuration says. For types from elsewhere only the server knows; their lists of entries with a `key` are a
 * good guess, as those of cases are.
 */
function configured(type: string, config: Config): readonly Named[] {
  return DYNAMIC.get(type)?.(config) ?? Object.values(config).flatMap(keyed);
}

/** Whether nobody but the server knows the branches of a type. */
export function isGuess(description: Pick<NodeDescription, 'type' | 'branches'> | undefined): boolean {
  return description?.branches === null && !DYNAMIC.has(description.type);
}

/** The branches of a node in the order they are drawn. @param description undefined when the type is not installed */
export function branchesOf(node: Node, description: Pick<NodeDescription, 'type' | 'branches'> | undefined): Branch[] {
  const own: readonly Named[] =
    description === undefined
      ? []
      : description.branches === null
        ? configured(node.type, node.config)
        : named(description.branches);
  const result: Branch[] = own.map((branch) => ({ ...branch, kind: 'own' }));
  const isMissing = (name: string): boolean => !result.some((branch) => branch.name === name);
  // What nobody here can know is taken as it stands.
  const isTrusted = description === undefined || isGuess(description);
  for (const [name, list] of Object.entries(node.branches ?? {})) {
    if (!isMissing(name) || name === FAILURE_BRANCH) continue;
    if (isTrusted) result.push({ name, label: undefined, kind: 'own' });
    else if (list.length > 0) result.push({ name, label: undefined, kind: 'unknown' });
  }
  const failureNodes = node.branches?.[FAILURE_BRANCH]?.length ?? 0;
  if (node.onFailure === 'branch') result.push({ name: FAILURE_BRANCH, label: undefined, kind: 'failure' });
  else if (failureNodes > 0 && isMissing(FAILURE_BRANCH))
    result.push({ name: FAILURE_BRANCH, label: undefined, kind: 'unknown' });
  return result;
}

/** A list in a configuration whose entries are branches, in their order, and the place of one of them. */
interface BranchEntry {
  readonly field: string;
  readonly list: readonly unknown[];
  readonly index: number;
}

/** Where a branch comes from, when it is an entry of a list in the configuration; branches that the type names have no such place. */
function entryOf(
  { type, config }: Node,
  description: Pick<NodeDescription, 'type' | 'branches'> | undefined,
  branch: string,
): BranchEntry | undefined {
  if (description?.branches !== null || !configured(type, config).some(({ name }) => name === branch)) return undefined;
  const known = ORDERED.get(type);
  for (const [field, list] of Object.entries(config)) {
    if (DYNAMIC.has(type) && field !== known) continue;
    if (!Array.isArray(list) || !keyed(list).some(({ name }) => name === branch)) continue;
    return { field, list, index: list.findIndex((entry: unknown) => isRecord(entry) && entry.key === branch) };
  }
  return undefined;
}

/**
 * The configuration with a branch one place further left or right; its label and its condition go with it.
 * @param by 1 is to the right
 * @returns undefined where the branches have no order of their own, or the branch is at that end already
 */
export function shiftBranch(
  node: Node,
  description: Pick<NodeDescription, 'type' | 'branches'> | undefined,
  branch: string,
  by: 1 | -1,
): Config | undefined {
  const entry = entryOf(node, description, branch);
  if (entry === undefined) return undefined;
  const { field, list, index } = entry;
  // Entries without a key of their own are no branches: past them, to the next that is one.
  const names = keyed(list).map(({ name }) => name);
  const beside = names[names.indexOf(branch) + by];
  if (beside === undefined) return undefined;
  const other = list.findIndex((one: unknown) => isRecord(one) && one.key === beside);
  const next = [...list];
  [next[index], next[other]] = [list[other], list[index]];
  return { ...node.config, [field]: next };
}

/** A changed node with its branches under their new names, when one was renamed, and without empty ones that are not named any more. */
export function followBranches(before: Node, after: Node): Node {
  const { branches } = after;
  if (branches === undefined) return after;
  const old = configured(before.type, before.config).map(({ name }) => name);
  const now = configured(after.type, after.config).map(({ name }) => name);
  const next = { ...branches };
  const gone = old.filter((name) => !now.includes(name));
  const came = now.filter((name) => !old.includes(name));
  const [from, to] = [gone[0], came[0]];
  if (old.length === now.length && gone.length === 1 && from !== undefined && to !== undefined) {
    const list = next[from];
    if (list !== undefined && next[to] === undefined) {
      delete next[from];
      next[to] = list;
    }
  }
  for (const name of gone) if (next[name]?.length === 0) delete next[name];
  if (after.onFailure !== 'branch' && next[FAILURE_BRANCH]?.length === 0) delete next[FAILURE_BRANCH];
  const { branches: _, ...rest } = after;
  return Object.keys(next).length === 0 ? rest : { ...rest, branches: next };
}
