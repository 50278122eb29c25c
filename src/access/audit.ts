// The audit log: who changed what, from where; never the values.

import { toFailure } from '../engine/failure.ts';
import { createIdSource } from '../engine/id.ts';
import type { Log } from '../engine/plugin.ts';
import type { Page } from '../engine/ports.ts';
import type { Actor, AuditEntryView } from './model.ts';
import type { AuditFilter, AuditStore } from './ports.ts';

/** How long entries are kept, in milliseconds. */
export const AUDIT_KEEP_MS = 365 * 86_400_000;
/** What a request can make an entry hold. */
const MAX_FIELDS = 50;
const MAX_LENGTH = 254;

export interface AuditNote {
  /** The name of the route, or `signIn`, `signInRefused`, `acceptLink`. */
  readonly action: string;
  readonly target?: string | null;
  /** Names of the fields that were sent. */
  readonly fields?: readonly string[];
  readonly address: string;
  /** More that helps an investigation, such as `{ tries: ['100'] }`; never a secret. */
  readonly details?: Readonly<Record<string, readonly string[]>>;
}

export interface AuditService {
  /**
   * Adds an entry. Never rejects: what it is about has happened; an entry that cannot be stored goes to the server's log.
   * @param actor somebody who is signed in, or the name that was tried
   */
  note(actor: Pick<Actor, 'kind' | 'id' | 'name'> | string, entry: AuditNote): Promise<void>;
  /** The newest first. */
  list(filter: AuditFilter): Promise<Page<AuditEntryView>>;
}

export function createAudit({ store, now, log }: { store: AuditStore; now: () => number; log: Log }): AuditService {
  const makeId = createIdSource();
  return {
    async note(actor, { action, target = null, fields = [], address }) {
      const at = now();
      const who = typeof actor === 'string' ? { kind: 'nobody' as const, id: '', name: cut(actor) } : pick(actor);
      const entry = {
        id: makeId(at),
        at,
        actor: who,
        action,
        target: target === null ? null : cut(target),
        fields: fields.slice(0, MAX_FIELDS).map(cut),
        address,
      };
      try {
        await store.add(entry);
      } catch (error) {
        log.error({ entry, error: toFailure(error) }, 'An entry of the audit log could not be stored');
      }
    },
    async list(filter) {
      const { items, nextCursor } = await store.list(filter);
      const shown = items.map(({ at, fields, ...entry }) => ({ ...entry, at: new Date(at).toISOString(), fields: [...fields] }));
      return { items: shown, nextCursor };
    },
  };
}

function cut(text: string): string {
  return text.slice(0, MAX_LENGTH);
}

function pick({ kind, id, name }: Pick<Actor, 'kind' | 'id' | 'name'>): Pick<Actor, 'kind' | 'id' | 'name'> {
  return { kind, id, name };
}
