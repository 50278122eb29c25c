// Delivers what is due: leases endpoints, gives each a worker, and sees to it that none holds up another.

import { setBounded } from '../../engine/bounded-cache.ts';
import { createIdSource } from '../../engine/id.ts';
import type { Endpoint } from '../../engine/outbound-model.ts';
import type { EventSink, OutboundStore } from '../../engine/outbound-ports.ts';
import type { Log } from '../../engine/plugin.ts';
import type { Bus, BusMessage, ExecutionStore } from '../../engine/ports.ts';
import { HooklineError } from '../../errors.ts';
import type { OpenEndpoint } from '../open-endpoint.ts';
import { Alerts } from './alerts.ts';
import { Announcer } from './announcer.ts';
import type { AttemptResult, Sender } from './attempt.ts';
import { EndpointWorker, type WorkerContext } from './endpoint-worker.ts';
import { expireHeld } from './expiry.ts';
import { FailureStreak } from './failure-streak.ts';
import { Leases } from './leases.ts';
import type { SendOrder } from './outcome.ts';
import { OutcomeWriter } from './outcome-writer.ts';
import { Rounds } from './rounds.ts';
import { Settler } from './settle.ts';
import { Health, Slots } from './slots.ts';

export interface DispatcherOptions {
  readonly store: OutboundStore;
  readonly commit: ExecutionStore['commit'];
  readonly sender: Sender;
  /** @throws HooklineError when its secrets cannot be opened; the endpoint is then left alone and logged */
  open(endpoint: Endpoint): OpenEndpoint;
  readonly events: EventSink;
  readonly bus: Bus;
  readonly log: Log;
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to 1, for jitter. Default Math.random. */
  random?(): number;
  /** Requests at once, of all endpoints. Default 512. Slow and failing endpoints share at most half of them. */
  readonly maxRequests?: number;
  /** How often the database is asked for endpoints with something due, in milliseconds. Default 1000. */
  readonly pollMs?: number;
  /** Executions that wait for a message were put into the queue. */
  onSignaled(): void;
  /** Told of each attempt when it is committed. */
  onAttempt?(result: AttemptResult): void;
}

export interface Dispatcher {
  start(): void;
  /** Sends nothing more, waits for what is under way at most `graceMs`, then gives its leases back. */
  stop(graceMs: number): Promise<void>;
  /** Deliveries of these endpoints were committed; none named: of some. Also tells other processes, and when it is not started. */
  notify(endpointIds: readonly string[]): void;
  /** Somebody has changed an endpoint in this process; the bus tells the others. With `notify` alone it is seen within a second. */
  endpointChanged(endpointId: string): void;
  stats(): { readonly sending: number; readonly endpoints: number };
}

const DEFAULT_MAX_REQUESTS = 512;
const DEFAULT_POLL_MS = 1_000;
/** Between two looks for held deliveries that are too old, in milliseconds. */
const EXPIRY_MS = 30_000;
/** Between two looks for messages whose executions were not told, in milliseconds. */
const SWEEP_MS = 5_000;
/** Endpoints whose behaviour is remembered while nothing is due for them. */
const MAX_HEALTHS = 20_000;

