// Metrics of webhooks that are sent: attempts of this process, and what all processes have to deliver.

import { Counter, Histogram, type Registry } from 'prom-client';
import type { Attempt } from '../engine/outbound-model.ts';
import { deliveryStatusSchema, endpointStatusSchema } from '../engine/outbound-model.ts';
import type { OutboundStore } from '../engine/outbound-ports.ts';

export interface DeliveryMetricsSources {
  readonly endpoints: Pick<OutboundStore['endpoints'], 'countByStatus'>;
  readonly deliveries: Pick<OutboundStore['deliveries'], 'countByStatus' | 'backlog'>;
}

/** What is counted of an attempt. */
export type CountedAttempt = Pick<Attempt, 'succeeded' | 'status' | 'error'> & {
  readonly timings: Pick<Attempt['timings'], 'totalMs'>;
};

/** Where a gauge that storage is asked for puts its values. */
export interface GaugeValues {
  set(labels: Record<string, string>, value: number): void;
  reset(): void;
}

/** Adds a gauge that is read when Prometheus asks. */
type AddGauge = (name: string, help: string, label: string, read: (gauge: GaugeValues) => Promise<void>) => void;

/** Seconds: from a receiver next door to the longest time limit. */
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Endpoints with a label of their own: each costs a dozen lines of every scrape. */
export const MAX_LABELLED_ENDPOINTS = 500;
const OTHER = 'other';
/** Of all endpoints of kind `url`, which are made by nodes. */
const URL_TARGETS = 'url';

/**
 * @param kept reads at most once in some seconds
 * @returns counts one attempt
 */
export function addDeliveryMetrics(
  registry: Registry,
  sources: DeliveryMetricsSources,
  tools: { readonly gauge: AddGauge; kept<Value>(read: () => Promise<Value>): () => Promise<Value>; now(): number },
): (endpointId: string, attempt: CountedAttempt) => void {
  const registers = [registry];
  const attempts = new Counter({
    name: 'hookline_delivery_attempts_total',
    help: 'Requests that this process has sent to endpoints, by outcome: succeeded, the class of the refusing answer, or the error code.',
    labelNames: ['endpoint', 'outcome'] as const,
    registers,
  });
  const durations = new Histogram({
    name: 'hookline_delivery_attempt_duration_seconds',
    help: 'Time that requests to endpoints have taken, from the lookup of the name to the end of the answer.',
    labelNames: ['endpoint'] as const,
    buckets: DURATION_BUCKETS,
    registers,
  });

  const labelled = new Set<string>();
  function labelOf(endpointId: string): string {
    if (endpointId.startsWith('url_')) return URL_TARGETS;
    if (labelled.has(endpointId)) return endpointId;
    if (labelled.size >= MAX_LABELLED_ENDPOINTS) return OTHER;
    labelled.add(endpointId);
    return endpointId;
  }

  const backlog = tools.kept(async () => {
    const rows = await sources.deliveries.backlog();
    // The oldest endpoints have labels of their own, in every process the same.
    return rows.toSorted((one, two) => (one.endpointId < two.endpointId ? -1 : 1));
  });

  tools.gauge('hookline_endpoints', 'Endpoints, by status.', 'status', async (gauge) => {
    const counts = await sources.endpoints.countByStatus();
    for (const status of endpointStatusSchema.options) gauge.set({ status }, counts[status]);
  });
  const deliveriesHelp = 'Stored deliveries, by status; held: pending, and their endpoint is blocked or disabled.';
  const deliveryCounts = tools.kept(() => sources.deliveries.countByStatus());
  tools.gauge('hookline_deliveries', deliveriesHelp, 'status', async (gauge) => {
    const [counts, rows] = await Promise.all([deliveryCounts(), backlog()]);
    const held = rows.reduce((sum, { status, pending }) => (status === 'active' ? sum : sum + pending), 0);
    for (const status of deliveryStatusSchema.options) gauge.set({ status }, counts[status]);
    // The two are read one after the other.
    gauge.set({ status: 'pending' }, Math.max(0, counts.pending - held));
    gauge.set({ status: 'held' }, held);
  });

  /** One value for each label; those that share one are joined. Endpoints that have none any more are left out. */
  function perEndpoint(
    name: string,
    help: string,
    measure: (row: Awaited<ReturnType<typeof backlog>>[number]) => number,
    join: (one: number, two: number) => number,
  ): void {
    tools.gauge(name, help, 'endpoint', async (gauge) => {
      const values = new Map<string, number>();
      for (const row of await backlog()) {
        const label = labelOf(row.endpointId);
        values.set(label, join(values.get(label) ?? 0, measure(row)));
      }
      gauge.reset();
      for (const [endpoint, value] of values) gauge.set({ endpoint }, value);
    });
  }
  const add = (one: number, two: number): number => one + two;
  const pendingHelp = 'Deliveries that are to be sent, by active endpoint.';
  perEndpoint('hookline_deliveries_pending', pendingHelp, ({ status, pending }) => (status === 'active' ? pending : 0), add);
  const heldHelp = 'Deliveries that are held, by blocked or disabled endpoint.';
  perEndpoint('hookline_deliveries_held', heldHelp, ({ status, pending }) => (status === 'active' ? 0 : pending), add);
  perEndpoint(
    'hookline_oldest_undelivered_age_seconds',
    'Age of the oldest delivery that is still to be sent, by endpoint; of those without an own label the greatest.',
    ({ oldestAt }) => Math.max(0, tools.now() - oldestAt) / 1000,
    Math.max,
  );

  return (endpointId, { succeeded, status, error, timings }) => {
    const endpoint = labelOf(endpointId);
    const refusal = status === null ? (error?.code ?? 'failed') : `${Math.floor(status / 100)}xx`;
    attempts.inc({ endpoint, outcome: succeeded ? 'succeeded' : refusal });
    durations.observe({ endpoint }, timings.totalMs / 1000);
  };
}
