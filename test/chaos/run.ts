// A chaos run: real processes under load are killed again and again, the database too; then everything is accounted for.

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../../src/engine/model.ts';
import { parseStored } from '../../src/storage/database.ts';
import type { Origin, Result } from '../../src/storage/execution-row.ts';
import { type Callbacks, createCallbacks } from './callbacks.ts';
import {
  checkAway,
  checkEffects,
  checkLanes,
  type Evidence,
  findLost,
  findUnfinished,
  recoveryTimes,
  type StoredExecution,
} from './check.ts';
import { createFleet, type Fleet, type MemberOptions } from './fleet.ts';
import { createIncidents, type Incidents } from './incidents.ts';
import { pause, startLoad } from './load.ts';
import { createRandom } from './random.ts';
import { startReceiver } from './receiver.ts';
import { createRecoveryMeter } from './recovery.ts';
import { type ChaosReport, quantile } from './report.ts';
import { type ChaosStore, openPostgres, openSqlite } from './stores.ts';
import { type CallApi, startWebhooks, type Webhooks } from './webhooks.ts';
import { CHILD, type ChaosWorkflow, WORKFLOWS } from './workflows.ts';

export interface ChaosOptions {
  readonly store: 'postgres' | 'sqlite';
  /** Decides what is sent, who is killed and when. */
  readonly seed: number;
  /** How long requests are sent, in milliseconds. */
  readonly loadMs: number;
  /** Shortest and longest time between two incidents, in milliseconds. */
  readonly betweenMs: readonly [number, number];
  /** How long the database is away, in milliseconds. */
  readonly awayMs: number;
  /** How the database is restarted in the middle; `immediate` is what a crash looks like. */
  readonly restartMode: 'fast' | 'immediate';
  readonly callers: number;
  readonly recoveryMs: number;
  /** Told what happens. */
  readonly print?: (line: string) => void;
}

export interface ChaosResult {
  readonly report: ChaosReport;
  /** What the processes have printed. */
  readonly log: string;
}

type Step = 'kill' | 'restart' | 'away';

interface Planned {
  /** Milliseconds from the start; a step that takes longer than the next one's time holds it up. */
  readonly at: number;
  readonly step: Step;
  /** Who is killed. */
  readonly victim: string;
}

const TOKEN = 'Xh8kW2vRq5Zt9LmC3bNf7yJd4sGp6aEu';
const CALLER_PAUSE_MS = 100;
/** Programs that publish, and the pause of each between two messages, in milliseconds. */
const PUBLISHERS = 3;
const PUBLISHER_PAUSE_MS = 150;
const DRAIN_TIMEOUT_MS = 60_000;
const READY_TIMEOUT_MS = 60_000;
/** How late things may be on a quiet machine, in milliseconds: what was answered is committed by then, and noted. */
const LEAST_SLACK_MS = 2_000;
/** The slowest start of a process on a machine that has not too much to do, in milliseconds. */
const QUIET_START_MS = 5_000;
/** How long a process that is alone lives at least, in milliseconds: on a slow machine nothing would be acknowledged otherwise. */
const LEAST_LIFE_MS = 1_000;
/** On a slow machine the kills take longer than the load should; beyond this many times its length there are no more. */
const MAX_STRETCH = 2;

/** Two web processes and two workers on PostgreSQL, or one process on SQLite. */
const MEMBERS: Readonly<Record<ChaosOptions['store'], readonly (readonly MemberOptions[])[]>> = {
  // In pairs of different roles, so that it can be told which entry of the database is whose.
  postgres: [
    [
      { name: 'web-1', role: 'web' },
      { name: 'worker-1', role: 'worker' },
    ],
    [
      { name: 'web-2', role: 'web' },
      { name: 'worker-2', role: 'worker' },
    ],
  ],
  sqlite: [[{ name: 'all-1', role: 'all' }]],
};

