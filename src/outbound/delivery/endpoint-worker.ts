// Sends what is due for one leased endpoint, at the pace that its configuration, its receiver and the others allow.

import { setMaxListeners } from 'node:events';
import { isStorageFailure } from '../../engine/failure.ts';
import type { Endpoint, EndpointState } from '../../engine/outbound-model.ts';
import type { DeliveryChange, OutboundStore } from '../../engine/outbound-ports.ts';
import type { Log } from '../../engine/plugin.ts';
import { HooklineError } from '../../errors.ts';
import type { OpenEndpoint } from '../open-endpoint.ts';
import type { Alerts } from './alerts.ts';
import type { AttemptResult, Sender } from './attempt.ts';
import { BodyMemory } from './body-memory.ts';
import { DeliverySource } from './delivery-source.ts';
import { EndpointRecord } from './endpoint-record.ts';
import type { FailureStreak } from './failure-streak.ts';
import { judge, type Outcome, type SendOrder } from './outcome.ts';
import type { OutcomeWriter } from './outcome-writer.ts';
import { pauseMs } from './pause-ms.ts';
import type { Health, Slot, Slots, SlotUser } from './slots.ts';
import { WakeTimer } from './wake-timer.ts';

/** What the workers of a process share. */
export interface WorkerContext {
  readonly store: Pick<OutboundStore, 'endpoints' | 'queue'>;
  readonly sender: Sender;
  open(endpoint: Endpoint): OpenEndpoint;
  readonly log: Log;
  now(): number;
  random(): number;
  readonly slots: Slots;
  readonly writer: OutcomeWriter;
  readonly alerts: Alerts;
  readonly streak: FailureStreak;
  /** Makes the `webhook-id` of a batch. */
  newBatchId(): string;
  /** An outcome was committed. */
  onCommitted(order: SendOrder, result: AttemptResult, isFinal: boolean): void;
  /** It sends no more: its lease can be given back. */
  onOver(worker: EndpointWorker): void;
}

/** How long a lease is kept without anything due, or for what is due next, in milliseconds. */
const IDLE_MS = 5_000;
/** How long a delivery waits that this server could not send by its own mistake, in milliseconds. */
const POSTPONE_MS = 60_000;
/** Deliveries read at once: of an endpoint that works, that is not known yet, that is slow or fails. */
const PAGE = { healthy: 64, unknown: 8, suspect: 8 } as const;

export class EndpointWorker implements SlotUser {
  readonly id: string;
  readonly health: Health;
  readonly #context: WorkerContext;
  readonly #record: EndpointRecord;
  readonly #source: DeliverySource;
  readonly #bodies = new BodyMemory();
  readonly #timer: WakeTimer;
  readonly #abort = new AbortController();
  #phase: 'running' | 'leaving' | 'over' = 'running';
  #isAbandoned = false;
  /** Told of something since it began to leave. */
  #isWanted = false;
  #sending = 0;
  #uncommitted = 0;
  /** After a failure of ours: nothing is tried before. */
  #pausedUntil = 0;
  #failures = 0;
  #idleSince: number | undefined;

