// The statistics service: what the overview and the list of workflows show of the past.

import { HooklineError } from '../errors.ts';
import type { ExecutionStatus } from './model.ts';
import { DISABLED_BY_HAND } from './outbound-model.ts';
import type { ExecutionStore, ExecutionSummary, WorkflowStore } from './ports.ts';
import type { CountedRange, FailingEndpoint, FailingWorkflow, StatisticsStore } from './statistics-ports.ts';

/** Times in milliseconds since 1970. */
export interface Overview extends CountedRange {
  readonly now: {
    readonly queued: number;
    readonly running: number;
    readonly waiting: number;
    /** Age of the oldest queued execution; null when there is none. */
    readonly oldestQueuedMs: number | null;
  };
  /** Most failures first. */
  readonly failingWorkflows: readonly (Omit<FailingWorkflow, 'lastFailure'> & {
    readonly title: string;
    /** Null when it is deleted by now, or was tried again. */
    readonly lastFailure: { readonly executionId: string; readonly at: number; readonly message: string } | null;
  })[];
  readonly failingEndpoints: readonly FailingEndpoint[];
}

export interface WorkflowActivity {
  readonly workflowId: string;
  readonly lastExecution: { readonly id: string; readonly status: ExecutionStatus; readonly createdAt: number } | null;
  /** The last 24, the oldest first. */
  readonly hours: readonly { readonly at: number; readonly succeeded: number; readonly failed: number }[];
}

export interface StatisticsOptions {
  readonly statistics: StatisticsStore;
  readonly executions: Pick<ExecutionStore, 'summaries' | 'oldestQueuedAt'>;
  readonly workflows: Pick<WorkflowStore, 'titles'>;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface Statistics {
  /**
   * @param range default: the last 24 hours
   * @throws HooklineError `invalid_request` unless it begins before it ends
   */
  overview(range: {
    readonly from?: number | undefined;
    readonly to?: number | undefined;
    readonly workflowId?: string | undefined;
  }): Promise<Overview>;
  /** In the order of the ids, also of those that there are not. */
  activity(ids: readonly string[]): Promise<WorkflowActivity[]>;
}

const DAY_MS = 24 * 60 * 60_000;
const HOURS = 24;
/** Most entries in the lists of what fails. */
const MAX_FAILING = 10;

export function createStatistics({ statistics, executions, workflows, now }: StatisticsOptions): Statistics {
  async function namedFailures(failing: readonly FailingWorkflow[]): Promise<Overview['failingWorkflows']> {
    const titles = await workflows.titles(failing.map(({ workflowId }) => workflowId));
    const summaries = await executions.summaries(failing.flatMap(({ lastFailure }) => lastFailure ?? []));
    return failing.flatMap(({ workflowId, calls, failed, lastFailure }) => {
      const title = titles.get(workflowId);
      // It has just been deleted.
      if (title === undefined) return [];
      const last = lastFailure === null ? undefined : summaries.get(lastFailure);
      return [{ workflowId, title, calls, failed, lastFailure: last ? toFailure(last) : null }];
    });
  }

  return {
    async overview({ to: end, from: begin, workflowId }) {
      const time = now();
      const to = end ?? time;
      const from = begin ?? to - DAY_MS;
      if (from >= to)
        throw new HooklineError('invalid_request', 'The range must begin before it ends: `from` is not before `to`.');
      const counted = await statistics.read({ from, to, workflowId }, time);
      const [failing, endpoints, unfinished, oldest] = await Promise.all([
        statistics.failingWorkflows({ from, to, workflowId }, MAX_FAILING, time).then(namedFailures),
        statistics.failingEndpoints(counted.from, counted.to),
        statistics.unfinished(),
        executions.oldestQueuedAt(),
      ]);
      const inTrouble = endpoints.filter(
        ({ status, reason, failed, held }) =>
          failed > 0 || held > 0 || (status !== 'active' && !(status === 'disabled' && reason === DISABLED_BY_HAND)),
      );
      return {
        ...counted,
        now: { ...unfinished, oldestQueuedMs: oldest === null ? null : Math.max(0, time - oldest) },
        failingWorkflows: failing,
        failingEndpoints: inTrouble.slice(0, MAX_FAILING),
      };
    },

    async activity(ids) {
      const activity = await statistics.activity(ids, HOURS, now());
      const last = await executions.summaries([...activity.values()].flatMap(({ lastExecutionId }) => lastExecutionId ?? []));
      return [...activity].map(([workflowId, { lastExecutionId, hours }]) => {
        const summary = lastExecutionId === null ? undefined : last.get(lastExecutionId);
        const { id, status, createdAt } = summary ?? {};
        const lastExecution = id && status && createdAt !== undefined ? { id, status, createdAt } : null;
        return { workflowId, lastExecution, hours };
      });
    },
  };
}

function toFailure({ id, status, error, finishedAt }: ExecutionSummary): Overview['failingWorkflows'][number]['lastFailure'] {
  if (finishedAt === null || status === 'succeeded') return null;
  return { executionId: id, at: finishedAt, message: error?.message ?? '' };
}
