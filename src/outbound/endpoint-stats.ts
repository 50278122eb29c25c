// Pure: what can be said of an endpoint's latest attempts and of what waits for it.

import type { EndpointStatus } from '../engine/outbound-model.ts';
import type { EndpointCounts } from '../engine/outbound-ports.ts';

/** How far back statistics look, in milliseconds. */
export const STATS_WINDOWS = { '1h': 3_600_000, '24h': 86_400_000, '7d': 604_800_000 } as const;
export type StatsWindow = keyof typeof STATS_WINDOWS;

export interface EndpointStats {
  readonly window: StatsWindow;
  /** Tests and verifications too. */
  readonly attempts: number;
  readonly succeeded: number;
  readonly failed: number;
  /** From 0 to 1; null without attempts. */
  readonly successRate: number | null;
  /** Of successful attempts, in milliseconds; null without one. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** To be sent while the endpoint is active. */
  readonly pending: number;
  /** Kept while it is blocked or disabled. */
  readonly held: number;
  /** Age of the oldest delivery that is not delivered yet; null when there is none. */
  readonly oldestUndeliveredMs: number | null;
}

export function toEndpointStats(window: StatsWindow, status: EndpointStatus, counts: EndpointCounts, now: number): EndpointStats {
  const { attempts, succeeded, durationsMs, pending, oldestPendingAt } = counts;
  return {
    window,
    attempts,
    succeeded,
    failed: attempts - succeeded,
    successRate: attempts === 0 ? null : succeeded / attempts,
    p50Ms: percentile(durationsMs, 0.5),
    p95Ms: percentile(durationsMs, 0.95),
    p99Ms: percentile(durationsMs, 0.99),
    pending: status === 'active' ? pending : 0,
    held: status === 'active' ? 0 : pending,
    oldestUndeliveredMs: oldestPendingAt === null ? null : Math.max(0, now - oldestPendingAt),
  };
}

/** Nearest rank: the smallest value that this share of all does not exceed. @param sorted ascending */
function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
