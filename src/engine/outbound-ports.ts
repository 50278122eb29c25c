// What outgoing webhooks need from the outside: their part of storage, and of the engine.

import type { Concealer } from './concealer.ts';
import type {
  Attempt,
  Delivery,
  DeliveryStatus,
  Endpoint,
  EndpointKind,
  EndpointState,
  EndpointStatus,
  EventType,
  Message,
  OperationalEvent,
} from './outbound-model.ts';
import type { OutgoingEvent } from './plugin.ts';
import type { ExecutionWrite, Page, PageRequest } from './ports.ts';

/** A message with what it becomes, to be committed. */
export interface NewMessage extends Message {
  readonly deliveries: readonly Delivery[];
}

/** The outcome of an attempt, or an end without one, for a delivery. */
export type DeliveryChange = Pick<
  Delivery,
  'id' | 'status' | 'dueAt' | 'attempts' | 'batchId' | 'lastStatus' | 'error' | 'finishedAt'
> & {
  /** Attempts that it had: one that has another number by now, or is final, stays as it is. */
  readonly knownAttempts: number;
};

/** Part of a unit of writes: see `ExecutionWrite.outbound`. Never refused; in this order. */
export interface OutboundWrite {
  /** Endpoints of kind `url`: made, or their config and secrets replaced. */
  readonly endpoints?: readonly Endpoint[];
  /**
   * A message whose idempotency key is taken is left out with its deliveries: read it by its key afterwards. A delivery for an
   * endpoint that is not there is left out, too. Of a message that is stored already, with the same id, the deliveries that are
   * new are added: a replay.
   */
  readonly messages?: readonly NewMessage[];
  readonly attempts?: readonly Attempt[];
  readonly deliveries?: readonly DeliveryChange[];
  /** The new state of endpoints; left out when `stateSequence` is not higher than the stored one. */
  readonly states?: readonly { readonly endpointId: string; readonly state: EndpointState; readonly stateSequence: number }[];
  /** Messages whose awaiting execution has been told. */
  readonly settled?: readonly string[];
}

export interface EndpointFilter extends PageRequest {
  /** Default `endpoint`. */
  readonly kind?: EndpointKind | undefined;
  readonly status?: EndpointStatus | undefined;
  readonly workspace?: string | undefined;
  /** Part of the URL or the description, any case. */
  readonly search?: string | undefined;
  /** What may be searched of a URL or a description. Default all of it. */
  readonly shownText?: ((text: string) => string) | undefined;
}

export interface MessageFilter extends PageRequest {
  readonly type?: string | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface DeliveryFilter extends PageRequest {
  readonly endpointId?: string | undefined;
  readonly messageId?: string | undefined;
  readonly eventType?: string | undefined;
  /** `pending`: endpoint active; `held`: pending, and its endpoint is blocked or disabled. */
  readonly status?: DeliveryStatus | 'held' | undefined;
  /** Accepted at or after. */
  readonly from?: number | undefined;
  /** Accepted before. */
  readonly to?: number | undefined;
}

/** A delivery in a list, with what it is shown with. */
export type DeliverySummary = Delivery & { readonly isHeld: boolean };

/** A delivery with its message, to be sent. */
export interface DueDelivery {
  readonly delivery: Delivery;
  readonly message: Message;
}

/** A delivery that may be held no longer. */
export type HeldDelivery = Delivery & {
  /** As `Message.source`: nobody is told of its end. */
  readonly isOfEvent: boolean;
};

/** Counts of a time span. */
export interface EndpointCounts {
  readonly attempts: number;
  readonly succeeded: number;
  /** Durations of successful attempts in milliseconds, sorted; at most the latest 10 000. */
  readonly durationsMs: readonly number[];
  /** Deliveries that are pending now. */
  readonly pending: number;
  /** When the oldest pending delivery was accepted. */
  readonly oldestPendingAt: number | null;
}

/** Endpoints, the catalogue, and the log of what was sent. @throws HooklineError `storage_unavailable` from everything */
export interface OutboundStore {
  readonly endpoints: {
    insert(endpoint: Endpoint): Promise<void>;
    get(id: string): Promise<Endpoint | undefined>;
    list(filter: EndpointFilter): Promise<Page<Endpoint>>;
    /** All of kind `endpoint` that get events: active and blocked ones. */
    listSubscribed(): Promise<Endpoint[]>;
    /**
     * Changes the named fields; `state` also raises `stateSequence` by 1000, whoever leases the endpoint: states that were
     * written before it was known, and are under way, do not win over it.
     * @returns the endpoint as it is then; undefined when there is none
     */
    update(
      id: string,
      change: Partial<Pick<Endpoint, 'config' | 'sealedSecrets' | 'state'>> & { readonly updatedAt: number },
    ): Promise<Endpoint | undefined>;
    /** Deletes it; its pending deliveries become `canceled`, its log stays until retention. @returns whether there was one */
    delete(id: string, now: number): Promise<boolean>;
    /** How many there are by status, of kind `endpoint`. */
    countByStatus(): Promise<Record<EndpointStatus, number>>;
    counts(id: string, since: number): Promise<EndpointCounts>;
  };

  readonly eventTypes: {
    /** @throws HooklineError `conflict` when the version is there */
    insert(eventType: EventType): Promise<void>;
    /** All versions of a type, the lowest first. */
    get(name: string): Promise<EventType[]>;
    /** Every version of every type, by name and version. */
    listAll(): Promise<EventType[]>;
    /** @returns whether there is such a version */
    update(name: string, version: number, change: Partial<Omit<EventType, 'name' | 'version' | 'createdAt'>>): Promise<boolean>;
    /** @returns whether there was one */
    delete(name: string, version: number): Promise<boolean>;
  };

