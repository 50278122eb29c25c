// Groups entries of the audit log that can come by the thousand, so that nobody fills the log by being refused.

import type { AuditActor, AuditNote } from './audit.ts';

/** How long the same is counted before it becomes an entry, in milliseconds. */
const WINDOW_MS = 60_000;
/** Groups that are counted at a time; what is beyond is counted together, by action. */
const MAX_GROUPS = 1_000;

interface Group {
  readonly actor: AuditActor;
  readonly note: AuditNote;
  readonly endsAt: number;
  /** Repeats behind the first one. */
  count: number;
}

export interface Repeats {
  /** Whether this is to be stored now; otherwise it is counted, and one entry with the count follows. */
  isFirst(actor: AuditActor, note: AuditNote): boolean;
  /** Stores what was counted. */
  close(): Promise<void>;
}

/** @param options.store never rejects */
export function createRepeats(options: {
  now: () => number;
  store: (actor: AuditActor, note: AuditNote) => Promise<void>;
}): Repeats {
  const { now, store } = options;
  /** In the order of their ends. */
  const groups = new Map<string, Group>();
  const storing = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;

  function end(key: string, { actor, note, count }: Group): void {
    groups.delete(key);
    if (count === 0) return;
    const stored = store(actor, { ...note, details: { ...note.details, count: [String(count)] } }).finally(() => {
      storing.delete(stored);
    });
    storing.add(stored);
  }

  function endOld(): void {
    for (const [key, group] of groups) if (group.endsAt <= now()) end(key, group);
    if (groups.size > 0) wait();
  }

  function wait(): void {
    clearTimeout(timer);
    timer = setTimeout(endOld, WINDOW_MS).unref();
  }

  return {
    isFirst(actor, note) {
      endOld();
      const named = keyOf(actor, note);
      const isNew = !groups.has(named);
      const key = isNew && groups.size >= MAX_GROUPS ? JSON.stringify([note.action]) : named;
      const group = groups.get(key);
      if (group) {
        group.count += 1;
        return false;
      }
      const isShared = key !== named;
      const shown = isShared ? { action: note.action, address: '', outcome: note.outcome ?? ('done' as const) } : note;
      groups.set(key, { actor: isShared ? '' : actor, note: shown, endsAt: now() + WINDOW_MS, count: isShared ? 1 : 0 });
      if (groups.size === 1) wait();
      return !isShared;
    },
    async close() {
      clearTimeout(timer);
      for (const [key, group] of groups) end(key, group);
      await Promise.all(storing);
    },
  };
}

function keyOf(actor: AuditActor, { action, target = null, address, outcome }: AuditNote): string {
  const who = typeof actor === 'string' ? ['', actor] : [actor.kind, actor.id];
  return JSON.stringify([...who, action, target, address, outcome]);
}
