// The event catalogue as publishing needs it: event types in memory, and data checked against their schemas.

import type { EventType } from '../engine/outbound-model.ts';
import type { OutboundStore } from '../engine/outbound-ports.ts';
import type { Bus, ExpressionEvaluator } from '../engine/ports.ts';
import { EMPTY_SCOPE } from '../engine/scope.ts';
import { HooklineError } from '../errors.ts';
import { type Catalogue as EventTypes, toCatalogue } from './subscriptions.ts';

/** One thing that is wrong with the data of an event. */
export interface DataProblem {
  /** Inside the data, such as `items[0].price`; empty for the data itself. */
  readonly path: string;
  readonly message: string;
}

export interface CatalogueOptions {
  readonly store: OutboundStore['eventTypes'];
  readonly bus: Bus;
  /** Finds what is wrong with data, by a JSON Schema as text: see `createDataValidator`. */
  validate(schema: string, data: unknown): Promise<readonly DataProblem[]>;
}

export interface Catalogue {
  /** All versions of all event types. @throws HooklineError `storage_unavailable` */
  all(): Promise<EventTypes>;
  /** Versions of one event type, the lowest first; none when it is not in the catalogue. @throws as `all` */
  versionsOf(name: string): Promise<readonly EventType[]>;
  /** @throws HooklineError `invalid_event` when the schema cannot be used or takes too long */
  validate(eventType: EventType, data: unknown): Promise<readonly DataProblem[]>;
  /** The catalogue was changed by this process. */
  refresh(): void;
  /** Listens to other processes no more. */
  close(): void;
}

export function createCatalogue({ store, bus, validate }: CatalogueOptions): Catalogue {
  let known: Promise<EventTypes> | undefined;
  /** Schemas as text; an event type that is read anew has a new one. */
  const schemas = new WeakMap<EventType, string>();

  function refresh(): void {
    known = undefined;
  }

  function all(): Promise<EventTypes> {
    if (known) return known;
    const reading = store.listAll().then(toCatalogue);
    known = reading;
    reading.catch(() => {
      if (known === reading) known = undefined;
    });
    return reading;
  }

  const unsubscribe = bus.subscribe(({ type }) => {
    if (type === 'event-types-changed' || type === 'messages-missed') refresh();
  });

  return {
    all,
    versionsOf: async (name) => (await all()).get(name) ?? [],

    async validate(eventType, data) {
      const { schema, name, version } = eventType;
      if (schema === null || schema === undefined || schema === true) return [];
      const text = schemas.get(eventType) ?? JSON.stringify(schema);
      schemas.set(eventType, text);
      try {
        return await validate(text, data);
      } catch (error) {
        if (!(error instanceof HooklineError) || !SCHEMA_FAULTS.has(error.code)) throw error;
        const message = `The data could not be checked against the schema of ${name}, version ${version}: ${error.message}`;
        throw new HooklineError('invalid_event', message, { cause: error });
      }
    },

    refresh,
    close: unsubscribe,
  };
}

const SCHEMA_FAULTS: ReadonlySet<string> = new Set(['expression_failed', 'expression_timeout']);

/** Checks data by JSON Schema, away from the main thread, with its limits on time and memory. */
export function createDataValidator(evaluator: Pick<ExpressionEvaluator, 'evaluate'>): CatalogueOptions['validate'] {
  return async (schema, data) =>
    // The language gives this list.
    (await evaluator.evaluate('json-schema', schema, EMPTY_SCOPE, { source: data, hasSource: true })) as readonly DataProblem[];
}
