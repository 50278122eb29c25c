// Makes small databases with the code of an older commit, on SQLite and PostgreSQL, for test/upgrade: see the README there.
// Usage: npx tsx scripts/make-upgrade-database.ts <commit> <newest migration of that commit>

import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sqlite3 from 'sqlite3';
import { startPostgres } from '../test/postgres.ts';
import { dumpPostgres } from '../test/upgrade/dump-postgres.ts';
import { type Filled, fill } from '../test/upgrade/fill.ts';
import { checkOut } from '../test/upgrade/old-version.ts';

const [commit, migration] = process.argv.slice(2);
if (commit === undefined || migration === undefined) throw new Error('Name a commit and its newest migration.');

const TARGET = new URL('../test/upgrade/databases/', import.meta.url).pathname;
const isOnPostgres = migration >= '0002';
const hasOutbound = migration >= '0003';

const folder = await mkdtemp(join(tmpdir(), 'hookline-upgrade-'));
const receiver = createServer((request, response) => request.resume().on('end', () => response.end('ok'))).listen(0, '127.0.0.1');
await once(receiver, 'listening');
const receiverUrl = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
const old = await checkOut(commit);

/** Starts the old server on a database, fills it and stops it. */
async function make(databaseUrl: string): Promise<Filled> {
  const server = await old.start(databaseUrl, [], hasOutbound ? { HOOKLINE_OUTBOUND_ALLOW: '127.0.0.1' } : {});
  const filled = await fill(server.url, 'one', hasOutbound ? receiverUrl : undefined);
  await server.stop();
  return filled;
}

async function store(name: string, contents: Buffer | string, filled: Filled): Promise<void> {
  await writeFile(join(TARGET, `${name}.gz`), gzipSync(contents, { level: 9 }));
  await writeFile(join(TARGET, `${name}.json`), `${JSON.stringify({ commit, ...filled }, null, 2)}\n`);
  console.log(`${name}: ${filled.executions.length} executions, workflows ${Object.keys(filled.workflows).join(', ')}`);
}

async function makeOnSqlite(): Promise<void> {
  const file = join(folder, 'hookline.db');
  const filled = await make(`sqlite:${file}`);
  const compact = join(folder, 'compact.db');
  await new Promise<void>((resolve, reject) => {
    const database = new sqlite3.Database(file);
    database.exec(`VACUUM INTO '${compact}'`, (error) => {
      if (error) return reject(error);
      database.close((closing) => (closing ? reject(closing) : resolve()));
    });
  });
  await store(`${migration}.db`, await readFile(compact), filled);
}

async function makeOnPostgres(): Promise<void> {
  const postgres = await startPostgres();
  try {
    const url = await postgres.createDatabase();
    const filled = await make(url);
    const dump = await dumpPostgres(url);
    const restored = await postgres.createDatabase();
    await postgres.query(restored, dump);
    if ((await dumpPostgres(restored)) !== dump) throw new Error('What is restored from the dump differs from its database.');
    await store(`${migration}.sql`, dump, filled);
  } finally {
    await postgres.stop();
  }
}

try {
  await makeOnSqlite();
  if (isOnPostgres) await makeOnPostgres();
} finally {
  receiver.close();
  await old.remove();
  await rm(folder, { recursive: true });
}
