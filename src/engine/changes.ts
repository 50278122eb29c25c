// Tells whoever listens what has changed, in all processes on one database; costs one look into a set while nobody does.

import type { Interest } from './interest.ts';
import { type Bus, CHANGE_KINDS, type ChangedIds } from './ports.ts';

/** Ids that are named of one kind; of more it is only said that there are some. Keeps a message of the bus below 8 kB. */
const MAX_NAMED = 36;
/** Ids are short. A longer one is not worth a message of the bus that is too long. */
const MAX_ID_LENGTH = 40;
/** Changes are gathered for so long before they are told, in milliseconds. */
const GATHER_MS = 100;
const TOPIC = 'changes';

/** Changes that have not been told yet, bounded. */
export class ChangeSet {
  readonly #ids = new Map<(typeof CHANGE_KINDS)[number], Set<string> | null>();

  get isEmpty(): boolean {
    return this.#ids.size === 0;
  }

  add(kind: (typeof CHANGE_KINDS)[number], id: string): void {
    const ids = this.#ids.get(kind);
    if (ids === null) return;
    if (ids === undefined && id.length <= MAX_ID_LENGTH) this.#ids.set(kind, new Set([id]));
    else if (ids !== undefined && (ids.has(id) || (ids.size < MAX_NAMED && id.length <= MAX_ID_LENGTH))) ids.add(id);
    else this.addUnnamed(kind);
  }

  /** Some have changed that are not named. */
  addUnnamed(kind: (typeof CHANGE_KINDS)[number]): void {
    this.#ids.set(kind, null);
  }

  addAll(changed: ChangedIds): void {
    for (const kind of CHANGE_KINDS) {
      const ids = changed[kind];
      if (ids === null) this.addUnnamed(kind);
      else for (const id of ids ?? []) this.add(kind, id);
    }
  }

  /** Everything; it is empty afterwards. */
  take(): ChangedIds {
    const changed = Object.fromEntries([...this.#ids].map(([kind, ids]) => [kind, ids && [...ids]]));
    this.#ids.clear();
    return changed;
  }
}

export interface Changes {
  /** Whether somebody listens; what is told while nobody does is dropped at once. */
  isWanted(): boolean;
  /** An execution was accepted, has changed its status or has ended. */
  execution(workflowId: string, executionId: string): void;
  workflow(workflowId: string): void;
  endpoint(endpointId: string): void;
  /** A user got a notice about the own account, or has read them. */
  notice(userId: string): void;
  /** Deliveries of these endpoints; none named: of some. */
  deliveries(endpointIds: readonly string[]): void;
  /** @returns stops listening */
  subscribe(listener: (changed: ChangedIds) => void): () => void;
  stop(): void;
}

export function createChanges({ bus, interest }: { readonly bus: Bus; readonly interest: Interest }): Changes {
  const listeners = new Set<(changed: ChangedIds) => void>();
  const pending = new ChangeSet();
  let timer: NodeJS.Timeout | undefined;

  const isWanted = (): boolean => interest.has(TOPIC);

  function gather(): void {
    timer ??= setTimeout(tell, GATHER_MS).unref();
  }

  function tell(): void {
    timer = undefined;
    const changed = pending.take();
    if (interest.hasElsewhere(TOPIC)) void bus.publish({ type: 'changes', changed });
    for (const listener of listeners) listener(changed);
  }

  const unsubscribe = bus.subscribe((message) => {
    if (listeners.size === 0) return;
    if (message.type === 'changes') for (const listener of listeners) listener(message.changed);
    else if (message.type === 'messages-missed') {
      const everything = Object.fromEntries(CHANGE_KINDS.map((kind) => [kind, null]));
      for (const listener of listeners) listener(everything);
    }
  });

  return {
    isWanted,
    execution(workflowId, executionId) {
      if (!isWanted()) return;
      pending.add('executions', executionId);
      pending.add('executionWorkflows', workflowId);
      gather();
    },
    workflow(workflowId) {
      if (!isWanted()) return;
      pending.add('workflows', workflowId);
      gather();
    },
    endpoint(endpointId) {
      if (!isWanted()) return;
      pending.add('endpoints', endpointId);
      gather();
    },
    notice(userId) {
      if (!isWanted()) return;
      pending.add('notices', userId);
      gather();
    },
    deliveries(endpointIds) {
      if (!isWanted()) return;
      if (endpointIds.length === 0) pending.addUnnamed('deliveries');
      for (const id of endpointIds) pending.add('deliveries', id);
      gather();
    },
    subscribe(listener) {
      // One of its own, so that the same function may listen twice.
      const own = (changed: ChangedIds): void => listener(changed);
      const release = interest.add(TOPIC);
      listeners.add(own);
      return () => {
        listeners.delete(own);
        release();
      };
    },
    stop() {
      clearTimeout(timer);
      unsubscribe();
    },
  };
}
