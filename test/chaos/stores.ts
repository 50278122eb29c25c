// The two databases of a chaos run: what the processes are told of them, and how the run looks into them.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import sqlite3 from 'sqlite3';
import { startPostgres } from '../postgres.ts';
import type { Member } from './fleet.ts';

/** An execution that a process was running when it was killed. */
export interface Interrupted {
  readonly id: string;
  readonly owner: string | null;
}

export interface ChaosStore {
  readonly url: string;
  /** Folder for whatever the run writes. */
  readonly folder: string;
  /** Finds out which entry of the database a process has that has just started. */
  processIdOf(member: Member): Promise<string | undefined>;
  /** Reads; PostgreSQL at any time, SQLite when nobody writes. */
  rows<Row extends object>(sql: string, values?: unknown[]): Promise<Row[]>;
  /** The database server stops and starts; undefined where there is none. */
  readonly server:
    | {
        restart(mode: 'fast' | 'immediate'): Promise<void>;
        stop(): Promise<void>;
        start(): Promise<void>;
      }
    | undefined;
  close(): Promise<void>;
}

/** Embedded PostgreSQL that waits for the disk at each commit. */
export async function openPostgres(): Promise<ChaosStore> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-chaos-'));
  const postgres = await startPostgres({ hasFsync: true, maxConnections: 300, settings: { synchronous_commit: 'on' } });
  const url = await postgres.createDatabase();
  const pool = new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: 5_000 });
  // Lost on purpose.
  pool.on('error', () => {});
  pool.on('connect', (client) => void client.on('error', () => {}));
  const known = new Set<string>();
  const rows: ChaosStore['rows'] = async <Row extends object>(sql: string, values: unknown[] = []) =>
    (await pool.query<Row & pg.QueryResultRow>(sql, values)).rows;
  return {
    url,
    folder,
    rows,
    async processIdOf({ role }) {
      const found = await rows<{ id: string; role: string }>('SELECT id, role FROM processes');
      const fresh = found.filter(({ id }) => !known.has(id));
      for (const { id } of fresh) known.add(id);
      const own = fresh.filter((one) => one.role === role);
      // When two have just come, nobody can tell which is which.
      return own.length === 1 ? own[0]?.id : undefined;
    },
    server: {
      restart: (mode) => postgres.restart(mode),
      stop: () => postgres.stopServer('fast'),
      start: () => postgres.startServer(),
    },
    async close() {
      await pool.end();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A SQLite file of its own. */
export async function openSqlite(): Promise<ChaosStore> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-chaos-'));
  const file = join(folder, 'hookline.db');
  return {
    url: `sqlite:${file}`,
    folder,
    processIdOf: () => Promise.resolve(undefined),
    rows: <Row extends object>(sql: string) =>
      new Promise<Row[]>((resolve, reject) => {
        const database = new sqlite3.Database(file, sqlite3.OPEN_READONLY);
        database.all<Row>(sql, (error, found) => {
          database.close();
          if (error) reject(error);
          else resolve(found);
        });
      }),
    server: undefined,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
