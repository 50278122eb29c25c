// Decides, with the rows of a batch locked, what becomes of each of its units, and adds up what is to be written.

import { type ExecutionStatus, isFinal, type Lane } from '../../engine/model.ts';
import type { QueueTask } from '../../engine/ports.ts';
import { HooklineError } from '../../errors.ts';
import type { Changing, Fixed, LogEntry, Step } from './steps.ts';

/** An execution as it is stored and locked. */
export interface StoredState {
  readonly id: string;
  readonly status: ExecutionStatus;
  readonly startedAt: number | null;
  readonly wakeAt: number | null;
  readonly owner: string | null;
  readonly lane: Lane | null;
}

/** An execution as the units of a batch leave it. */
export interface State extends Changing {
  readonly id: string;
  owner: string | null;
  lane: Lane | null;
  /** Of a new execution. */
  readonly fixed: Fixed | undefined;
  isChanged: boolean;
  /** Whether the queue has to hear of it, should it stay `queued` or `waiting`. */
  isPushed: boolean;
  readonly logged: readonly LogEntry[];
  /** Signals that are there, by job path; null for one that was stored before this batch. */
  readonly signals: ReadonlyMap<string, string | null>;
  readonly takenSignals: readonly string[];
}

/** How a unit came out: `true` for what is to be stored, `false` for a claim that is not granted. */
export type Outcome = boolean | HooklineError;

export interface Batch {
  /** Applies one unit whole, or not at all. */
  apply(steps: readonly Step[]): Outcome;
  /** What is new or changed. */
  changed(): State[];
  /** What the queue has to hear of. */
  tasks(): QueueTask[];
}

/** `signals`: job paths by execution. */
export function batchOn(
  stored: readonly StoredState[],
  signals: ReadonlyMap<string, readonly string[]>,
  processId: string,
): Batch {
  const states = new Map<string, State>(
    stored.map((row) => [
      row.id,
      {
        ...row,
        // Only what is final has these, and that is never changed.
        finishedAt: null,
        result: null,
        fixed: undefined,
        isChanged: false,
        isPushed: false,
        logged: [],
        signals: new Map((signals.get(row.id) ?? []).map((jobPath) => [jobPath, null])),
        takenSignals: [],
      },
    ]),
  );

  return {
    apply(steps) {
      // A refused unit leaves no trace: its states are thrown away.
      const own = new Map<string, State>();
      const find = (id: string): State | undefined => own.get(id) ?? states.get(id);
      for (const step of steps) {
        const outcome = applyStep(step, find(step.id), processId);
        if (outcome instanceof HooklineError || outcome === false) return outcome;
        if (outcome !== undefined) own.set(step.id, outcome);
      }
      for (const [id, state] of own) states.set(id, state);
      return true;
    },
    changed: () => [...states.values()].filter((state) => state.isChanged),
    tasks: () =>
      [...states.values()].flatMap(({ id, status, wakeAt, lane, isPushed }): QueueTask[] => {
        if (!isPushed) return [];
        if (status === 'queued') return [{ executionId: id, runAt: null, lane }];
        return status === 'waiting' && wakeAt !== null ? [{ executionId: id, runAt: wakeAt, lane }] : [];
      }),
  };
}

/** @returns the new state; undefined when nothing changes, false for a claim that is not granted, or the refusal */
function applyStep(step: Step, state: State | undefined, processId: string): State | HooklineError | false | undefined {
  switch (step.type) {
    case 'insert': {
      // The database itself would refuse it in a batch of its own.
      if (state) return new HooklineError('storage_unavailable', `Execution ${step.id} is stored already.`);
      const { id, status, startedAt, finishedAt, result, wakeAt, lane, fixed, logged } = step;
      const changing = { status, startedAt, finishedAt, result, wakeAt };
      return {
        id,
        ...changing,
        owner: status === 'running' ? processId : null,
        lane,
        fixed,
        isChanged: true,
        isPushed: true,
        logged: logged ? [logged] : [],
        signals: new Map(),
        takenSignals: [],
      };
    }
    case 'update': {
      const isAllowed = state && !isFinal(state.status) && (step.isForced || state.owner === processId);
      if (!isAllowed) return ownershipLost(step.id);
      const { startedAt, finishedAt, result, logged, takenSignals, knownSignals } = step;
      const signals = new Map(state.signals);
      for (const jobPath of takenSignals) signals.delete(jobPath);
      const isWaitingInVain = step.status === 'waiting' && [...signals.keys()].some((path) => !knownSignals.includes(path));
      const status = isWaitingInVain ? 'queued' : step.status;
      return {
        ...state,
        status,
        startedAt,
        finishedAt,
        result,
        wakeAt: status === 'waiting' ? step.wakeAt : null,
        owner: status === 'running' ? processId : null,
        lane: step.lane ?? state.lane,
        isChanged: true,
        isPushed: true,
        logged: logged ? [...state.logged, logged] : state.logged,
        signals,
        takenSignals: [...state.takenSignals, ...takenSignals],
      };
    }
    case 'signal': {
      const { id, jobPath, value, isOptional } = step;
      if (!state || isFinal(state.status)) return isOptional ? undefined : executionEnded(id);
      if (state.signals.has(jobPath)) return isOptional ? undefined : alreadyResumed(id, jobPath);
      const signals = new Map(state.signals).set(jobPath, value);
      if (state.status !== 'waiting') return { ...state, signals, isChanged: true };
      return { ...state, signals, status: 'queued', wakeAt: null, isChanged: true, isPushed: true };
    }
    case 'claim': {
      if (!state || !isClaimable(state, step.now, processId)) return false;
      const startedAt = state.startedAt ?? step.now;
      return { ...state, status: 'running', owner: processId, startedAt, wakeAt: null, isChanged: true };
    }
  }
}

function isClaimable({ status, wakeAt, owner }: State, now: number, processId: string): boolean {
  if (status === 'waiting') return wakeAt !== null && wakeAt <= now;
  return status === 'queued' || (status === 'running' && owner === processId);
}

function ownershipLost(id: string): HooklineError {
  return new HooklineError(
    'ownership_lost',
    `Execution ${id} has ended, was deleted or is run by another process by now; its new state is not stored.`,
  );
}

function executionEnded(id: string): HooklineError {
  return new HooklineError('execution_ended', `Execution ${id} has ended; nothing in it waits any more.`);
}

function alreadyResumed(id: string, jobPath: string): HooklineError {
  return new HooklineError('already_resumed', `${jobPath} of execution ${id} has been resumed already.`);
}
