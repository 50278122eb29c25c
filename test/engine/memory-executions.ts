// An execution store in memory, for tests of what is above storage; a test can hold reads back, as a busy disk does.

import type { ExecutionStatus, ExecutionWithJobs, Signal } from '../../src/engine/model.ts';
import { EXECUTION_STATUSES, isFinal } from '../../src/engine/model.ts';
import type { OutboundWrite } from '../../src/engine/outbound-ports.ts';
import type { ClaimedExecution, ExecutionStore, ExecutionUpdate, ExecutionWrite } from '../../src/engine/ports.ts';
import { HooklineError } from '../../src/errors.ts';
import { latestJobs } from './running.ts';

interface Row {
  readonly execution: ExecutionWithJobs;
  readonly signals: readonly Signal[];
}

export interface MemoryExecutions {
  readonly store: ExecutionStore;
  /** What is stored now. */
  get(id: string): ExecutionWithJobs | undefined;
  all(): ExecutionWithJobs[];
  /** Statuses in the order in which they were written, over all executions. */
  readonly history: ExecutionStatus[];
  /** Messages and the like that were stored, one entry for each write that had any. */
  readonly outbound: readonly OutboundWrite[];
  /** Another process takes an execution over: what this one writes of it is refused. */
  takeAway(id: string): void;
  holdReads(): void;
  letReadsGo(): void;
}

export function createMemoryExecutions(markExecuted: (id: string, revision: number) => void = () => {}): MemoryExecutions {
  let rows = new Map<string, Row>();
  const takenAway = new Set<string>();
  const history: ExecutionStatus[] = [];
  const outbound: OutboundWrite[] = [];
  let held: Promise<void> | undefined;
  let letGo = (): void => {};

  function toClaimed({ execution, signals }: Row): ClaimedExecution {
    return structuredClone({ execution, signals: [...signals] });
  }

  function select(isWanted: (execution: ExecutionWithJobs) => boolean, limit: number): ClaimedExecution[] {
    const found = [...rows.values()].filter(({ execution }) => isWanted(execution));
    return found.slice(0, limit).map(toClaimed);
  }

  function updated(row: Row | undefined, update: ExecutionUpdate): Row {
    if (!row || isFinal(row.execution.status) || (takenAway.has(update.id) && update.isForced !== true)) {
      throw new HooklineError('ownership_lost', `Another process owns ${update.id}, or it has ended.`);
    }
    const { jobs, sequence: _sequence, takenSignals, knownSignals = [], isForced: _isForced, ...state } = structuredClone(update);
    const signals = row.signals.filter(({ jobPath }) => !takenSignals.includes(jobPath));
    const execution = { ...row.execution, ...state, jobs: latestJobs([...row.execution.jobs, ...jobs]) };
    const isWaitingInVain = execution.status === 'waiting' && signals.some(({ jobPath }) => !knownSignals.includes(jobPath));
    if (isWaitingInVain) Object.assign(execution, { status: 'queued', wakeAt: null });
    return { execution, signals };
  }

  function signaled(row: Row | undefined, write: NonNullable<ExecutionWrite['signal']>): Row | undefined {
    const { executionId, isOptional = false, ...signal } = structuredClone(write);
    const isEnded = !row || isFinal(row.execution.status);
    if (isEnded || row.signals.some(({ jobPath }) => jobPath === signal.jobPath)) {
      if (isOptional) return row;
      throw new HooklineError(isEnded ? 'execution_ended' : 'already_resumed', `No signal for ${executionId}.`);
    }
    const { execution } = row;
    const woken = execution.status === 'waiting' ? { ...execution, status: 'queued' as const, wakeAt: null } : execution;
    return { execution: woken, signals: [...row.signals, signal] };
  }

  const store: ExecutionStore = {
    async commit(...unit) {
      const given = structuredClone(unit);
      await Promise.resolve();
      const next = new Map(rows);
      const statuses: ExecutionStatus[] = [];
      for (const { insert, update, signal } of given) {
        if (insert) next.set(insert.id, { execution: insert, signals: [] });
        if (update) next.set(update.id, updated(next.get(update.id), update));
        if (signal) {
          const row = signaled(next.get(signal.executionId), signal);
          if (row) next.set(signal.executionId, row);
        }
        for (const write of [insert, update]) if (write) statuses.push(write.status);
      }
      rows = next;
      history.push(...statuses);
      outbound.push(...given.flatMap((write) => write.outbound ?? []));
    },
    markExecuted: async (id, revision) => markExecuted(id, revision),
    async get(id) {
      const row = rows.get(id);
      await held;
      return structuredClone(row?.execution);
    },
    signals: async (id) => structuredClone([...(rows.get(id)?.signals ?? [])]),
    async claim(id, now) {
      const row = rows.get(id);
      if (!row || takenAway.has(id)) return undefined;
      const { status, wakeAt, startedAt } = row.execution;
      if (isFinal(status) || (status === 'waiting' && (wakeAt === null || wakeAt > now))) return undefined;
      const execution = { ...row.execution, status: 'running' as const, startedAt: startedAt ?? now, wakeAt: null };
      rows.set(id, { ...row, execution });
      return toClaimed({ ...row, execution });
    },
    list: () => Promise.reject(new Error('not in these tests')),
    summaries: () => Promise.reject(new Error('not in these tests')),
    listOldest: async (status, limit, { only, without = [] } = {}) =>
      select(
        ({ status: own, lane }) =>
          own === status && (only === undefined || lane?.name === only) && !(lane && without.includes(lane.name)),
        limit,
      ),
    listDue: async (now, limit) => {
      const due = select(({ status, wakeAt }) => status === 'waiting' && wakeAt !== null && wakeAt <= now, rows.size);
      return due.sort((a, b) => (a.execution.wakeAt ?? 0) - (b.execution.wakeAt ?? 0)).slice(0, limit);
    },
    async nextWakeAt() {
      const times = [...rows.values()].map(({ execution }) => execution.wakeAt ?? Number.POSITIVE_INFINITY);
      const earliest = Math.min(Number.POSITIVE_INFINITY, ...times);
      return Number.isFinite(earliest) ? earliest : null;
    },
    async reopen(id, jobs) {
      const row = rows.get(id);
      if (!row || !isFinal(row.execution.status)) throw new HooklineError('conflict', 'It has not ended.');
      const cleared = { startedAt: null, finishedAt: null, response: null, error: null, output: null, wakeAt: null };
      const execution = { ...row.execution, ...cleared, status: 'queued' as const, jobs: structuredClone([...jobs]) };
      rows.set(id, { execution, signals: [] });
    },
    async countByStatus() {
      const count = (status: ExecutionStatus): number => select((execution) => execution.status === status, rows.size).length;
      const counts = EXECUTION_STATUSES.map((status): [ExecutionStatus, number] => [status, count(status)]);
      return Object.fromEntries(counts) as Record<ExecutionStatus, number>;
    },
    oldestQueuedAt: async () => select(({ status }) => status === 'queued', 1)[0]?.execution.createdAt ?? null,
    deleteOld: () => Promise.reject(new Error('not in these tests')),
  };

  return {
    store,
    history,
    outbound,
    get: (id) => rows.get(id)?.execution,
    all: () => [...rows.values()].map(({ execution }) => execution),
    takeAway: (id) => void takenAway.add(id),
    holdReads() {
      held = new Promise((resolve) => {
        letGo = resolve;
      });
    },
    letReadsGo() {
      held = undefined;
      letGo();
    },
  };
}