  readonly messages: {
    get(id: string): Promise<Message | undefined>;
    findByIdempotencyKey(key: string): Promise<Message | undefined>;
    list(filter: MessageFilter): Promise<Page<Message>>;
    /** Awaited messages that have no pending delivery any more and whose execution was not told, the oldest first. */
    listUnsettled(limit: number): Promise<Message[]>;
    /** Deletes up to `limit` messages accepted before a time that have no pending delivery, with deliveries and attempts, and
     * endpoints of kind `url` that nothing refers to. @returns how many */
    deleteOld(before: number, limit: number): Promise<number>;
  };

  readonly deliveries: {
    get(id: string): Promise<DeliverySummary | undefined>;
    list(filter: DeliveryFilter): Promise<Page<DeliverySummary>>;
    /** All deliveries of a message, in order. */
    ofMessage(messageId: string): Promise<Delivery[]>;
    /**
     * Makes a final delivery pending again, due now, with its attempts so far and one more schedule.
     * @throws HooklineError `conflict` when it is not final
     */
    reopen(id: string, now: number): Promise<void>;
    /** The same for all failed and expired deliveries of an endpoint accepted since a time. @returns how many */
    reopenFailed(endpointId: string, since: number, now: number): Promise<number>;
    countByStatus(): Promise<Record<DeliveryStatus, number>>;
    /** When the oldest pending delivery was accepted, by endpoint (kind `endpoint`), and how many are pending. */
    backlog(): Promise<{ endpointId: string; status: EndpointStatus; pending: number; oldestAt: number }[]>;
  };

  readonly attempts: {
    get(id: string): Promise<Attempt | undefined>;
    /** All of a delivery, in order; each with its body. */
    ofDelivery(deliveryId: string): Promise<Attempt[]>;
    /** Of an endpoint, newest first: also tests and verifications. */
    list(filter: PageRequest & { readonly endpointId: string }): Promise<Page<Attempt>>;
  };

  /** The queue of deliveries. An endpoint is leased by one process at a time; that one alone sends to it. */
  readonly queue: {
    /**
     * Takes up to `limit` endpoints that nobody leases and that have a pending delivery due: active ones, and blocked ones whose
     * `probeAt` has come. On SQLite the one process has them all; it says what it holds already.
     * @param held leased by this process already
     */
    lease(now: number, limit: number, held: readonly string[]): Promise<Endpoint[]>;
    /** Gives leases back. Of endpoints that this process does not lease nothing is changed. */
    release(endpointIds: readonly string[]): Promise<void>;
    /**
     * Deliveries of an endpoint that may be sent now, by `dueAt` and id, with their messages. With an ordering key only those
     * whose key has no earlier pending delivery.
     * @param without ids that are being sent already
     */
    due(endpointId: string, now: number, limit: number, without: readonly string[]): Promise<DueDelivery[]>;
    /** The earliest `dueAt` of its pending deliveries but these; null when there is none. */
    nextDueAt(endpointId: string, without: readonly string[]): Promise<number | null>;
    /** Pending deliveries of an endpoint that may be held no longer: accepted before a time, or beyond the newest `count`. */
    listOverdueHeld(endpointId: string, before: number, count: number, limit: number): Promise<HeldDelivery[]>;
    /** Endpoints that are blocked or disabled and have pending deliveries. */
    listHolding(): Promise<Endpoint[]>;
  };
}

/** Writes to be committed in the same unit, and what to do then. */
export interface PreparedWrites {
  readonly writes: readonly ExecutionWrite[];
  /** Call it when they are committed. */
  committed(): void;
}

/** Runs the workflows that listen to what happens inside Hookline. */
export interface EventSink {
  /** Makes their executions. One that cannot be made is logged and left out. @throws HooklineError `storage_unavailable` */
  prepare(event: OperationalEvent): Promise<PreparedWrites>;
}

/** A message that is ready to be committed, and the endpoint that it needs when it goes to a URL. */
export type PreparedMessage = OutboundWrite & { readonly messages: readonly [NewMessage] };

/** What became of a message, for the node that waits for it. */
export interface MessageOutcome {
  /** `SentResult`. */
  readonly output: unknown;
  readonly branch: 'delivered' | 'failed';
}

/** Makes messages of events. */
export interface Publisher {
  /**
   * Checks an event against the catalogue and finds who gets it; nothing is stored.
   * @returns the message, and the endpoint that it needs when it goes to a URL
   * @throws HooklineError `invalid_event` with the problems, `storage_unavailable`
   */
  prepare(
    event: OutgoingEvent,
    options?: {
      readonly source?: Message['source'];
      readonly idempotencyKey?: string | undefined;
      /** Of the execution that it comes from: what is stored shows no secrets, what is sent is sealed beside it. */
      readonly concealer?: Concealer | undefined;
    },
  ): Promise<PreparedMessage>;
  /** Tells whoever delivers that these are committed. */
  committed(messages: readonly NewMessage[]): void;
  /**
   * What the execution that waits for a message is told; for one that had ended when it was told and is tried again.
   * @returns undefined while a delivery is pending @throws HooklineError `storage_unavailable`
   */
  outcome(messageId: string): Promise<MessageOutcome | undefined>;
}
