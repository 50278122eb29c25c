// What processes on one database tell each other: over LISTEN and NOTIFY, or nothing when there is nobody else.

import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { Log } from '../engine/plugin.ts';
import { type Bus, type BusMessage, CHANGE_KINDS, type ChangedIds } from '../engine/ports.ts';
import { startSession } from './session.ts';

export interface ProcessBus extends Bus {
  /** Tells the listeners of this process alone, such as `declared-dead`. */
  deliver(message: BusMessage): void;
  /** Stops listening; what is published from now on is dropped. */
  stop(): Promise<void>;
}

/** The channel of NOTIFY. Channels belong to one database. */
const CHANNEL = 'hookline';
/** PostgreSQL refuses payloads from 8000 bytes on. */
const MAX_BYTES = 7_999;
const PING_MS = 10_000;

/** For a process that is alone, as on SQLite. */
export function createLocalBus(log: Log): ProcessBus {
  const listeners = createListeners(log);
  return { publish: () => Promise.resolve(), ...listeners, stop: () => Promise.resolve() };
}

/**
 * For processes that share a PostgreSQL database. Holds one connection. When it was lost, messages may have been, too: then the
 * listeners get `messages-missed` as soon as there is a new one.
 */
export async function startBus({ pool, log }: { readonly pool: Pool; readonly log: Log }): Promise<ProcessBus> {
  const { subscribe, deliver } = createListeners(log);
  const sender = randomUUID();
  let isStopped = false;
  let hasMissed = false;
  const session = await startSession({
    pool,
    name: 'bus',
    tickMs: PING_MS,
    log,
    async onUp(client) {
      client.on('notification', ({ payload = '' }) => {
        const message = parseMessage(payload, sender);
        if (message) deliver(message);
      });
      await client.query(`LISTEN ${CHANNEL}`);
      if (hasMissed) deliver({ type: 'messages-missed' });
    },
  });
  // From here on nothing is heard whenever there is no connection, be it that the first one could not be made.
  hasMissed = true;

  return {
    subscribe,
    deliver,
    async publish(message) {
      if (isStopped) return;
      const payload = payloadOf(message, sender);
      try {
        if (Buffer.byteLength(payload) > MAX_BYTES) throw new RangeError(`it is longer than ${MAX_BYTES} bytes`);
        await pool.query('SELECT pg_notify($1, $2)', [CHANNEL, payload]);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        log.warn({ part: 'bus', type: message.type, error: reason }, 'a message to the other processes could not be sent');
      }
    },
    async stop() {
      isStopped = true;
      await session.stop();
    },
  };
}

function createListeners(log: Log): Pick<ProcessBus, 'subscribe' | 'deliver'> {
  const listeners = new Set<(message: BusMessage) => void>();
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    deliver(message) {
      for (const listener of listeners) {
        try {
          listener(message);
        } catch (error) {
          log.error({ part: 'bus', type: message.type, error: String(error) }, 'a listener failed');
        }
      }
    },
  };
}

/** Endpoints that are too many to be named are left out: then it is said of some. */
function payloadOf(message: BusMessage, sender: string): string {
  const payload = JSON.stringify({ ...message, sender });
  if (message.type !== 'deliveries-added' || Buffer.byteLength(payload) <= MAX_BYTES) return payload;
  return JSON.stringify({ ...message, endpointIds: [], sender });
}

/** @returns undefined for our own messages, and for those of a newer program that we do not know */
function parseMessage(payload: string, ownSender: string): BusMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(payload);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  if ('sender' in value && value.sender === ownSender) return undefined;
  if (value.type === 'workflow-changed' && 'workflowId' in value && typeof value.workflowId === 'string') {
    return { type: value.type, workflowId: value.workflowId };
  }
  if (value.type === 'execution-canceled' && 'executionId' in value && typeof value.executionId === 'string') {
    return { type: value.type, executionId: value.executionId };
  }
  if (value.type === 'endpoint-changed' && 'endpointId' in value && typeof value.endpointId === 'string') {
    return { type: value.type, endpointId: value.endpointId };
  }
  if (value.type === 'event-types-changed' || value.type === 'secrets-changed' || value.type === 'access-changed') {
    return { type: value.type };
  }
  if (value.type === 'deliveries-added' && 'endpointIds' in value && Array.isArray(value.endpointIds)) {
    return { type: value.type, endpointIds: textsOf(value.endpointIds) };
  }
  if (value.type === 'interest' && 'topics' in value && Array.isArray(value.topics)) {
    return { type: value.type, topics: textsOf(value.topics) };
  }
  if (value.type === 'changes' && 'changed' in value && typeof value.changed === 'object' && value.changed !== null) {
    return { type: value.type, changed: parseChanged(new Map(Object.entries(value.changed))) };
  }
  if (value.type !== 'call-captured' || !('workflowId' in value) || !('captureId' in value)) return undefined;
  const { workflowId, captureId } = value;
  if (typeof workflowId !== 'string' || typeof captureId !== 'string') return undefined;
  return { type: value.type, workflowId, captureId };
}

function parseChanged(changed: ReadonlyMap<string, unknown>): ChangedIds {
  return Object.fromEntries(
    CHANGE_KINDS.flatMap((kind) => {
      const ids = changed.get(kind);
      if (ids === undefined) return [];
      return [[kind, Array.isArray(ids) ? textsOf(ids) : null]];
    }),
  );
}

function textsOf(values: readonly unknown[]): string[] {
  return values.filter((value) => typeof value === 'string');
}
