// Makes a small database with the code of an older commit, for test/upgrade: see the README there.
// Usage: npx tsx scripts/make-upgrade-database.ts <commit> <newest migration of that commit>

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sqlite3 from 'sqlite3';
import { fill } from '../test/upgrade/fill.ts';
import { checkOut } from '../test/upgrade/old-version.ts';

const [commit, migration] = process.argv.slice(2);
if (commit === undefined || migration === undefined) throw new Error('Name a commit and its newest migration.');

const TARGET = new URL('../test/upgrade/databases/', import.meta.url).pathname;
const folder = await mkdtemp(join(tmpdir(), 'hookline-upgrade-'));
const file = join(folder, 'hookline.db');
const old = await checkOut(commit);
try {
  const server = await old.start(`sqlite:${file}`);
  const filled = await fill(server.url);
  await server.stop();
  const compact = join(folder, 'compact.db');
  await new Promise<void>((resolve, reject) => {
    const database = new sqlite3.Database(file);
    database.exec(`VACUUM INTO '${compact}'`, (error) => {
      if (error) return reject(error);
      database.close((closing) => (closing ? reject(closing) : resolve()));
    });
  });
  await writeFile(join(TARGET, `${migration}.db.gz`), gzipSync(await readFile(compact), { level: 9 }));
  await writeFile(join(TARGET, `${migration}.json`), `${JSON.stringify({ commit, ...filled }, null, 2)}\n`);
  console.log(`${migration}: ${filled.executions.length} executions, workflows ${Object.keys(filled.workflows).join(', ')}`);
} finally {
  await old.remove();
  await rm(folder, { recursive: true });
}