  constructor(endpoint: Endpoint, health: Health, context: WorkerContext) {
    this.id = endpoint.id;
    this.health = health;
    this.#context = context;
    this.#record = new EndpointRecord(endpoint, context);
    this.#source = new DeliverySource(endpoint.id, context, (failure) => this.#wasRead(failure));
    this.#timer = new WakeTimer(() => context.now(), this.#pump);
    // Each request listens: as many as may run at once.
    setMaxListeners(0, this.#abort.signal);
  }

  /** Whether to look for it again as soon as its lease is given back. */
  get isWanted(): boolean {
    return this.#isWanted;
  }

  start(): void {
    this.#pump();
  }

  /** Something was committed for it. Its record is looked at again, too, but not for each message. */
  notify(): void {
    if (this.#phase !== 'running') this.#isWanted = true;
    this.#source.lookAgain();
    this.#record.ask('soon');
    this.#pump();
  }

  /** Somebody has changed it: nothing is sent before it was read again. */
  changed(): void {
    if (this.#phase !== 'running') this.#isWanted = true;
    this.#record.ask('first');
    this.#context.slots.leave(this);
    this.#pump();
  }

  /** Sends nothing more; `onOver` follows when what is under way is stored. */
  leave(): void {
    if (this.#phase !== 'running') return;
    this.#phase = 'leaving';
    this.#timer.stop();
    this.#context.slots.leave(this);
    this.#source.forget();
    this.#pump();
  }

  /** Breaks off what is under way: it is sent again later. */
  abort(reason: Error): void {
    this.#abort.abort(reason);
  }

  /** Somebody else has it by now: nothing of it is written. */
  abandon(reason: Error): void {
    this.#isAbandoned = true;
    this.#phase = 'over';
    this.#timer.stop();
    this.#context.slots.leave(this);
    this.#abort.abort(reason);
  }

  takeSlot(slot: Slot): boolean {
    const now = this.#context.now();
    const at = this.#readyAt(now);
    if (at === undefined) return false;
    if (at > now) {
      this.#timer.wakeAt(at);
      return false;
    }
    const { batch } = this.#record.config;
    const isProbe = this.#record.state.status === 'blocked';
    const order = this.#source.buffer.take({ batch, isProbe }, this.#context.newBatchId);
    const opened = this.#record.opened;
    if (!order || !opened) return false;
    void this.#send(order, opened, slot, now);
    this.#pump();
    return true;
  }

  /** Does what can be done now, and sees to it that it is called again when more can. */
  readonly #pump = (): void => {
    if (this.#phase === 'over') return;
    if (this.#phase === 'leaving') {
      this.#endIfDone();
      return;
    }
    const now = this.#context.now();
    this.#reload(now);
    const { state } = this.#record;
    if (this.#record.isStale || !this.#record.opened) return;
    if (state.status === 'disabled') {
      this.leave();
      return;
    }
    const pauseEnd = this.#pauseEnd();
    if (pauseEnd > now) {
      // A throttled one is kept: storage would hand it out again at once.
      if (state.status === 'blocked' && pauseEnd - now > IDLE_MS) this.leave();
      else this.#timer.wakeAt(pauseEnd);
      return;
    }
    const next = this.#source.nextDueAt(now);
    if (next !== undefined) this.#timer.wakeAt(next);
    this.#read(now);
    const at = this.#readyAt(now);
    if (at === undefined) this.#restIfIdle(now);
    else if (at > now) this.#timer.wakeAt(at);
    else this.#context.slots.enter(this);
  };

  /** Nothing is sent before: the receiver, or the breaker, or a failure of ours says so. */
  #pauseEnd(): number {
    const { status, probeAt, throttledUntil } = this.#record.state;
    return Math.max(this.#pausedUntil, status === 'blocked' ? (probeAt ?? 0) : 0, throttledUntil ?? 0);
  }

  /** When the next request may be sent; undefined: not before something else happens. */
  #readyAt(now: number): number | undefined {
    const { state, config, isStale, opened } = this.#record;
    if (this.#phase !== 'running' || isStale || !opened || state.status === 'disabled') return undefined;
    const isProbe = state.status === 'blocked';
    if (this.#sending >= (isProbe || this.health.isCautious ? 1 : config.concurrency)) return undefined;
    if (this.#context.writer.isFull) {
      this.#context.writer.whenRoom(this.#pump);
      return undefined;
    }
    const ready = this.#source.buffer.readyAt({ batch: config.batch, isProbe });
    const head = this.#source.buffer.head;
    if (ready === undefined || !head) return undefined;
    return Math.max(ready, this.#pauseEnd(), now + this.#record.waitMs(head.delivery, now));
  }

  // --- reading ---------------------------------------------------------------------------------------------------------

  #read(now: number): void {
    const { state, config } = this.#record;
    const { batch } = config;
    const isBlocked = state.status === 'blocked';
    const limit = batch ? 2 * batch.maxMessages : isBlocked ? 1 : PAGE[this.health.lane];
    // One is enough to try a blocked endpoint with.
    this.#source.read(now, limit, isBlocked ? 0 : limit / 2);
  }

  #wasRead(failure: { readonly error: unknown; readonly what: string } | undefined): void {
    if (failure) {
      this.#pause(failure.error, failure.what);
    } else {
      this.#failures = 0;
      this.#context.streak.worked();
    }
    if (this.#phase !== 'running') this.#source.forget();
    this.#pump();
  }

  #reload(now: number): void {
    const at = this.#record.reloadAt(now);
    if (at === undefined) return;
    if (at > now) {
      this.#timer.wakeAt(at);
      return;
    }
    void this.#record.reload().then((change) => {
      if (change === 'deleted') this.leave();
      if (change === 'changed') this.#source.forget();
      this.#pump();
    });
  }

  // --- sending ---------------------------------------------------------------------------------------------------------

  async #send(order: SendOrder, opened: OpenEndpoint, slot: Slot, now: number): Promise<void> {
    this.#sending += 1;
    this.#record.use(order, now);
    const { deliveries, batchId } = order;
    const number = 1 + deliveries.reduce((most, { delivery }) => Math.max(most, delivery.attempts), 0);
    try {
      const { signal } = this.#abort;
      const result = await this.#context.sender.send({ endpoint: opened, deliveries, batchId, number, kind: 'delivery', signal });
      if (!this.#isAbandoned) this.#finish(order, result);
    } catch (error) {
      if (this.#abort.signal.aborted || isTemporary(error)) {
        this.#source.putBack(order);
        if (!this.#abort.signal.aborted) this.#pause(error, 'a delivery could not be sent because of this server itself');
      } else {
        void this.#postpone(order, error);
      }
    }
    this.#sending -= 1;
    this.#context.slots.free(slot);
    this.#pump();
  }

  #finish(order: SendOrder, result: AttemptResult): void {
    const { attempt, countsForEndpoint, isPermanent } = result;
    this.#failures = 0;
    if (isPermanent && !attempt.succeeded && order.deliveries.length > 1) {
      // One of them cannot be sent; the others must not fail with it.
      this.#source.buffer.split(order);
      return;
    }
    if (countsForEndpoint) this.health.record(attempt.succeeded, attempt.timings.totalMs);
    const { now, random, alerts } = this.#context;
    const { endpoint, state } = this.#record;
    const outcome = judge(order, result, { endpoint, state, alerts, now: now(), random: random() });
    void this.#commit(order, result, outcome, this.#enter(outcome.state));
  }

  /** @returns the number of the new state; undefined when it is the old one */
  #enter(next: EndpointState): number | undefined {
    const { state } = this.#record;
    if (next === state) return undefined;
    if (next.status !== state.status) {
      if (this.#phase === 'leaving') this.#isWanted = true;
      // Nothing more is to be sent of what was read, or nothing was; what is under way goes on.
      this.#source.forget();
      this.#context.slots.leave(this);
    }
    return this.#record.enter(next);
  }

  async #commit(order: SendOrder, result: AttemptResult, outcome: Outcome, stateSequence: number | undefined): Promise<void> {
    this.#uncommitted += 1;
    const { state, changes, events, retryAt } = outcome;
    const states = stateSequence === undefined ? [] : [{ endpointId: this.id, state, stateSequence }];
    const isStored = await this.#context.writer.write(
      { attempts: [this.#bodies.shorten(result.attempt)], deliveries: changes, ...(states.length > 0 ? { states } : {}) },
      events,
      () => this.#isAbandoned,
    );
    this.#uncommitted -= 1;
    if (stateSequence !== undefined) this.#record.stored();
    if (isStored) {
      this.#bodies.remember(result.attempt, retryAt === null);
      this.#source.done(order, retryAt, this.#isOrdered);
      this.#context.onCommitted(order, result, retryAt === null);
    }
    this.#pump();
  }

  get #isOrdered(): boolean {
    return this.#record.config.ordering.type === 'key';
  }

  /** A mistake of this server: it must not end the delivery, and must not keep the others from being sent. */
  async #postpone(order: SendOrder, cause: unknown): Promise<void> {
    this.#uncommitted += 1;
    const { log, now, writer } = this.#context;
    log.error({ endpoint: this.id, error: messageOf(cause) }, 'a delivery could not be sent because of a mistake of this server');
    const dueAt = now() + POSTPONE_MS;
    const error = { code: 'internal', message: 'It could not be sent because of a mistake of this server; its log says why.' };
    const deliveries = order.deliveries.map(({ delivery: { id, attempts, batchId, lastStatus } }): DeliveryChange => {
      const change = { id, status: 'pending', dueAt, attempts, batchId, lastStatus, error, finishedAt: null } as const;
      return { ...change, knownAttempts: attempts };
    });
    const isStored = await writer.write({ deliveries }, [], () => this.#isAbandoned);
    this.#uncommitted -= 1;
    if (isStored) this.#source.done(order, dueAt, this.#isOrdered);
    this.#pump();
  }

  // --- pausing and ending ----------------------------------------------------------------------------------------------

  #pause(error: unknown, what: string): void {
    this.#failures += 1;
    this.#pausedUntil = this.#context.now() + pauseMs(this.#failures);
    if (isStorageFailure(error)) {
      this.#context.streak.failed(error, what);
    } else {
      this.#context.log.error({ endpoint: this.id, error: messageOf(error) }, `${what}; it is tried again`);
    }
  }

  #restIfIdle(now: number): void {
    if (this.#source.isReading || this.#sending > 0 || this.#uncommitted > 0 || this.#source.buffer.size > 0) {
      this.#idleSince = undefined;
      return;
    }
    this.#idleSince ??= now;
    const leaveAt = this.#idleSince + IDLE_MS;
    const isDueSoon = (this.#source.nextDueAt(now) ?? Number.POSITIVE_INFINITY) - now <= IDLE_MS;
    if (now < leaveAt) this.#timer.wakeAt(leaveAt);
    else if (!isDueSoon) this.leave();
  }

  #endIfDone(): void {
    if (this.#sending > 0 || this.#uncommitted > 0 || this.#source.isReading || this.#record.isReloading) return;
    this.#phase = 'over';
    this.#context.onOver(this);
  }
}

/** Nothing is wrong with what was to be sent. */
function isTemporary(error: unknown): boolean {
  return isStorageFailure(error) || (error instanceof HooklineError && error.code === 'shutting_down');
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