/** Runs it. What was lost is in the report's `problems`; rejects when the run itself cannot go on. */
export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const store = await (options.store === 'postgres' ? openPostgres() : openSqlite());
  const logFile = join(store.folder, 'processes.log');
  const readLog = async (): Promise<string> => await readFile(logFile, 'utf8').catch(() => '');
  const incidents = createIncidents();
  const fleet = createFleet({
    logFile,
    incidents,
    onReady: store.processIdOf,
    env: {
      HOOKLINE_DATABASE_URL: store.url,
      HOOKLINE_SECRET_KEY: randomBytes(32).toString('hex'),
      HOOKLINE_ADMIN_TOKEN: TOKEN,
      // Resume URLs outlive the process that made them: the run calls their paths wherever somebody listens.
      HOOKLINE_PUBLIC_URL: 'http://hookline.example',
      HOOKLINE_OUTBOUND_ALLOW: '127.0.0.1',
      HOOKLINE_LOG_LEVEL: 'warn',
      HOOKLINE_RETENTION: 'none',
      HOOKLINE_EXPRESSION_WORKERS: '1',
      HOOKLINE_RECOVERY_MS: String(options.recoveryMs),
    },
  });
  const callbacks = createCallbacks(fleet.webUrls);
  const receiver = await startReceiver(callbacks.make);
  const webhooks = await startWebhooks();
  try {
    for (const pair of MEMBERS[options.store]) await Promise.all(pair.map((member) => fleet.start(member)));
    await webhooks.subscribe(callerOn(fleet));
    const workflows = await createWorkflows(fleet, receiver.url, webhooks.url);
    const report = await play(options, { store, fleet, incidents, callbacks, receiver, webhooks, workflows });
    return { report, log: await readLog() };
  } catch (error) {
    throw new Error(`The chaos run broke off. Its processes printed:\n${(await readLog()).slice(-8_000)}`, { cause: error });
  } finally {
    await fleet.stop();
    await receiver.stop();
    await webhooks.stop();
    await store.close();
  }
}

interface Stage {
  readonly store: ChaosStore;
  readonly fleet: Fleet;
  readonly incidents: Incidents;
  readonly callbacks: Callbacks;
  readonly receiver: Awaited<ReturnType<typeof startReceiver>>;
  readonly webhooks: Webhooks;
  readonly workflows: readonly (ChaosWorkflow & { readonly id: string; readonly hookKey: string })[];
}

