// Checks of what executions need: processes, tasks of the queue, node types, room on the disk.

import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Document, documentSchema, type Node } from '../engine/model.ts';
import { hasTaskSql, QUEUE_SCHEMA } from '../queue/graphile-tasks.ts';
import { findExecutions, MAX_ITEMS, type Patient, readJson, rowsOf, toItems } from './patient.ts';
import { describeAge, describeBytes, type Finding, type Item, plural } from './report.ts';

/** Less free room than this is a problem, in bytes. */
const MIN_FREE_BYTES = 500_000_000;
const PAGE_SIZE = 100;

/** The processes on a PostgreSQL database, and when each was last heard of. */
export async function checkProcesses(patient: Patient): Promise<Finding> {
  const { now, recoveryMs } = patient;
  const rows = await rowsOf<{
    id: string;
    role: string;
    host: string;
    beatAt: string;
    version: string | null;
    schema: string | null;
  }>(
    patient,
    'SELECT id, role, host, beat_at AS "beatAt", version, schema_newest AS schema FROM processes ORDER BY started_at, id',
  );
  const processes = rows.map((row) => ({ ...row, silentMs: Math.max(0, now - Number(row.beatAt)) }));
  // A dead one is buried after `recoveryMs` by those that live.
  const silent = processes.filter(({ silentMs }) => silentMs > 2 * recoveryMs);
  const live = processes.filter((one) => !silent.includes(one));
  const workers = live.filter(({ role }) => role !== 'web').length;
  const versions = [...new Set(live.map(describeVersion))].sort();
  const mixed =
    versions.length > 1
      ? ` Their versions differ (${versions.join(', ')}): finish the upgrade by restarting the older ones.`
      : '';
  const faults = [
    ...(silent.length > 0
      ? [`${plural(silent.length, 'process')} not heard of for long: dead, or cut off from the database.`]
      : []),
    ...(live.length > 0 && workers === 0 ? ['No process runs async executions: start one with the role worker.'] : []),
    ...(live.length === 0 ? ['No process works on this database.'] : []),
  ];
  return {
    check: 'processes',
    isProblem: faults.length > 0,
    summary:
      faults.length > 0
        ? faults.join(' ') + mixed
        : `${plural(live.length, 'live process')}, ${workers} of them running executions.${mixed}`,
    items: processes.map(({ id, role, host, version, schema, silentMs }) => ({
      id,
      text: `${role} on ${host}, ${describeVersion({ version, schema })}, heard of ${describeAge(silentMs)} ago`,
    })),
    values: { live: live.length, workers, silent: silent.length, versions: versions.length },
  };
}

/** With the schema: what is built from the sources has the same version for long. */
function describeVersion({ version, schema }: { version: string | null; schema: string | null }): string {
  return version === null ? 'an older version' : `version ${version} (schema ${schema})`;
}

/** Whether the server of a SQLite database runs. */
export function describeServer(isServerRunning: boolean): Finding {
  return {
    check: 'processes',
    isProblem: false,
    summary: isServerRunning ? 'A server is running on this database.' : 'No server is running on this database.',
    values: { live: isServerRunning ? 1 : 0 },
  };
}

/** Queued executions that the scale-out queue knows nothing of. */
export async function checkTasks(patient: Patient): Promise<Finding> {
  const [installed] = await rowsOf<{ found: boolean }>(
    patient,
    `SELECT to_regclass('${QUEUE_SCHEMA}._private_jobs') IS NOT NULL AS found`,
  );
  if (installed?.found !== true) {
    return { check: 'tasks', isProblem: true, summary: 'The tables of the queue are missing: run `hookline migrate`.' };
  }
  // A moment's grace is not needed: a task is committed together with its execution.
  const condition = `(e.status = 'queued' OR e.status = 'waiting' AND e.wake_at IS NOT NULL) AND NOT ${hasTaskSql('e.id')}`;
  const { count, found } = await findExecutions(patient, condition);
  return {
    check: 'tasks',
    isProblem: count > 0,
    summary:
      count === 0
        ? 'Every queued execution has a task in the queue.'
        : `${plural(count, 'execution')} without a task in the queue. A live worker adds what is missing within a minute; start one.`,
    items: await toItems(patient, found, ({ createdAt }) => `accepted ${describeAge(patient.now - createdAt)} ago`),
    values: { count },
  };
}

/** Live revisions with nodes of a type that this build does not have; not those in the trash. */
export async function checkNodeTypes(patient: Patient): Promise<Finding> {
  const items: Item[] = [];
  let enabled = 0;
  let count = 0;
  for (let last = ''; ; ) {
    const rows = await rowsOf<{ id: string; title: string; enabled: boolean | number; document: string }>(
      patient,
      `SELECT w.id, w.title, w.enabled, r.document FROM workflows w
       JOIN revisions r ON r.workflow_id = w.id AND r.revision = w.revision
       WHERE w.id > ? AND w.deleted_at IS NULL ORDER BY w.id LIMIT ${PAGE_SIZE}`,
      [last],
    );
    for (const row of rows) {
      const missing = typesOf(readJson<unknown>(row.document, undefined)).filter((type) => !patient.isNodeType(type));
      if (missing.length === 0) continue;
      count += 1;
      if (row.enabled) enabled += 1;
      if (items.length < MAX_ITEMS) {
        items.push({ id: row.id, text: `"${row.title}" (${row.enabled ? 'enabled' : 'disabled'}) needs ${missing.join(', ')}` });
      }
    }
    const end = rows.at(-1);
    if (!end || rows.length < PAGE_SIZE) break;
    last = end.id;
  }
  return {
    check: 'node-types',
    isProblem: enabled > 0,
    summary:
      count === 0
        ? 'All node types that workflows use are part of this build.'
        : `${plural(count, 'workflow')} with node types that are not part of this build (an application that embeds Hookline may bring them).`,
    items,
    values: { count, enabled },
  };
}

function typesOf(stored: unknown): string[] {
  const document = documentSchema.safeParse(stored).data as Document | undefined;
  const types = new Set<string>();
  const walk = (nodes: readonly Node[]): void => {
    for (const { type, branches = {} } of nodes) {
      types.add(type);
      for (const branch of Object.values(branches)) walk(branch);
    }
  };
  walk(document?.nodes ?? []);
  return [...types];
}

/** Size of the SQLite files, and the room that is left for them. */
export async function checkDisk(file: string): Promise<Finding> {
  const [database, wal, disk] = await Promise.all([sizeOf(file), sizeOf(`${file}-wal`), statfs(dirname(file))]);
  const free = disk.bavail * disk.bsize;
  const isProblem = free < MIN_FREE_BYTES;
  return {
    check: 'disk',
    isProblem,
    summary: `The database has ${describeBytes(database)} and its write-ahead log ${describeBytes(wal)}; ${describeBytes(free)} are free on the disk.${isProblem ? ' When none are left, trigger URLs answer 503: make room.' : ''}`,
    values: { databaseBytes: database, walBytes: wal, freeBytes: free },
  };
}

async function sizeOf(file: string): Promise<number> {
  // Without a server there may be no log.
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  );
}
