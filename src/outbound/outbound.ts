// Everything that sends webhooks, wired together: publishing, delivering, and what people do with endpoints and messages.

import type { Changes } from '../engine/changes.ts';
import { createIdSource } from '../engine/id.ts';
import type { Attempt } from '../engine/outbound-model.ts';
import type { EventSink, OutboundStore, OutboundWrite } from '../engine/outbound-ports.ts';
import type { Log } from '../engine/plugin.ts';
import type { Bus, ExecutionStore, ExpressionEvaluator, SecretBox } from '../engine/ports.ts';
import { EMPTY_SCOPE } from '../engine/scope.ts';
import type { ConversionTools } from './body/conversion.ts';
import { createOrderBody } from './body/order-body.ts';
import { createCatalogue, createDataValidator } from './catalogue.ts';
import { createSender } from './delivery/attempt.ts';
import { createDispatcher } from './delivery/dispatcher.ts';
import { createEndpointService, type EndpointService } from './endpoints.ts';
import { createEventTypeService, type EventTypeService } from './event-types.ts';
import type { GuardedFetch } from './guard/guarded-fetch.ts';
import { createMessageService, type MessageService } from './messages.ts';
import { openEndpoint } from './open-endpoint.ts';
import { type CachingPublisher, createPublisher } from './publisher.ts';
import { openDeliveries } from './sealed-message.ts';
import { signRequest } from './signing/sign.ts';

export interface OutboundOptions {
  readonly store: OutboundStore;
  readonly commit: ExecutionStore['commit'];
  readonly secretBox: SecretBox;
  readonly evaluator: ExpressionEvaluator;
  readonly fetch: GuardedFetch['fetch'];
  readonly events: EventSink;
  readonly bus: Bus;
  readonly log: Log;
  readonly userAgent: string;
  /** What is wrong with an endpoint's URL; undefined when it may be tried. */
  urlProblem(url: string): string | undefined;
  /** Requests at once, of all endpoints. */
  readonly maxRequests: number;
  /** Whether this process delivers. */
  readonly delivers: boolean;
  /** Executions that wait for a message were put into the queue. */
  onSignaled(): void;
  /** Told of each attempt of a delivery when it is committed. */
  onAttempt(attempt: Attempt): void;
  /** Told of endpoints and deliveries that have changed. */
  readonly changes?: Pick<Changes, 'isWanted' | 'endpoint' | 'deliveries'>;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Outbound {
  readonly publisher: CachingPublisher;
  readonly endpoints: EndpointService;
  readonly eventTypes: EventTypeService;
  readonly messages: MessageService;
  /** Begins to deliver, where this process does. */
  start(): void;
  /** Sends nothing more; what is under way may end within `graceMs`. */
  stop(graceMs: number): Promise<void>;
}

export function createOutbound(options: OutboundOptions): Outbound {
  const { store, secretBox, evaluator, bus, log, now, events, changes } = options;
  const commit: ExecutionStore['commit'] = async (...unit) => {
    await options.commit(...unit);
    if (changes?.isWanted()) for (const { outbound } of unit) if (outbound) tellOf(outbound, changes);
  };
  const createId = createIdSource();
  const validate = createDataValidator(evaluator);
  const tools: ConversionTools = {
    evaluate: (engine, expression, source) => evaluator.evaluate(engine, expression, EMPTY_SCOPE, { source, hasSource: true }),
    validate: (schema, data) => validate(JSON.stringify(schema), data),
  };
  const catalogue = createCatalogue({ store: store.eventTypes, bus, validate });
  const sender = createSender({
    fetch: options.fetch,
    sign: signRequest,
    makeBody: createOrderBody({ versionsOf: (name) => catalogue.versionsOf(name), tools }),
    openDeliveries: (deliveries) => openDeliveries(deliveries, secretBox),
    userAgent: options.userAgent,
    now,
    createId,
  });
  const dispatcher = createDispatcher({
    store,
    commit,
    sender,
    open: (endpoint) => openEndpoint(endpoint, secretBox),
    events,
    bus,
    log,
    now,
    maxRequests: options.maxRequests,
    onSignaled: () => options.onSignaled(),
    onAttempt: ({ attempt }) => options.onAttempt(attempt),
  });
  const notify = (endpointIds: readonly string[]): void => {
    dispatcher.notify(endpointIds);
    changes?.deliveries(endpointIds);
  };
  const publisher = createPublisher({ store, catalogue, bus, secretBox, now, notify });
  const endpoints = createEndpointService({
    store,
    commit,
    secretBox,
    evaluator,
    sender,
    events,
    bus,
    urlProblem: (url) => options.urlProblem(url),
    notify,
    onChange(endpointId) {
      publisher.refresh();
      dispatcher.endpointChanged(endpointId);
      changes?.endpoint(endpointId);
    },
    now,
  });
  const eventTypes = createEventTypeService({ store, evaluator, tools, bus, onChange: () => catalogue.refresh(), now });
  const messages = createMessageService({ store, commit, publisher, bus, notify, now });
  return {
    publisher,
    endpoints,
    eventTypes,
    messages,
    start() {
      if (options.delivers) dispatcher.start();
    },
    async stop(graceMs) {
      await dispatcher.stop(graceMs);
      publisher.close();
      catalogue.close();
    },
  };
}

function tellOf(
  { states = [], attempts = [], deliveries = [] }: OutboundWrite,
  changes: NonNullable<OutboundOptions['changes']>,
): void {
  for (const { endpointId } of states) changes.endpoint(endpointId);
  const endpointIds = new Set(attempts.map(({ endpointId }) => endpointId));
  // A change of a delivery does not name its endpoint; one without an attempt is rare.
  if (endpointIds.size > 0 || deliveries.length > 0) changes.deliveries([...endpointIds]);
}