async function play(options: ChaosOptions, stage: Stage): Promise<ChaosReport> {
  const { store, fleet, incidents, callbacks, receiver, webhooks, workflows } = stage;
  const { seed, callers, print = () => {} } = options;
  const meter = createRecoveryMeter(store, incidents, fleet.hasWorkerSince);
  const away: { from: number; to: number }[] = [];
  const names = fleet.members.map(({ name }) => name);

  async function take({ step, victim }: Planned): Promise<void> {
    if (step === 'kill') {
      // Somebody of its role lives on; on a machine that starts processes slowly, kills come later.
      const { role } = fleet.members.find(({ name }) => name === victim) ?? {};
      const others = fleet.members.filter((one) => one.role === role && one.name !== victim).map(({ name }) => name);
      await fleet.ready(READY_TIMEOUT_MS, others.length > 0 ? others : [victim]);
      while (others.length === 0 && !fleet.hasWorkerSince(Date.now() - LEAST_LIFE_MS)) await pause(20);
      print(`kill -9 ${victim}`);
      meter.follow(await fleet.kill(victim));
      return;
    }
    await fleet.ready(READY_TIMEOUT_MS);
    if (step === 'restart') {
      print(`database restarts (${options.restartMode})`);
      const incident = incidents.add('database');
      await store.server?.restart(options.restartMode);
      incident.to = Date.now();
    } else {
      print(`database is away for ${options.awayMs} ms`);
      const incident = incidents.add('database');
      await store.server?.stop();
      const from = Date.now();
      await pause(options.awayMs);
      away.push({ from, to: Date.now() });
      await store.server?.start();
      incident.to = Date.now();
    }
  }

  const startedAt = Date.now();
  const load = startLoad({ seed, callers, pauseMs: CALLER_PAUSE_MS, workflows, urls: fleet.webUrls });
  const stopPublishing = webhooks.publish({ call: callerOn(fleet), callers: PUBLISHERS, pauseMs: PUBLISHER_PAUSE_MS });
  try {
    for (const planned of plan(options, names, store.server !== undefined)) {
      if (planned.step === 'kill' && Date.now() - startedAt > options.loadMs * MAX_STRETCH) continue;
      await pause(Math.max(0, startedAt + planned.at - Date.now()));
      await take(planned);
    }
    await pause(Math.max(0, startedAt + options.loadMs - Date.now()));
  } finally {
    await Promise.all([load.stop(), stopPublishing()]);
  }
  print('the load has ended');
  const endedAt = Date.now();
  await fleet.ready(READY_TIMEOUT_MS);
  await callbacks.settled();
  const left = await drain(fleet);
  const drainMs = Date.now() - endedAt;
  await meter.settled();
  const restarts = fleet.restarts;
  await fleet.stop();
  const leftovers = await findLeftovers(store);
  const executions = await readExecutions(store, workflows);
  const { acknowledged, tries } = load;
  const slackMs = Math.max(LEAST_SLACK_MS, fleet.slowestStartMs);
  const evidence: Evidence = { workflows, executions, acknowledged, tries, effects: receiver.effects, incidents, slackMs };
  const effects = checkEffects(evidence);
  const sent = await webhooks.check(store, executions, incidents, slackMs);
  const lanes = checkLanes(evidence);
  const outage = checkAway(evidence, away);
  const times = store.server ? meter.times : recoveryTimes(evidence);
  // On SQLite nothing has to be noticed, but the process has to start.
  const limitMs = slackMs + (store.server ? options.recoveryMs : fleet.slowestStartMs);
  // A machine with too much to do has a backlog, in which what was taken over waits too: then only taking it over is on time.
  const timed = fleet.slowestStartMs <= QUIET_START_MS ? [...meter.takeOvers, ...times] : meter.takeOvers;
  const late = timed.filter((ms) => ms > limitMs);
  const problems = [
    ...fleet.problems,
    ...callbacks.problems,
    ...(left.length > 0 ? [`Not finished within ${DRAIN_TIMEOUT_MS} ms: ${left.join(', ')}`] : []),
    ...leftovers,
    ...findLost(evidence),
    ...findUnfinished(evidence),
    ...effects.problems,
    ...lanes.problems,
    ...sent.problems,
    ...outage.problems,
    ...late.map((ms) => `What a killed process ran went on only after ${ms} ms; ${limitMs} ms is the limit`),
  ];
  return {
    store: options.store,
    seed,
    seconds: Math.round((endedAt - startedAt) / 1_000),
    requests: tries.length,
    acknowledged: {
      async: acknowledged.filter(({ workflow }) => workflow !== 'sync').length,
      sync: acknowledged.filter(({ workflow }) => workflow === 'sync').length,
    },
    refused: countBy(tries.filter(({ status }) => status === 0 || status >= 300).map(({ status }) => String(status))),
    answersWhileAway: outage.answers,
    kills: incidents.all.filter(({ kind }) => kind === 'kill').length,
    restarts,
    databaseRestarts: incidents.all.filter(({ kind }) => kind === 'database').length,
    executions: countBy(executions.map(({ status }) => status)),
    callbacks: callbacks.counts,
    effects: effects.expected,
    repeats: effects.repeats,
    webhooks: { published: sent.published, deliveries: sent.deliveries, repeats: sent.repeats },
    laneRuns: lanes.runs,
    laneOverlaps: lanes.overlaps,
    declaredDead: incidents.all.filter(({ kind }) => kind === 'declared-dead').length,
    recovery: {
      count: times.length,
      p50: quantile(times, 0.5),
      max: Math.max(0, ...times),
      disturbed: meter.disturbed.length,
      takeOverMaxMs: Math.max(0, ...meter.takeOvers),
    },
    drainMs,
    slowestStartMs: fleet.slowestStartMs,
    problems,
  };
}

/**
 * What happens when, decided by the seed alone: kills, and where there is a server one restart and one outage of it. Each
 * process has its turn before any is killed twice.
 */
function plan({ seed, loadMs, betweenMs: [min, max] }: ChaosOptions, names: readonly string[], hasServer: boolean): Planned[] {
  const random = createRandom(seed);
  let left: string[] = [];
  const planned: Planned[] = [];
  for (let at = random.between(min, max); at < loadMs - min / 2; at += random.between(min, max)) {
    if (left.length === 0) left = [...names];
    const victim = random.pick(left);
    left = left.filter((name) => name !== victim);
    planned.push({ at, step: 'kill', victim });
  }
  const insert = (step: Step, share: number): void => {
    const index = Math.floor(planned.length * share);
    // The kill that was to come here comes right behind it: processes meet a database that has just come back.
    planned.splice(index, 0, { at: planned[index]?.at ?? loadMs * share, step, victim: '' });
  };
  if (hasServer) {
    insert('restart', 0.3);
    insert('away', 0.6);
  }
  return planned;
}

async function createWorkflows(fleet: Fleet, receiverUrl: string, webhookUrl: string): Promise<Stage['workflows']> {
  let childId = '';
  const created: (ChaosWorkflow & { id: string; hookKey: string })[] = [];
  for (const workflow of WORKFLOWS) {
    const { name, mode } = workflow;
    const document = { title: name, mode, enabled: true, ...workflow.document(receiverUrl, childId, webhookUrl) };
    const { id, hookKey } = (await api(fleet, 'POST', '/api/workflows', document)) as { id: string; hookKey: string };
    if (workflow === CHILD) childId = id;
    created.push({ ...workflow, id, hookKey });
  }
  return created;
}

