// Prometheus metrics of one Hookline, on a registry of its own, so that two in one process do not mix.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EngineStats } from '../engine/engine.ts';
import { EXECUTION_STATUSES, type ExecutionStatus } from '../engine/model.ts';
import type { Log } from '../engine/plugin.ts';
import type { ExecutionStore } from '../engine/ports.ts';
import { type ErrorCode, HooklineError } from '../errors.ts';
import { addDeliveryMetrics, type CountedAttempt, type DeliveryMetricsSources } from './delivery-metrics.ts';
import { describeError } from './middleware/errors.ts';

/** How a request to a trigger URL came out: `accepted` (async), `answered` (sync), or the code of the refusal. */
export type TriggerOutcome = 'accepted' | 'answered' | ErrorCode;

export interface Metrics {
  /** Counts one request to a trigger URL. */
  countTrigger(outcome: TriggerOutcome): void;
  /** Counts one finished execution; `durationMs` runs from its acceptance to its end. */
  countExecution(status: ExecutionStatus, durationMs: number): void;
  /** The same `fetch`, with its requests counted by outcome. */
  countRequests<Request, Answer extends { readonly status: number }>(
    fetch: (request: Request) => Promise<Answer>,
  ): (request: Request) => Promise<Answer>;
  /** Counts one request to an endpoint. */
  countAttempt(endpointId: string, attempt: CountedAttempt): void;
  /** The text that Prometheus reads. */
  render(): Promise<{ contentType: string; text: string }>;
}

/** Seconds: from a flow without effects to one that waits for slow services. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** How long counts are kept, in milliseconds: counting a large table at every scrape would be a load. */
const KEEP_MS = 10_000;

/** Reads at most once in `KEEP_MS`; everybody who asks meanwhile gets the same. A failure is not kept. */
function kept<Value>(read: () => Promise<Value>, now: () => number): () => Promise<Value> {
  let last: { readonly value: Promise<Value>; readonly at: number } | undefined;
  return () => {
    if (last === undefined || now() - last.at >= KEEP_MS || now() < last.at) {
      const value = read();
      const current = { value, at: now() };
      last = current;
      value.catch(() => {
        if (last === current) last = undefined;
      });
    }
    return last.value;
  };
}

/** Keeps the labelled child of a metric, since looking it up by labels is the costly part of counting. */
function remember<Key, Child>(make: (key: Key) => Child): (key: Key) => Child {
  const children = new Map<Key, Child>();
  return (key) => {
    let child = children.get(key);
    if (child === undefined) {
      child = make(key);
      children.set(key, child);
    }
    return child;
  };
}

/** Gauges are read when Prometheus asks; one that cannot be read is left out of that reply and logged. */
export function createMetrics(sources: {
  /** Read at each scrape; a function, since the engine may be made after the metrics. */
  stats: () => Pick<EngineStats, 'running' | 'queued'>;
  executions: Pick<ExecutionStore, 'oldestQueuedAt' | 'countByStatus' | 'nextWakeAt'>;
  /** What webhooks are counted in. */
  outbound: DeliveryMetricsSources;
  /** Rows that could not be read since the start. */
  unreadableRows: () => number;
  now: () => number;
  log: Log;
}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const triggers = new Counter({
    name: 'hookline_trigger_requests_total',
    help: 'Requests to trigger URLs: accepted (async), answered (sync), or the error code of the refusal.',
    labelNames: ['outcome'] as const,
    registers,
  });
  const executions = new Counter({
    name: 'hookline_executions_finished_total',
    help: 'Executions that came to their end, by final status.',
    labelNames: ['status'] as const,
    registers,
  });
  const durations = new Histogram({
    name: 'hookline_execution_duration_seconds',
    help: 'Time from the acceptance of an execution to its end.',
    labelNames: ['status'] as const,
    buckets: DURATION_BUCKETS,
    registers,
  });
  const requests = new Counter({
    name: 'hookline_outgoing_requests_total',
    help: 'Requests that nodes have sent: by class of the answer (2xx, 3xx, 4xx, 5xx), or the error code when there was none.',
    labelNames: ['outcome'] as const,
    registers,
  });
  new Gauge({
    name: 'hookline_executions_running',
    help: 'Executions that run now in this process.',
    registers,
    collect() {
      this.set(sources.stats().running);
    },
  });
  new Gauge({
    name: 'hookline_executions_queued',
    help: 'Accepted executions that wait in the memory of this process; see hookline_queue_depth for all of them.',
    registers,
    collect() {
      this.set(sources.stats().queued);
    },
  });
  new Gauge({
    name: 'hookline_unreadable_rows',
    help: 'Rows of the database that this process could not read since its start; the log names each once.',
    registers,
    collect() {
      this.set(sources.unreadableRows());
    },
  });
  const counts = kept(() => sources.executions.countByStatus(), sources.now);

  /** A gauge that storage is asked for. The other metrics matter most when storage is in trouble, so they still come then. */
  function stored(name: string, help: string, label: string | undefined, read: (gauge: Gauge) => Promise<void>): void {
    new Gauge({
      name,
      help,
      labelNames: label === undefined ? [] : [label],
      registers,
      async collect() {
        try {
          await read(this);
        } catch (error) {
          this.reset();
          if (label === undefined) this.remove();
          sources.log.warn({ metric: name, err: describeError(error) }, 'A metric cannot be read from storage');
        }
      },
    });
  }
  stored('hookline_executions', 'Stored executions of all processes, by status.', 'status', async (gauge) => {
    const byStatus = await counts();
    for (const status of EXECUTION_STATUSES) gauge.set({ status }, byStatus[status]);
  });
  stored('hookline_queue_depth', 'Executions of all processes that are queued.', undefined, async (gauge) => {
    gauge.set((await counts()).queued);
  });
  const oldestHelp = 'Age of the oldest execution of all processes that is queued; 0 when there is none.';
  stored('hookline_oldest_queued_age_seconds', oldestHelp, undefined, async (gauge) => {
    gauge.set(secondsSince(await sources.executions.oldestQueuedAt(), sources.now()));
  });
  const lagHelp = 'How long the waiting execution that is most overdue should have gone on; 0 when none is overdue.';
  stored('hookline_wake_lag_seconds', lagHelp, undefined, async (gauge) => {
    gauge.set(secondsSince(await sources.executions.nextWakeAt(), sources.now()));
  });

  const countAttempt = addDeliveryMetrics(registry, sources.outbound, {
    gauge: stored,
    kept: (read) => kept(read, sources.now),
    now: sources.now,
  });

  const trigger = remember((outcome: TriggerOutcome) => triggers.labels(outcome));
  const request = remember((outcome: string) => requests.labels(outcome));
  const finished = remember((status: ExecutionStatus) => ({
    count: executions.labels(status),
    duration: durations.labels(status),
  }));
  return {
    countTrigger(outcome) {
      trigger(outcome).inc();
    },
    countExecution(status, durationMs) {
      const { count, duration } = finished(status);
      count.inc();
      duration.observe(durationMs / 1000);
    },
    countRequests(fetch) {
      return async (outgoing) => {
        try {
          const response = await fetch(outgoing);
          request(`${Math.floor(response.status / 100)}xx`).inc();
          return response;
        } catch (error) {
          request(error instanceof HooklineError ? error.code : 'aborted').inc();
          throw error;
        }
      };
    },
    countAttempt,
    async render() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** 0 for a time that is not there or has not come. */
function secondsSince(time: number | null, now: number): number {
  return time === null ? 0 : Math.max(0, now - time) / 1000;
}
