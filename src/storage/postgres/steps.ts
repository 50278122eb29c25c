// What a commit asks for, as values that PostgreSQL takes, made before it joins a batch: what cannot be written harms nobody else.

import type { ExecutionStatus, Lane } from '../../engine/model.ts';
import type { ExecutionWrite } from '../../engine/ports.ts';
import { HooklineError } from '../../errors.ts';
import type { Unit } from '../committer.ts';
import { lengthOf, type Origin, toLogEntry, toRow } from '../execution-row.ts';

/** The columns of an execution that change. */
export interface Changing {
  status: ExecutionStatus;
  startedAt: number | null;
  finishedAt: number | null;
  /** JSON of `Result`. */
  result: string | null;
  wakeAt: number | null;
}

/** The columns of an execution that stay. */
export interface Fixed {
  readonly workflowId: string;
  readonly revision: number;
  readonly createdAt: number;
  /** JSON of `Origin`. */
  readonly origin: string;
  readonly body: string | null;
  readonly source: string | null;
  readonly replayOf: string | null;
}

/** An entry of the job log. */
export interface LogEntry {
  readonly sequence: number;
  /** JSON array. */
  readonly jobs: string;
}

interface Written extends Changing {
  readonly id: string;
  readonly lane: Lane | null;
  readonly logged: LogEntry | undefined;
}

export type Step =
  | ({ readonly type: 'insert'; readonly fixed: Fixed } & Written)
  | ({
      readonly type: 'update';
      readonly takenSignals: readonly string[];
      readonly knownSignals: readonly string[];
      readonly isForced: boolean;
    } & Written)
  | {
      readonly type: 'signal';
      readonly id: string;
      readonly jobPath: string;
      readonly value: string;
      readonly isOptional: boolean;
    }
  | { readonly type: 'claim'; readonly id: string; readonly now: number };

/** The steps of a unit, in order. @throws TypeError, RangeError for values that are not JSON; HooklineError for U+0000 */
export function stepsOf(unit: Unit): readonly Step[] {
  return unit.flatMap((write) => {
    const steps: Step[] = [];
    const written = writtenBy(write);
    if (written) steps.push(written);
    if (write.signal) {
      const { executionId, jobPath, output, error, branch, sealed, isOptional = false } = write.signal;
      const value = JSON.stringify({ output, error, branch, sealed });
      steps.push({ type: 'signal', id: text(executionId), jobPath: text(jobPath), value, isOptional });
    }
    return steps;
  });
}

/** What the large texts of a unit weigh, in characters. */
export function weightOf(unit: Unit): number {
  return unit.reduce((sum, write) => sum + lengthOf(write), 0);
}

function writtenBy(write: ExecutionWrite): Step | undefined {
  const row = toRow(write);
  const source = write.insert ?? write.update;
  if (!row || !source) return undefined;
  const [id, workflowId, revision, , createdAt, startedAt, finishedAt, origin, body, result, wakeAt, laneName, ...also] = row;
  const entry = toLogEntry(write);
  const written: Written = {
    id: text(id),
    status: source.status,
    startedAt,
    finishedAt,
    result: result === null ? null : JSON.stringify(result),
    wakeAt,
    lane: source.lane,
    logged: entry && { sequence: entry[1], jobs: JSON.stringify(entry[2]) },
  };
  if (laneName !== null) text(laneName);
  if (origin) {
    const [executionSource, replayOf] = also;
    const fixed = {
      ...{ workflowId: text(workflowId), revision, createdAt, ...textsOf(origin, body) },
      ...{ source: executionSource, replayOf: replayOf === null ? null : text(replayOf) },
    };
    return { type: 'insert', ...written, fixed };
  }
  const { takenSignals = [], knownSignals = [], isForced = false } = write.update ?? {};
  return { type: 'update', ...written, takenSignals: takenSignals.map(text), knownSignals, isForced };
}

/** A text cannot hold U+0000; its JSON can. No JSON body has one, but other triggers may have other bodies. */
function textsOf(origin: Origin, body: string | null): Pick<Fixed, 'origin' | 'body'> {
  if (!body?.includes('\0') || !origin.request) return { origin: JSON.stringify(origin), body };
  return { origin: JSON.stringify({ ...origin, request: { ...origin.request, body } }), body: null };
}

function text(name: string): string {
  if (!name.includes('\0')) return name;
  throw new HooklineError('invalid_request', `The name ${JSON.stringify(name)} holds U+0000, which PostgreSQL cannot store.`);
}
