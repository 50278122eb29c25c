// Opens a database to read, beside any servers, and asks everything that the doctor asks.

import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { HooklineError } from '../errors.ts';
import { connectReader, sqlitePath } from '../storage/connect.ts';
import { pendingMigrations } from '../storage/migrate.ts';
import { connectPostgresReader } from '../storage/postgres/connect.ts';
import { isPostgresUrl } from '../storage/postgres-url.ts';
import { claimDatabase } from '../storage/sqlite-lock.ts';
import { withStorageErrors } from '../storage/storage-error.ts';
import { checkEndlessWaits, checkErrors, checkLongRuns, checkOrphans, checkOverdue, checkQueued } from './executions.ts';
import type { Patient } from './patient.ts';
import type { Finding, Report } from './report.ts';
import { checkDisk, checkNodeTypes, checkProcesses, checkTasks, describeServer } from './surroundings.ts';
import { checkTokens } from './tokens.ts';
import { checkUnreadable } from './unreadable.ts';
import { checkDeliveries, checkEndpoints } from './webhooks.ts';

export interface DiagnoseOptions extends Pick<Patient, 'recoveryMs' | 'now' | 'isNodeType'> {
  /** The database's URL. */
  readonly url: string;
}

/**
 * Looks at a database; changes nothing.
 * @throws HooklineError `invalid_configuration` when there is none, `storage_unavailable`, `migration_needed` when it is newer
 *   than the program
 */
export async function diagnose({ url, ...given }: DiagnoseOptions): Promise<Report> {
  const isPostgres = isPostgresUrl(url);
  const sequelize = await (isPostgres ? connectPostgresReader : connectReader)(url);
  try {
    return await withStorageErrors(async () => {
      const pending = await pendingMigrations(sequelize);
      if (pending.length > 0) {
        const summary = `The schema is not up to date; run \`hookline migrate\`. Pending: ${pending.join(', ')}.`;
        return { isHealthy: false, findings: [{ check: 'schema', isProblem: true, summary }] };
      }
      const file = isPostgres ? undefined : await realpath(sqlitePath(url));
      const findings = await examine({ ...given, sequelize, isPostgres, file });
      return { isHealthy: findings.every(({ isProblem }) => !isProblem), findings };
    });
  } finally {
    await withStorageErrors(() => sequelize.close());
  }
}

async function examine(patient: Patient): Promise<Finding[]> {
  const { file } = patient;
  const isServerRunning = file !== undefined && (await isClaimed(file));
  return [
    { check: 'schema', isProblem: false, summary: 'The schema is up to date.' },
    file === undefined ? await checkProcesses(patient) : describeServer(isServerRunning),
    await checkQueued(patient),
    ...(file === undefined ? [await checkTasks(patient)] : []),
    await checkOverdue(patient),
    await checkOrphans(patient, isServerRunning),
    await checkLongRuns(patient),
    await checkEndlessWaits(patient),
    await checkEndpoints(patient),
    await checkDeliveries(patient),
    await checkNodeTypes(patient),
    await checkTokens(patient),
    ...(file === undefined ? [] : [await checkDisk(file)]),
    await checkErrors(patient),
    await checkUnreadable(patient),
  ];
}

async function isClaimed(file: string): Promise<boolean> {
  // Where there never was a server, none is made to look so.
  if (!existsSync(`${file}.lock`)) return false;
  try {
    await (await claimDatabase(file))();
    return false;
  } catch (error) {
    if (error instanceof HooklineError && error.code === 'invalid_configuration') return true;
    throw error;
  }
}