/** Looks in a row that find nothing left: what changes its status between two questions of one look is missed by it. */
const QUIET_LOOKS = 3;

/** Waits until nothing is left to run. @returns the ids of some that are left when the time is over */
async function drain(fleet: Fleet): Promise<string[]> {
  const deadline = performance.now() + DRAIN_TIMEOUT_MS;
  for (let quiet = 0; ; ) {
    const left: string[] = [];
    for (const status of ['queued', 'running', 'waiting']) {
      const page = await api(fleet, 'GET', `/api/executions?limit=5&status=${status}`);
      left.push(...(page as { data: { id: string }[] }).data.map(({ id }) => `${status} ${id}`));
    }
    const pending = await api(fleet, 'GET', '/api/deliveries?limit=5&status=pending');
    left.push(...(pending as { data: { id: string }[] }).data.map(({ id }) => `pending ${id}`));
    quiet = left.length === 0 ? quiet + 1 : 0;
    if (quiet === QUIET_LOOKS || performance.now() > deadline) return left;
    await pause(50);
  }
}

/** Calls whoever listens; undefined when nobody does, or does not answer. */
function callerOn(fleet: Fleet): CallApi {
  return async (method, path, body, headers = {}) => {
    const [url] = fleet.webUrls();
    if (url === undefined) return undefined;
    try {
      const response = await fetch(url + path, {
        method,
        headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json', ...headers },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(20_000),
      });
      return { status: response.status, body: await response.json() };
    } catch {
      return undefined;
    }
  };
}

async function api(fleet: Fleet, method: string, path: string, body?: object): Promise<unknown> {
  const [url = ''] = fleet.webUrls();
  const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
  const response = await fetch(url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status} ${text}`);
  return JSON.parse(text);
}

interface Row {
  readonly id: string;
  readonly workflow_id: string;
  readonly status: string;
  readonly body: string | null;
  /** Text on PostgreSQL. */
  readonly started_at: string | number | null;
  readonly finished_at: string | number | null;
  readonly origin: string;
  readonly result: string | null;
}

async function readExecutions(store: ChaosStore, workflows: Stage['workflows']): Promise<StoredExecution[]> {
  const rows = await store.rows<Row>(
    'SELECT id, workflow_id, status, body, started_at, finished_at, origin, result FROM executions',
  );
  const logged = await store.rows<{ execution_id: string; jobs: string }>('SELECT execution_id, jobs FROM execution_jobs');
  const log = new Map<string, Job[]>();
  for (const { execution_id: id, jobs } of logged) log.set(id, [...(log.get(id) ?? []), ...parseStored<Job[]>(jobs)]);
  const names = new Map(workflows.map(({ id, name }) => [id, name]));
  const time = (value: string | number | null): number | null => (value === null ? null : Number(value));
  return rows.map((row) => {
    const result = row.result === null ? undefined : parseStored<Result>(row.result);
    return {
      id: row.id,
      workflow: names.get(row.workflow_id) ?? row.workflow_id,
      status: row.status,
      body: row.body,
      startedAt: time(row.started_at),
      finishedAt: time(row.finished_at),
      response: result?.response ?? null,
      error: result?.error ?? null,
      jobs: [...(log.get(row.id) ?? []), ...(result?.jobs ?? [])],
      parentId: parseStored<Origin>(row.origin).parent?.executionId,
    };
  });
}

/** On PostgreSQL, what nobody needs any more when everything has ended and everybody has signed off. */
async function findLeftovers(store: ChaosStore): Promise<string[]> {
  if (!store.server) return [];
  const tables: [string, string][] = [
    ['processes', 'FROM processes'],
    ['tasks', 'FROM graphile_worker._private_jobs'],
    ['locked lanes', 'FROM graphile_worker._private_job_queues WHERE locked_at IS NOT NULL'],
    ['owned executions', 'FROM executions WHERE owner IS NOT NULL'],
    ['leased endpoints', 'FROM endpoints WHERE owner IS NOT NULL'],
  ];
  const problems: string[] = [];
  for (const [name, from] of tables) {
    const [row] = await store.rows<{ count: string | number }>(`SELECT count(*) AS count ${from}`);
    if (Number(row?.count) > 0) problems.push(`At the end there are ${row?.count} ${name} left`);
  }
  return problems;
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
