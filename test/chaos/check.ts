// Looks for what a chaos run has lost, repeated or mixed up, in what is stored, what callers know and what the world has seen.

import type { Job } from '../../src/engine/model.ts';
import type { Incidents } from './incidents.ts';
import type { Acknowledged, Try } from './load.ts';
import type { Effect } from './receiver.ts';
import type { ChaosWorkflow } from './workflows.ts';

/** An execution as the database has it at the end. */
export interface StoredExecution {
  readonly id: string;
  readonly workflow: string;
  readonly status: string;
  readonly body: string | null;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly response: { readonly status: number; readonly body: string } | null;
  readonly error: unknown;
  /** All that were ever committed. */
  readonly jobs: readonly Job[];
  readonly parentId: string | undefined;
}

export interface Evidence {
  readonly workflows: readonly ChaosWorkflow[];
  readonly executions: readonly StoredExecution[];
  readonly acknowledged: readonly Acknowledged[];
  readonly tries: readonly Try[];
  readonly effects: readonly Effect[];
  readonly incidents: Incidents;
  /** How late a process, or this one, may be with what takes no time, in milliseconds. */
  readonly slackMs: number;
}

/** Every acknowledged request has its execution, and it has succeeded. */
export function findLost({ executions, acknowledged }: Evidence): string[] {
  const problems: string[] = [];
  const byId = new Map(executions.map((execution) => [execution.id, execution]));
  const seen = new Set<string>();
  for (const { executionId, workflow, body, status, text } of acknowledged) {
    const stored = byId.get(executionId);
    if (seen.has(executionId)) problems.push(`${workflow} ${executionId} was acknowledged for two requests`);
    seen.add(executionId);
    if (!stored) problems.push(`${workflow} ${executionId} was acknowledged and is gone`);
    else if (stored.status !== 'succeeded') {
      problems.push(`${workflow} ${executionId} was acknowledged and is ${stored.status}: ${JSON.stringify(stored.error)}`);
    } else if (stored.body !== body) problems.push(`${workflow} ${executionId} has another body than was sent`);
    else if (workflow === 'sync' && (stored.response?.body !== text || stored.response.status !== status)) {
      problems.push(`sync ${executionId} was answered with ${status} ${text}, and stored as ${JSON.stringify(stored.response)}`);
    }
  }
  return problems;
}

/** Everything has come to its end, each finished node once, each caller of a subflow with one subflow. */
export function findUnfinished({ executions, workflows }: Evidence): string[] {
  const problems: string[] = [];
  const expected = new Map(workflows.map(({ name, chains }) => [name, new Set(chains.flat())]));
  const children = new Map<string, number>();
  for (const { parentId } of executions) if (parentId !== undefined) children.set(parentId, (children.get(parentId) ?? 0) + 1);
  for (const { id, workflow, status, jobs, error } of executions) {
    // The caller of a sync workflow has heard that it failed.
    const mayFail = workflow === 'sync' && ['error', 'timed_out'].includes(status);
    if (status !== 'succeeded' && !mayFail) problems.push(`${workflow} ${id} is ${status}: ${JSON.stringify(error)}`);
    if (status !== 'succeeded') continue;
    // A job that waits is there once more when it has ended.
    const paths = jobs.filter((job) => job.status !== 'waiting').map(({ path }) => path);
    const twice = paths.filter((path, index) => paths.indexOf(path) !== index);
    if (twice.length > 0) problems.push(`${workflow} ${id} has more than one job of ${twice.join(', ')}`);
    const missing = [...(expected.get(workflow) ?? [])].filter((path) => !paths.includes(path));
    if (missing.length > 0) problems.push(`${workflow} ${id} has succeeded without ${missing.join(', ')}`);
    if (workflow === 'calling' && children.get(id) !== 1) problems.push(`calling ${id} has ${children.get(id) ?? 0} subflows`);
  }
  return problems;
}

