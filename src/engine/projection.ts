// Pure: copies out of a value only what paths touch, and fills in defaults where they find nothing.

import { HooklineError } from '../errors.ts';
import { getOwn, indexOfSegment, isRecord, type Path, type Segment } from './path.ts';
import type { PathBudget } from './path-budget.ts';

/** Highest index at which a default is placed; the places before it are filled with null. */
const MAX_DEFAULT_INDEX = 1000;

/**
 * Compiles paths into a function that copies out what they touch and keeps the structure, so that every one of the
 * paths finds in the copy what it finds in the value. Overlapping paths merge.
 * - `a.b` of `{a:{b:1,c:2}}` -> `{a:{b:1}}`
 * - `items.sku` of `{items:[{sku:1,x:2},{sku:3}]}` -> `{items:[{sku:1},{sku:3}]}`; elements that are neither objects nor arrays become null
 * - `items[1].sku` -> `{items:[null,{sku:3}]}`: indexes stay
 * - `orders.items[0]`, where `orders` is an array: an index behind a mapped name keeps whole what is there
 *
 * Objects and arrays on the way are kept empty when nothing is found in them (`{}`, `[]`); a value that is neither gives
 * `undefined`. What a path ends at is shared with the value, not copied: do not change it. A budget counts what is looked at (default: nothing is
 * counted); the copying throws `path_too_costly` when it is used up, naming the first path.
 */
export function compileProjection(paths: readonly Path[]): (value: unknown, budget?: PathBudget) => unknown {
  const branch = build(paths.map(({ segments }) => ({ segments, at: 0, isMapped: false })));
  const [first] = paths;
  return (value, budget) => project(branch, value, (count) => budget?.spend(count, first?.text ?? ''));
}

/**
 * Places a default where a path finds nothing, creating objects and arrays on the way; a name on an array fills every
 * element that is an object. What is found stays, but a null in an array counts as missing, since padding is null. What
 * is in the way is replaced: text or a number where a name follows, anything but an array where an index follows.
 * Containers on the way are copied, never changed, since projections share them with the raw value.
 * @returns the value with the default
 * @throws HooklineError `invalid_path` for an index above `MAX_DEFAULT_INDEX`
 */
export function withDefault(value: unknown, path: Path, fallback: unknown): unknown {
  return place(value, path, 0, fallback);
}

/**
 * `withDefault` for a target that may itself be changed (not what is inside it).
 * @throws HooklineError `invalid_path` for an index above `MAX_DEFAULT_INDEX`, or when the path starts with one
 */
export function assignAt(target: Record<string, unknown>, path: Path, fallback: unknown): void {
  const [first] = path.segments;
  if (typeof first !== 'string') {
    throw new HooklineError('invalid_path', `The path "${path.text}" must start with a name to have a default here.`);
  }
  target[first] = place(getOwn(target, first), path, 1, fallback);
}

function place(value: unknown, path: Path, at: number, fallback: unknown): unknown {
  const segment = path.segments[at];
  if (segment === undefined) return value === undefined ? fallback : value;
  const index = indexOfSegment(segment);
  if (typeof segment === 'number' || (Array.isArray(value) && index >= 0)) {
    if (index > MAX_DEFAULT_INDEX) {
      throw new HooklineError(
        'invalid_path',
        `The path "${path.text}" cannot have a default: ${index} is above ${MAX_DEFAULT_INDEX}.`,
      );
    }
    const list: unknown[] = Array.isArray(value) ? value.slice() : [];
    const existing = list[index];
    while (list.length < index) list.push(null);
    // Null may be the padding of a projection or of an earlier default.
    list[index] = place(existing ?? undefined, path, at + 1, fallback);
    return list;
  }
  if (Array.isArray(value)) return value.map((element) => (isContainer(element) ? place(element, path, at, fallback) : element));
  return { ...(isRecord(value) ? value : undefined), [segment]: place(getOwn(value, segment), path, at + 1, fallback) };
}

function isContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

/** What is kept below one point of the value. */
interface Branch {
  isWhole: boolean;
  /** For objects. */
  names: (readonly [string, Branch])[];
  /** For arrays: what is kept of every element. */
  elements: Branch | null;
  /** For arrays: what is kept of single elements, that of `elements` included. */
  indexes: (readonly [number, Branch])[];
}

/** The rest of a path from some point on; mapped when a name before it applied to an array. */
interface Rest {
  readonly segments: readonly Segment[];
  readonly at: number;
  readonly isMapped: boolean;
}

function build(rests: readonly Rest[]): Branch {
  const branch: Branch = { isWhole: false, names: [], elements: null, indexes: [] };
  const byName = new Map<string, Rest[]>();
  const byIndex = new Map<number, Rest[]>();
  const mapping: Rest[] = [];
  for (const rest of rests) {
    const segment = rest.segments[rest.at];
    const index = segment === undefined ? -1 : indexOfSegment(segment);
    // Which elements an index behind a mapped name means is known only after flattening: keep all of them.
    if (segment === undefined || (rest.isMapped && index >= 0)) return { ...branch, isWhole: true };
    const next = { ...rest, at: rest.at + 1 };
    if (typeof segment === 'string') add(byName, segment, next);
    if (index >= 0) add(byIndex, index, next);
    else mapping.push({ ...rest, isMapped: true });
  }
  for (const [name, group] of byName) branch.names.push([name, build(group)]);
  for (const [index, group] of byIndex) branch.indexes.push([index, build([...mapping, ...group])]);
  branch.indexes.sort(([a], [b]) => a - b);
  if (mapping.length > 0) {
    const isMappedAlready = rests.every((rest) => rest.isMapped);
    branch.elements = isMappedAlready ? branch : build(mapping);
  }
  return branch;
}

function add<Key>(groups: Map<Key, Rest[]>, key: Key, rest: Rest): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [rest]);
  else group.push(rest);
}

/** Counts values before they are looked at. */
type Spend = (count: number) => void;

function project(branch: Branch, value: unknown, spend: Spend): unknown {
  if (branch.isWhole) return value;
  if (Array.isArray(value)) return projectArray(branch, value, spend);
  if (!isRecord(value)) return undefined;
  const copy: Record<string, unknown> = {};
  spend(branch.names.length);
  for (const [name, child] of branch.names) {
    if (!Object.hasOwn(value, name)) continue;
    const kept = project(child, value[name], spend);
    if (kept !== undefined) copy[name] = kept;
  }
  return copy;
}

function projectArray(branch: Branch, list: readonly unknown[], spend: Spend): unknown[] {
  const { elements } = branch;
  spend(list.length);
  const copy: unknown[] = [];
  if (elements !== null) for (const element of list) copy.push(project(elements, element, spend) ?? null);
  for (const [index, child] of branch.indexes) {
    if (index >= list.length) break;
    while (copy.length < index) copy.push(null);
    copy[index] = project(child, list[index], spend) ?? null;
  }
  return copy;
}