export function createDispatcher(options: DispatcherOptions): Dispatcher {
  const { store, commit, events, bus, log, random = Math.random } = options;
  const { maxRequests = DEFAULT_MAX_REQUESTS, pollMs = DEFAULT_POLL_MS } = options;
  const now = (): number => options.now();
  const streak = new FailureStreak(log);
  const slots = new Slots({ max: maxRequests, now });
  const writer = new OutcomeWriter({ commit, events, log, streak });
  const settler = new Settler({ store, commit, streak, onSignaled: () => options.onSignaled() });
  const announcer = new Announcer(bus);
  const healths = new Map<string, Health>();
  const newId = createIdSource();
  let isRunning = false;
  let isStopping = false;
  let unsubscribe: (() => void) | undefined;

  const context: WorkerContext = {
    store,
    sender: options.sender,
    open: (endpoint) => options.open(endpoint),
    log,
    now,
    random,
    slots,
    writer,
    alerts: new Alerts(),
    streak,
    newBatchId: () => `msg_${newId(now()).replaceAll('-', '')}`,
    onCommitted,
    onOver: (worker) => leases.end(worker),
  };
  const leases: Leases = new Leases({
    queue: store.queue,
    pollMs,
    now,
    random,
    streak,
    createWorker: (endpoint) => new EndpointWorker(endpoint, healthOf(endpoint), context),
    onNotLeased: (endpointIds) => announcer.add(endpointIds),
  });
  const sweeps = new Rounds({
    everyMs: SWEEP_MS,
    random,
    run: () => settler.sweep(),
    onError: (error) => streak.failed(error, 'messages that are awaited could not be looked for'),
  });
  const expiries = new Rounds({
    everyMs: EXPIRY_MS,
    random,
    run: async () => {
      const count = await expireHeld({ queue: store.queue, writer, now, isStopping: () => isStopping });
      if (count > 0) sweeps.begin();
    },
    onError: (error) => streak.failed(error, 'held deliveries could not be looked through'),
  });

  /** What is known of it from before its lease was given back; else from what is stored. */
  function healthOf({ id, state }: Endpoint): Health {
    const known = healths.get(id);
    if (known) return known;
    const health = new Health(state.failures > 0 || state.status === 'blocked');
    setBounded(healths, id, health, MAX_HEALTHS);
    return health;
  }

  function onCommitted({ deliveries }: SendOrder, result: AttemptResult, isFinal: boolean): void {
    if (isFinal) for (const { message } of deliveries) settler.consider(message);
    try {
      options.onAttempt?.(result);
    } catch (error) {
      log.error({ error: error instanceof Error ? error.message : String(error) }, 'an attempt could not be counted');
    }
  }

  /** @returns those that this process does not send to */
  function tellWorkers(endpointIds: readonly string[]): string[] {
    if (endpointIds.length === 0) for (const worker of leases.all()) worker.notify();
    return endpointIds.filter((id) => {
      const worker = leases.get(id);
      worker?.notify();
      return !worker;
    });
  }

  function endpointChanged(endpointId: string): void {
    if (!isRunning) return;
    const worker = leases.get(endpointId);
    if (worker) worker.changed();
    else leases.poll();
  }

  function onBusMessage(message: BusMessage): void {
    if (!isRunning) return;
    switch (message.type) {
      case 'deliveries-added': {
        const missing = tellWorkers(message.endpointIds);
        if (missing.length > 0 || message.endpointIds.length === 0) leases.poll();
        break;
      }
      case 'endpoint-changed':
        endpointChanged(message.endpointId);
        break;
      case 'messages-missed':
        for (const worker of leases.all()) {
          worker.notify();
          worker.changed();
        }
        leases.poll();
        sweeps.begin();
        break;
      case 'declared-dead':
        leases.drop(new HooklineError('shutting_down', 'Another process delivers for this one by now.'));
        break;
    }
  }

  return {
    start() {
      if (isRunning || isStopping) return;
      isRunning = true;
      unsubscribe = bus.subscribe(onBusMessage);
      leases.start();
      sweeps.begin();
      expiries.begin();
    },

    async stop(graceMs) {
      if (isStopping) return;
      isStopping = true;
      isRunning = false;
      unsubscribe?.();
      const ended = leases.stop();
      const rounds = [sweeps.stop(), expiries.stop()];
      let timer: NodeJS.Timeout | undefined;
      const isInTime = await Promise.race([
        ended.then(() => true),
        new Promise<boolean>((resolve) => {
          timer = setTimeout(() => resolve(false), graceMs);
        }),
      ]);
      clearTimeout(timer);
      if (!isInTime) {
        const reason = new HooklineError('shutting_down', 'The server stops; the request is sent again when it runs.');
        for (const worker of leases.all()) worker.abort(reason);
      }
      writer.stop();
      await Promise.all([ended, ...rounds]);
      await settler.stop();
      await leases.releaseAll();
      slots.stop();
      announcer.stop();
    },

    notify(endpointIds) {
      if (isStopping) return;
      if (!isRunning) {
        announcer.add(endpointIds);
        return;
      }
      const missing = tellWorkers(endpointIds);
      if (missing.length > 0) leases.poll(missing);
      if (endpointIds.length > 0) return;
      // A message that nobody has subscribed to is awaited, too.
      sweeps.begin();
      leases.poll();
      announcer.add([]);
    },

    endpointChanged,

    stats: () => ({ sending: slots.used, endpoints: leases.size }),
  };
}