/** Each effect was seen, in the order of the flow, and only what an incident explains was seen again. */
export function checkEffects({ executions, workflows, effects, incidents, slackMs }: Evidence): {
  readonly expected: number;
  readonly repeats: number;
  readonly problems: string[];
} {
  const problems: string[] = [];
  const byKey = new Map<string, Effect[]>();
  for (const effect of effects) byKey.set(effect.key, [...(byKey.get(effect.key) ?? []), effect]);
  let expected = 0;
  let repeats = 0;
  for (const { id, workflow, status } of executions) {
    if (status !== 'succeeded') continue;
    for (const chain of workflows.find(({ name }) => name === workflow)?.chains ?? []) {
      let before: { readonly path: string; readonly lastAt: number } | undefined;
      for (const path of chain) {
        const seen = byKey.get(`${id}/${path}`) ?? [];
        const first = seen[0];
        if (first === undefined || !seen.some((effect) => effect.status === 200)) {
          problems.push(`${workflow} ${id} has succeeded, but nobody has seen its effect ${path}`);
        } else if (before !== undefined && before.lastAt > first.at) {
          problems.push(`${workflow} ${id}: ${before.path} was run again although ${path} had begun`);
        }
        before = { path, lastAt: seen.at(-1)?.at ?? 0 };
      }
    }
    expected += new Set(workflows.find(({ name }) => name === workflow)?.chains.flat()).size;
  }
  for (const [key, seen] of byKey) {
    for (const [index, effect] of seen.entries()) {
      const next = seen[index + 1];
      if (next === undefined || effect.status !== 200) continue;
      repeats += 1;
      // Before: what a process had sent when it was killed. After: until the job of the effect was committed.
      if (!incidents.touch(effect.at - slackMs, effect.answeredAt + slackMs)) {
        problems.push(`${key} was seen again ${next.at - effect.answeredAt} ms after its answer, and nothing explains it`);
      }
    }
  }
  return { expected, repeats, problems };
}

/** The executions of one lane come one after the other, in the order in which they were accepted. */
export function checkLanes({ effects, acknowledged, incidents, slackMs }: Evidence): {
  readonly runs: number;
  readonly overlaps: number;
  readonly problems: string[];
} {
  const problems: string[] = [];
  const inside = new Map<string, Effect>();
  const known = new Map(acknowledged.map((one) => [one.executionId, one]));
  const entered = new Set<string>();
  const latestSent = new Map<string, Acknowledged>();
  let overlaps = 0;
  for (const effect of effects) {
    const { lane, executionId, path } = effect;
    if (lane === undefined) continue;
    const other = inside.get(lane);
    if (other !== undefined && other.executionId !== executionId) {
      if (incidents.touch(other.at - slackMs, effect.at, ['kill', 'declared-dead'])) overlaps += 1;
      else problems.push(`Lane ${lane}: ${executionId} was at ${path} while ${other.executionId} had not left`);
    }
    if (path === 'leave') inside.delete(lane);
    else inside.set(lane, effect);
    if (entered.has(executionId)) continue;
    entered.add(executionId);
    const own = known.get(executionId);
    const later = latestSent.get(lane);
    // Only of two requests of which one was acknowledged before the other was sent it is certain which came first.
    if (own && later && own.acknowledgedAt < later.sentAt) {
      problems.push(`Lane ${lane}: ${later.executionId} was run before ${executionId}, which had been accepted earlier`);
    }
    if (own && (later === undefined || own.sentAt > later.sentAt)) latestSent.set(lane, own);
  }
  return { runs: entered.size, overlaps, problems };
}

/** While the database is away nothing is acknowledged. `away` is when nobody listened, in milliseconds since 1970. */
export function checkAway(
  { tries }: Evidence,
  away: readonly { readonly from: number; readonly to: number }[],
): { readonly answers: Readonly<Record<string, number>>; readonly problems: string[] } {
  const answers: Record<string, number> = {};
  for (const { status, sentAt, endedAt } of tries) {
    if (!away.some(({ from, to }) => sentAt > from && endedAt < to)) continue;
    answers[status] = (answers[status] ?? 0) + 1;
  }
  const wrong = Object.keys(answers).filter((status) => status !== '503' && status !== '0');
  return {
    answers,
    problems: wrong.map((status) => `While the database was away, ${answers[status]} requests were answered with ${status}`),
  };
}

/** On SQLite, where all that runs is cut by a kill: how long it took until flows that never wait had another job. */
export function recoveryTimes({ executions, incidents }: Evidence): number[] {
  const kills = incidents.all.filter(({ kind }) => kind === 'kill').map(({ from }) => from);
  const times: number[] = [];
  for (const { workflow, startedAt, finishedAt, jobs } of executions) {
    if (!['steps', 'sync', 'lane'].includes(workflow) || startedAt === null || finishedAt === null) continue;
    for (const kill of kills) {
      if (startedAt >= kill || finishedAt <= kill) continue;
      const next = Math.min(...jobs.map((job) => job.startedAt).filter((at) => at > kill));
      // Killed again before it had come so far, as on a machine that starts processes slowly: it counts from the later kill.
      if (kills.some((later) => later > kill && later < next)) continue;
      if (next < Number.POSITIVE_INFINITY) times.push(next - kill);
    }
  }
  return times;
}
