// The audit log: who changed what, who was refused, from where; never the values.

import {
  type AuditDetails,
  type AuditEntry,
  type AuditOutcome,
  AuditScope,
  inAuditScope,
  type SignAudit,
} from '../engine/audit-scope.ts';
import { toFailure } from '../engine/failure.ts';
import { createIdSource } from '../engine/id.ts';
import type { Log } from '../engine/plugin.ts';
import type { Page } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { createRepeats } from './audit-repeats.ts';
import type { Actor, AuditEntryView } from './model.ts';
import type { AuditFilter, AuditStore, StoredAuditEntry } from './ports.ts';

/** How long entries are kept, in milliseconds. */
export const AUDIT_KEEP_MS = 365 * 86_400_000;
/** What a request can make an entry hold. */
const MAX_FIELDS = 50;
const MAX_LENGTH = 254;
/** Entries read in one page of an export. */
const EXPORT_PAGE = 100;
/** Entries of older processes chained in one transaction. */
const ADOPT_CHUNK = 200;

export interface AuditNote {
  /** The name of the route, or `signIn`, `signInRefused`, `acceptLink`. */
  readonly action: string;
  readonly target?: string | null;
  /** Names of the fields that were sent. */
  readonly fields?: readonly string[];
  readonly address: string;
  /** Such as the names of secrets and the hosts that were called; never a secret value. */
  readonly details?: AuditDetails;
  /** Default `done`. */
  readonly outcome?: AuditOutcome;
  /**
   * What can be repeated by the thousand, such as refusals: the first is stored at once; the same actor, action, target and
   * address within a minute become one more entry with a `count`. Default false.
   */
  readonly isGrouped?: boolean;
}

/** A signed-in actor, or the name that was tried. */
export type AuditActor = Pick<Actor, 'kind' | 'id' | 'name'> | string;

export interface AuditService {
  /** Adds an entry in a transaction of its own. Never rejects: an entry that cannot be stored goes to the server's log. */
  note(actor: AuditActor, entry: AuditNote): Promise<void>;
  /**
   * Runs a change; its first transaction stores the entry, too. Without a transaction the entry is stored behind the change,
   * or before it with `isFirst`. A change that fails after the entry was stored leaves another entry with the outcome `failed`.
   * A change that returns false has changed nothing and has no entry.
   * @param options.targetOf what the change was about, for one that has stored nothing
   * @throws what `change` throws; HooklineError `storage_unavailable` when the entry cannot be stored
   */
  record<Result>(
    actor: AuditActor | (() => AuditActor),
    entry: AuditNote,
    change: () => Promise<Result>,
    options?: { readonly isFirst?: boolean; readonly targetOf?: (result: Result) => string | null },
  ): Promise<Result>;
  /** The newest first. */
  list(filter: AuditFilter): Promise<Page<AuditEntryView>>;
  /** All that match, the newest first. */
  export(filter: Omit<AuditFilter, 'cursor' | 'limit'>): AsyncIterable<AuditEntryView>;
  /** Chains what processes of the version before have written. */
  adopt(): Promise<void>;
  /** Deletes up to `limit` entries that are too old. @returns how many */
  deleteOld(limit: number): Promise<number>;
  /** Stores what was grouped and is not stored yet. */
  close(): Promise<void>;
}

export function createAudit(options: { store: AuditStore; sign: SignAudit; now: () => number; log: Log }): AuditService {
  const { store, sign, now, log } = options;
  const makeId = createIdSource();
  const repeats = createRepeats({ now, store: (actor, entry) => add(actor, entry) });

  function entryOf(actor: AuditActor, note: AuditNote): AuditEntry {
    const { action, target = null, fields = [], address, details = {}, outcome = 'done' } = note;
    const at = now();
    return {
      id: makeId(at),
      at,
      actor: typeof actor === 'string' ? { kind: 'nobody', id: '', name: cut(actor) } : pick(actor),
      action,
      target: target === null ? null : cut(target),
      fields: fields.slice(0, MAX_FIELDS).map(cut),
      address,
      details: cutDetails(details),
      outcome,
    };
  }

  /** Never rejects. */
  async function add(actor: AuditActor, note: AuditNote): Promise<void> {
    const entry = entryOf(actor, note);
    try {
      await store.add(entry, sign);
    } catch (error) {
      log.error({ entry, error: toFailure(error) }, 'An entry of the audit log could not be stored');
    }
  }

  return {
    async note(actor, entry) {
      if (!entry.isGrouped || repeats.isFirst(actor, entry)) await add(actor, entry);
    },

    async record(actor, note, change, { isFirst = false, targetOf = () => null } = {}) {
      const who = (): AuditActor => (typeof actor === 'function' ? actor() : actor);
      const make = (known: { target: string | null; details: AuditDetails }): AuditEntry =>
        entryOf(who(), { ...note, target: note.target ?? known.target, details: { ...note.details, ...known.details } });
      const scope = new AuditScope(make, sign);
      const write = async (target: string | null): Promise<void> => {
        if (target !== null) scope.name(target);
        const claimed = scope.claim();
        if (!claimed) return;
        await store.add(claimed.entry(), claimed.sign);
        claimed.settle(true);
      };
      if (isFirst) await write(null);
      try {
        const result = await inAuditScope(scope, change);
        if (result !== false) await write(targetOf(result));
        return result;
      } catch (error) {
        if (scope.isWritten) {
          const code = error instanceof HooklineError ? error.code : 'internal';
          const details = { ...note.details, ...scope.details, error: [code] };
          await add(who(), { ...note, target: note.target ?? scope.target, outcome: 'failed', details });
        }
        throw error;
      } finally {
        scope.close();
      }
    },

    async list(filter) {
      const { items, nextCursor } = await store.list(filter);
      return { items: items.map(show), nextCursor };
    },

    async *export(filter) {
      let cursor: string | null = null;
      do {
        const page: Page<StoredAuditEntry> = await store.list({
          ...filter,
          limit: EXPORT_PAGE,
          ...(cursor === null ? {} : { cursor }),
        });
        for (const entry of page.items) yield show(entry);
        cursor = page.nextCursor;
      } while (cursor !== null);
    },

    async adopt() {
      while ((await store.adopt(now(), ADOPT_CHUNK, sign)) === ADOPT_CHUNK);
    },
    deleteOld: (limit) => store.deleteOld(now() - AUDIT_KEEP_MS, limit, sign),
    close: () => repeats.close(),
  };
}

function show({ at, fields, details, ...entry }: StoredAuditEntry): AuditEntryView {
  const lists = Object.fromEntries(Object.entries(details).map(([name, values]) => [name, [...values]]));
  return { ...entry, at: new Date(at).toISOString(), fields: [...fields], details: lists };
}

function cut(text: string): string {
  return text.slice(0, MAX_LENGTH);
}

function cutDetails(details: AuditDetails): AuditDetails {
  const lists = Object.entries(details).slice(0, MAX_FIELDS);
  return Object.fromEntries(lists.map(([name, values]) => [cut(name), values.slice(0, MAX_FIELDS).map(cut)]));
}

function pick({ kind, id, name }: Pick<Actor, 'kind' | 'id' | 'name'>): Pick<Actor, 'kind' | 'id' | 'name'> {
  return { kind, id, name };
}
