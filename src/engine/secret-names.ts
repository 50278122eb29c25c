// Pure: which named secrets a text uses, in a template or in any expression language.

import { isRecord, type Segment } from './path.ts';

/** `$secrets.NAME`, `$secrets["NAME"]`, `"$secrets".NAME` (JMESPath), `$['$secrets'].NAME` (JSONPath); without a name in any other use. */
const USE =
  /\$secrets(?![A-Za-z0-9_])["'`]?\]?\s*(?:\.\s*["'`]?([A-Za-z_][A-Za-z0-9_]{0,63})|\[\s*["'`]([A-Za-z_][A-Za-z0-9_]{0,63})["'`]\s*\])?/g;
const ROOT = '$secrets';
/** Deeper values are refused when a document is read. */
const MAX_DEPTH = 200;

export interface SecretUse {
  readonly names: ReadonlySet<string>;
  /** Whether a name is made while it runs, so that it may use any of them. */
  readonly isOpen: boolean;
}

/** Whether every object has a member of this name already (`constructor`, `toString`, `__proto__`): paths refuse some of them. */
export function isReservedSecretName(name: string): boolean {
  return name === 'prototype' || Object.hasOwn(Object.prototype, name) || name === '__proto__';
}

/** What a text uses of `$secrets`; undefined when it does not name them. */
export function secretUse(text: string): SecretUse | undefined {
  if (!text.includes(ROOT)) return undefined;
  const names = new Set<string>();
  let isOpen = false;
  for (const [, dotted, quoted] of text.matchAll(USE)) {
    const name = dotted ?? quoted;
    if (name === undefined) isOpen = true;
    else names.add(name);
  }
  return { names, isOpen };
}

/** Every place of a JSON value whose text uses secrets. */
export function findSecretUses(
  value: unknown,
  segments: readonly Segment[] = [],
): { readonly segments: readonly Segment[]; readonly use: SecretUse }[] {
  if (typeof value === 'string') {
    const use = secretUse(value);
    return use === undefined ? [] : [{ segments, use }];
  }
  if (segments.length > MAX_DEPTH) return [];
  if (Array.isArray(value)) return value.flatMap((item: unknown, index) => findSecretUses(item, [...segments, index]));
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => findSecretUses(item, [...segments, key]));
}

/** The secrets that a JSON value names, in order; `*` where a name is made while it runs. */
export function secretNames(value: unknown): string[] {
  const uses = findSecretUses(value).map(({ use }) => use);
  const names = new Set(uses.flatMap((use) => [...use.names, ...(use.isOpen ? ['*'] : [])]));
  return [...names].sort();
}

/** A text that is one template of a secret and nothing else: its name. */
export function soleSecret(text: string): string | undefined {
  return /^\s*\{\{\s*\$secrets\.([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}\s*$/.exec(text)?.[1];
}
