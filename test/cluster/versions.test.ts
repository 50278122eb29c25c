// Versions side by side on one database: what all of them know, which are refused, and which stop.

import type pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Migration, migrations } from '../../migrations/index.ts';
import { createClusterPool } from '../../src/cluster/pool.ts';
import { type Process, type ProcessOptions, startProcess } from '../../src/cluster/processes.ts';
import type { Program } from '../../src/cluster/versions.ts';
import { program } from '../../src/program.ts';
import { graphileTasks } from '../../src/queue/graphile-tasks.ts';
import { migratePostgres } from '../../src/storage/postgres/migrate.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { makeTemplate, silent } from './database.ts';

const PATIENCE = { timeout: 15_000, interval: 30 };
const RECOVERY_MS = 600;

const format: Migration = { name: '9001-format', effect: 'format', up: async () => {} };
const expand: Migration = { name: '9002-expand', effect: 'expand', up: async () => {} };
const contract: Migration = { name: '9003-contract', effect: 'contract', up: async () => {} };
const lateContract: Migration = { ...contract, requires: format.name };
const newer: Program = { version: '9.1.0', migrations: [...program.migrations, format.name], formats: [format.name] };

let postgres: TestPostgres;
let template: string;
let url: string;
let pool: pg.Pool;
const open: Process[] = [];

beforeAll(async () => {
  postgres = await startPostgres();
  template = await makeTemplate(postgres);
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = await postgres.createDatabase({ template });
  pool = createClusterPool({ url, max: 8, log: silent });
});
afterEach(async () => {
  for (const process of open.splice(0)) await process.stop();
  await pool.end();
});

async function start(change: Partial<ProcessOptions> = {}): Promise<Process> {
  const started = await startProcess({
    pool,
    role: 'worker',
    host: 'test',
    recoveryMs: RECOVERY_MS,
    program,
    keyIds: () => [],
    tasks: graphileTasks,
    log: silent,
    onDeclaredDead: () => {},
    onTooOld: () => {},
    ...change,
  });
  open.push(started);
  return started;
}

/** As a program before 0008 registers; it lives when it beats. */
async function addUnversioned(beatAt = Date.now()): Promise<void> {
  await pool.query(
    "INSERT INTO processes (id, role, host, started_at, beat, beat_at) VALUES ('old', 'web', 'old-host', 1, 7, $1)",
    [beatAt],
  );
}

async function beatOld(): Promise<void> {
  await pool.query("UPDATE processes SET beat = beat + 1 WHERE id = 'old'");
}

async function beatOf({ id }: Process): Promise<number> {
  const { rows } = await pool.query<{ beat: string }>('SELECT beat FROM processes WHERE id = $1', [id()]);
  return Number(rows[0]?.beat);
}

/** Waits until a process has had two whole turns. */
async function twoBeats(process: Process): Promise<void> {
  const before = await beatOf(process);
  await vi.waitFor(async () => {
    await beatOld();
    expect(await beatOf(process)).toBeGreaterThan(before + 2);
  }, PATIENCE);
}

const migrateTo = (...more: Migration[]): Promise<string[]> => migratePostgres(url, [...migrations, ...more]);

describe('a process', () => {
  it('writes its version and the range of schemas that it can work on', async () => {
    const process = await start();
    const { rows } = await pool.query('SELECT version, schema_newest, schema_oldest FROM processes WHERE id = $1', [
      process.id(),
    ]);
    const newest = migrations.at(-1)?.name;
    expect(rows).toEqual([{ version: program.version, schema_newest: newest, schema_oldest: newest }]);
  });

  it('that is beside an unknown or older version may not write a new format; alone it may, for good', async () => {
    await migrateTo(format);
    await addUnversioned();
    const older = await start();
    const process = await start({ program: newer });
    await twoBeats(process);
    expect(process.everyProcessKnows(format.name)).toBe(false);
    await pool.query("DELETE FROM processes WHERE id = 'old'");
    await twoBeats(process);
    expect(process.everyProcessKnows(format.name)).toBe(false);
    await older.stop();
    await vi.waitFor(() => expect(process.everyProcessKnows(format.name)).toBe(true), PATIENCE);
    await expect(start()).rejects.toMatchObject({ code: 'migration_needed', message: expect.stringContaining(format.name) });
    await addUnversioned();
    await twoBeats(process);
    expect(process.everyProcessKnows(format.name)).toBe(true);
    expect((await start({ program: newer })).everyProcessKnows(format.name)).toBe(true);
  });

  it('asks about formats alone', async () => {
    const process = await start({ program: newer });
    expect(() => process.everyProcessKnows(expand.name)).toThrow(TypeError);
  });

  it('stops when the database was migrated beyond what it knows, and not for what only adds', async () => {
    const onTooOld = vi.fn();
    const process = await start({ onTooOld });
    await migrateTo(format, expand);
    await twoBeats(process);
    expect(onTooOld).not.toHaveBeenCalled();
    await pool.query("INSERT INTO migrations (name, requires) VALUES ('9003-contract', '9003-contract')");
    await vi.waitFor(() => expect(onTooOld).toHaveBeenCalled(), PATIENCE);
    await twoBeats(process);
    expect(onTooOld).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ code: 'migration_needed', message: expect.stringContaining('9003-contract') }),
    );
  });
});

describe('a migration', () => {
  it('that only adds lets older programs start', async () => {
    await migrateTo(format, expand);
    await expect(migrateTo()).resolves.toEqual([]);
  });

  it('that takes something away is refused beside an older process, by name, and nothing is changed', async () => {
    await addUnversioned();
    await start();
    const refused = migrateTo(expand, contract);
    await expect(refused).rejects.toMatchObject({
      code: 'migration_needed',
      message: expect.stringMatching(
        `9003-contract would break .*web on old-host \\(an older version\\), worker on test \\(version ${program.version}\\)`,
      ),
    });
    await expect(migrateTo()).resolves.toEqual([]);
    const { rows } = await pool.query("SELECT name FROM migrations WHERE name LIKE '9%'");
    expect(rows).toEqual([]);
  });

  it('that takes something away runs beside processes that know enough, and refuses older programs from then on', async () => {
    await migrateTo(format);
    await start({ program: newer });
    // Killed long ago, and nobody was there to notice.
    await addUnversioned(1);
    expect(await migrateTo(format, lateContract)).toEqual([contract.name]);
    await expect(migrateTo()).rejects.toMatchObject({
      code: 'migration_needed',
      message: expect.stringContaining(contract.name),
    });
    await expect(migrateTo(format)).resolves.toEqual([]);
  });

  it('gives way to those that wait for its lock, and tries again', async () => {
    const reader = await pool.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM settings');
    const alter: Migration = {
      name: '9004-alter',
      effect: 'expand',
      up: async ({ context }) => void (await context.sequelize.query('ALTER TABLE settings ADD COLUMN more TEXT')),
    };
    const migrating = migrateTo(alter);
    // Each of these stands behind the migration in the queue for the lock, until that gives way.
    await vi.waitFor(async () => {
      const { rows } = await pool.query(
        "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'ALTER TABLE settings%'",
      );
      expect(rows).toHaveLength(1);
    }, PATIENCE);
    await pool.query("INSERT INTO settings (name, value) VALUES ('a', 'b')");
    await reader.query('COMMIT');
    reader.release();
    expect(await migrating).toEqual([alter.name]);
  });
});
