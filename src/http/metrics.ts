// Prometheus metrics of one Hookline, on a registry of its own, so that two in one process do not mix.

import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EngineStats } from '../engine/engine.ts';
import type { ExecutionStatus } from '../engine/model.ts';
import type { Log } from '../engine/plugin.ts';
import type { ExecutionStore } from '../engine/ports.ts';
import type { ErrorCode } from '../errors.ts';
import { describeError } from './middleware/errors.ts';

/** How a request to a trigger URL came out: `accepted` (async), `answered` (sync), or the code of the refusal. */
export type TriggerOutcome = 'accepted' | 'answered' | ErrorCode;

export interface Metrics {
  /** Counts one request to a trigger URL. */
  countTrigger(outcome: TriggerOutcome): void;
  /** Counts one finished execution; `durationMs` runs from its acceptance to its end. */
  countExecution(status: ExecutionStatus, durationMs: number): void;
  /** The text that Prometheus reads. */
  render(): Promise<{ contentType: string; text: string }>;
}

/** Seconds: from a flow without effects to one that waits for slow services. */
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

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
  executions: Pick<ExecutionStore, 'oldestQueuedAt'>;
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
  new Gauge({
    name: 'hookline_executions_running',
    help: 'Executions that run now.',
    registers,
    collect() {
      this.set(sources.stats().running);
    },
  });
  new Gauge({
    name: 'hookline_executions_queued',
    help: 'Accepted executions that have not started.',
    registers,
    collect() {
      this.set(sources.stats().queued);
    },
  });
  new Gauge({
    name: 'hookline_oldest_queued_age_seconds',
    help: 'Age of the oldest execution that has not started; 0 when there is none.',
    registers,
    async collect() {
      try {
        const oldest = await sources.executions.oldestQueuedAt();
        this.set(oldest === null ? 0 : Math.max(0, sources.now() - oldest) / 1000);
      } catch (error) {
        // The other metrics matter most when storage is in trouble.
        this.remove();
        sources.log.warn({ err: describeError(error) }, 'The age of the oldest queued execution cannot be read');
      }
    },
  });

  const trigger = remember((outcome: TriggerOutcome) => triggers.labels(outcome));
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
    async render() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
