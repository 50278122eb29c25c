// What the statistics need of storage. Calls count when they were accepted; everything else counts when it ended.

import type { EndpointStatus } from './outbound-model.ts';

/** Times in milliseconds since 1970; `to` is not in it. */
export interface StatisticsRange {
  readonly from: number;
  readonly to: number;
  /** Default all workflows together. */
  readonly workflowId?: string | undefined;
}

export interface SpanCounts {
  /** Executions accepted. */
  readonly calls: number;
  /** Executions ended, whenever they were accepted. */
  readonly succeeded: number;
  /** As failed, error or timed_out. */
  readonly failed: number;
  /** Durations of all that ended, from the start of the run; within 5 %. Null when none did. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly p99Ms: number | null;
  /** Greatest age of the oldest queued execution that was seen, of all workflows together. Null when nobody looked. */
  readonly queueAgeMs: number | null;
}

export interface BucketCounts extends SpanCounts {
  /** When it begins. */
  readonly at: number;
}

export interface CountedRange {
  /** The range that was asked for, widened to whole buckets. */
  readonly from: number;
  readonly to: number;
  readonly bucketMs: number;
  /** 120 at most, the oldest first, also those in which nothing happened. */
  readonly buckets: readonly BucketCounts[];
  readonly totals: SpanCounts;
}

export interface FailingWorkflow {
  readonly workflowId: string;
  readonly calls: number;
  readonly failed: number;
  /** Id of an execution that failed, one of the last; it may be deleted by now. */
  readonly lastFailure: string | null;
}

export interface FailingEndpoint {
  readonly endpointId: string;
  readonly url: string;
  readonly status: EndpointStatus;
  /** Why it is blocked or disabled. */
  readonly reason: string | null;
  /** Deliveries accepted in the range that failed or expired. */
  readonly failed: number;
  /** Deliveries that wait now because it is blocked or disabled. */
  readonly held: number;
}

export interface WorkflowHours {
  /** Null: it has no execution. */
  readonly lastExecutionId: string | null;
  /** The oldest first. */
  readonly hours: readonly { readonly at: number; readonly succeeded: number; readonly failed: number }[];
}

/** @throws HooklineError `storage_unavailable` from everything */
export interface StatisticsStore {
  /**
   * Counts for good what happened until two minutes ago; what is later is counted when it is asked for. What was counted stays,
   * whatever becomes of the executions.
   * @param isStopped asked now and then
   */
  count(now: number, isStopped?: () => boolean): Promise<void>;
  /** Notes how old the oldest queued execution is; 0 when there is none. */
  sampleQueueAge(now: number, queueAgeMs: number): Promise<void>;
  /** Deletes what is kept no longer: by five minutes after 8 days, by the hour after 800. */
  deleteOld(now: number): Promise<void>;
  read(range: StatisticsRange, now: number): Promise<CountedRange>;
  /** Most failures first. */
  failingWorkflows(range: StatisticsRange, limit: number, now: number): Promise<FailingWorkflow[]>;
  /** The latest hours, the present one included, of each of these workflows. */
  activity(ids: readonly string[], hours: number, now: number): Promise<Map<string, WorkflowHours>>;
  /** Endpoints that are not active or have failed or held deliveries; most of these first. */
  failingEndpoints(from: number, to: number): Promise<FailingEndpoint[]>;
  /** Executions that have not ended, now. */
  unfinished(): Promise<{ readonly queued: number; readonly running: number; readonly waiting: number }>;
}
