// Opens what all parts stand on: the database with its queue and bus, the workers of expressions, the client for requests.

import { type Backend, openBackend } from '../backend.ts';
import { type Captures, createCaptures } from '../engine/captures.ts';
import { type Changes, createChanges } from '../engine/changes.ts';
import { createInterest } from '../engine/interest.ts';
import type { ExpressionEvaluator } from '../engine/ports.ts';
import { createEvaluator } from '../expressions/evaluator.ts';
import { createEventStreams, type EventStreams } from '../http/event-streams.ts';
import type { GuardedFetch } from '../outbound/guard/guarded-fetch.ts';
import { loadSecretKeys, type SecretKeys } from '../secrets/secret-keys.ts';
import { createOutgoing } from './outgoing.ts';
import type { Setup } from './setup.ts';

export interface Resources extends Pick<Backend, 'storage' | 'queue' | 'bus' | 'lead' | 'everyProcessKnows' | 'counters'> {
  /** Tells everybody who listens, in all processes, what has changed. */
  readonly changes: Changes;
  /** Shows calls to whoever listens for them. */
  readonly captures: Captures;
  readonly streams: EventStreams;
  readonly outgoing: GuardedFetch;
  /** Of this installation. */
  readonly keys: SecretKeys;
  readonly evaluator: ExpressionEvaluator;
  /** The database last. Call it when nothing runs any more. */
  close(): Promise<void>;
}

/** @throws HooklineError `invalid_configuration`, `migration_needed`, `storage_unavailable` */
export async function openResources({ config, log, now, onTooOld }: Setup): Promise<Resources> {
  const keys = await loadSecretKeys(config, log);
  const backend = await openBackend(config, { log, keyIds: () => keys.list().map(({ id }) => id), onTooOld });
  const { storage, queue, bus, lead, everyProcessKnows, counters } = backend;
  const interest = createInterest(bus);
  const changes = createChanges({ bus, interest });
  const captures = createCaptures({ bus, interest, store: storage.captures, log, now });
  const streams = createEventStreams({ log });
  const stopListening = bus.subscribe(({ type }) => {
    if (type === 'access-changed' || type === 'messages-missed') streams.recheck();
  });
  const outgoing = createOutgoing(config);
  const evaluator = createEvaluator({
    timeoutMs: config.expressionTimeoutMs,
    maxWorkers: config.expressionWorkers,
    memoryMb: config.expressionMemoryMb,
  });
  return {
    storage,
    queue,
    bus,
    lead,
    everyProcessKnows,
    keys,
    counters,
    changes,
    captures,
    streams,
    outgoing,
    evaluator,
    async close() {
      stopListening();
      changes.stop();
      await captures.stop();
      interest.stop();
      await outgoing.close();
      await evaluator.close();
      await backend.close();
    },
  };
}
