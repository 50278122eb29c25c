// Acknowledged means committed: a real server under load is killed at random moments, and nothing acknowledged is lost.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import sqlite3 from 'sqlite3';
import { afterEach, expect, it } from 'vitest';
import { LIBRARY } from './cli/command.ts';

/** `npm run chaos` kills more often, and more than this. */
const ROUNDS = 5;
const CONNECTIONS = 16;
const server = fileURLToPath(new URL('./kill-server.mjs', import.meta.url));

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
}

const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});

async function start(folder: string): Promise<Started> {
  const child = spawn(process.execPath, [...LIBRARY.flags, server, LIBRARY.entry, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.add(child);
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => resolve(Number(line)));
    child.on('exit', (code) => reject(new Error(`The server ended with ${code} before it listened`)));
  });
  return { child, port };
}

/** Calls until the server is gone. @returns the executions it acknowledged */
async function callUntilGone(port: number, path: string, onAcknowledged: () => void): Promise<string[]> {
  const acknowledged: string[] = [];
  for (;;) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/hooks/${path}-key-of-the-kill-test`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ n: acknowledged.length }),
      });
      const id = response.headers.get('x-hookline-execution-id');
      if (response.status === 200 && id) {
        acknowledged.push(id);
        onAcknowledged();
      }
      await response.arrayBuffer();
    } catch {
      return acknowledged;
    }
  }
}

function query<Row>(path: string, sql: string): Promise<Row[]> {
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(path, sqlite3.OPEN_READONLY);
    database.all(sql, (error, rows) => {
      database.close();
      if (error) reject(error);
      else resolve(rows as Row[]);
    });
  });
}

it('keeps every acknowledged request through five kills at random moments', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-kill-'));
  try {
    const asyncIds: string[] = [];
    const syncIds: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { child, port } = await start(folder);
      const gone = once(child, 'exit');
      // Somewhere behind the first answers of both kinds.
      const left = { async: 1 + Math.random() * 50, sync: 1 + Math.random() * 50 };
      const calls = Array.from({ length: CONNECTIONS }, (_, index) => {
        const path = index % 2 === 0 ? 'async' : 'sync';
        return callUntilGone(port, path, () => {
          left[path] -= 1;
          if (Math.max(left.async, left.sync) < 0) child.kill('SIGKILL');
        });
      });
      await gone;
      for (const [index, ids] of (await Promise.all(calls)).entries()) (index % 2 === 0 ? asyncIds : syncIds).push(...ids);
    }
    expect(asyncIds.length).toBeGreaterThan(ROUNDS);
    expect(syncIds.length).toBeGreaterThan(ROUNDS);

    // The last start runs on what the kills left; SIGTERM then stops it when nothing is left to run.
    const { child, port } = await start(folder);
    await expect.poll(async () => (await (await fetch(`http://127.0.0.1:${port}/unfinished`)).json()) as number).toBe(0);
    child.kill('SIGTERM');
    await once(child, 'exit');

    const database = join(folder, 'hookline.db');
    const rows = await query<{ id: string; status: string; result: string }>(
      database,
      'SELECT id, status, result FROM executions',
    );
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const id of [...asyncIds, ...syncIds]) {
      const row = byId.get(id);
      expect(row?.status, id).toBe('succeeded');
      const { jobs } = JSON.parse(row?.result ?? '{}') as { jobs: { key: string }[] };
      // Its record says that each node ran once.
      expect(jobs.map(({ key }) => key)).toEqual(['double', 'answer']);
    }
    expect(rows.every(({ status }) => status === 'succeeded')).toBe(true);
    expect(await query(database, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
