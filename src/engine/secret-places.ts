// Pure: which places of a document make use of named secrets, and which of them an edit adds or changes.

import { HooklineError } from '../errors.ts';
import type { Document, Node } from './model.ts';
import { isRecord } from './path.ts';
import type { Registry } from './registry.ts';
import { findSecretUses } from './secret-names.ts';
import type { SecretVault } from './secret-vault.ts';
import { walkNodes } from './tree.ts';

/** What somebody who sends a request may do. */
export interface SecretRights {
  /** May make use of named secrets: permission `secrets:use`. */
  readonly mayUseSecrets: boolean;
}

/** The same for something that is tried before it is saved. */
export interface DraftRights extends SecretRights {
  /** May have it sent with the write-only values that the workflow has stored: permission `workflows:write`. */
  readonly mayUseStored: boolean;
  /** May see the names of secrets. */
  readonly maySeeSecretNames: boolean;
}

export const ALL_DRAFT_RIGHTS: DraftRights = { mayUseSecrets: true, mayUseStored: true, maySeeSecretNames: true };

/** For programs that embed Hookline, and for whoever has every permission. */
export const ALL_RIGHTS: SecretRights = { mayUseSecrets: true };

/** Results of other nodes, in which a secret may have come along. */
const RESULTS = /\$(?:nodes|jobsMapByNodeKey|scopes)\b/;

/**
 * Places that an edit adds or changes and that make use of named secrets: the trigger, the settings, and nodes. A node is the same
 * while its key, its type and its configuration are, wherever it stands. Where a node that is not bound to a target, such as a
 * variable, has read a secret, every new or changed node that can read results counts, too.
 * @param before undefined for a new document; both with their write-only values opened
 * @returns the places with the names of the secrets, as far as they are named
 */
export function changedSecretPlaces(
  before: Document | undefined,
  after: Document,
  registry: Pick<Registry, 'node'>,
): { readonly place: string; readonly names: readonly string[] }[] {
  const known = new Map<string, Node>();
  walkNodes(before?.nodes ?? [], (node) => void known.set(node.key, node));
  const found: { place: string; names: string[] }[] = [];
  const changed: { node: Node; place: string }[] = [];
  let hasFlow = false;
  for (const name of ['trigger', 'settings'] as const) {
    if (isUsing(after[name]) && print(before?.[name]) !== print(after[name])) {
      found.push({ place: name, names: namesIn(after[name]) });
    }
  }
  walkNodes(after.nodes, (node, place) => {
    const isNew = !isSame(known.get(node.key), node);
    const uses = isUsing(node.config);
    if (uses && registry.node(node.type)?.sendsToTargetOnly !== true) hasFlow = true;
    if (!isNew) return;
    if (uses) found.push({ place, names: namesIn(node.config) });
    else changed.push({ node, place });
  });
  if (hasFlow) {
    for (const { node, place } of changed) if (mayReadResults(node, registry)) found.push({ place, names: [] });
  }
  return found;
}

/** @throws HooklineError `forbidden` when an edit makes use of secrets and who sends it may not */
export function requireSecretRights(
  { mayUseSecrets }: SecretRights,
  before: Document | undefined,
  after: Document,
  registry: Pick<Registry, 'node'>,
): void {
  if (mayUseSecrets) return;
  const [first, ...others] = changedSecretPlaces(before, after, registry);
  if (first === undefined) return;
  const what =
    first.names.length > 0 ? `uses ${first.names.map((name) => `$secrets.${name}`).join(', ')}` : 'can read what $secrets gives';
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  throw new HooklineError(
    'forbidden',
    `This needs the permission "secrets:use": ${first.place} is new or changed and ${what}${more}.`,
    { details: { permission: 'secrets:use', places: [first, ...others].map(({ place }) => place) } },
  );
}

/** In place of the vault of who may not use secrets: reading `$secrets` in any way is refused. */
export const FORBIDDEN_SECRETS: Pick<SecretVault, 'current'> = {
  current() {
    throw secretsForbidden();
  },
};

/** What is said to who may not use secrets in something that is tried. */
export function secretsForbidden(): HooklineError {
  return new HooklineError('forbidden', 'This uses $secrets, which needs the permission "secrets:use".', {
    details: { permission: 'secrets:use' },
  });
}

function isUsing(value: unknown): boolean {
  return findSecretUses(value).length > 0;
}

function namesIn(value: unknown): string[] {
  return [...new Set(findSecretUses(value).flatMap(({ use }) => [...use.names]))];
}

function isSame(before: Node | undefined, after: Node): boolean {
  return before !== undefined && before.type === after.type && print(before.config) === print(after.config);
}

function mayReadResults({ type: name, config }: Node, registry: Pick<Registry, 'node'>): boolean {
  const type = registry.node(name);
  // An expression may reach results without naming them, and a type that is not known may do anything.
  if (type === undefined || (type.expressions ?? []).length > 0) return true;
  return RESULTS.test(JSON.stringify(config));
}

/** JSON with its members in order. */
function print(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    isRecord(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : Number(a > b)))) : item,
  );
}
