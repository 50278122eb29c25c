// Starts and stops what is measured, each in a process of its own.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import sqlite3 from 'sqlite3';

export interface Target {
  readonly port: number;
  readonly path: string;
  readonly kind: 'sync' | 'async';
  /** Waits until everything accepted has ended, then counts. */
  settle(answered: number): Promise<{ stored: number; peakMemoryMb: number }>;
  /** Resident memory now, where the system tells (Linux); 0 elsewhere. */
  memoryMb(): number;
  stop(): Promise<void>;
}

const TOKEN = 'Wm7xR3kTz9Vb5NqP2hLc8yFj6sGd4aEu';
const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export async function startBaseline(name: 'http' | 'koa'): Promise<Target> {
  const child = spawn(process.execPath, ['--import', 'tsx', file('baselines.ts'), name], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    port: Number(line),
    path: '/hooks/bench',
    kind: 'sync',
    settle: (answered) => Promise.resolve({ stored: answered, peakMemoryMb: memoryMb(child, 'VmHWM') }),
    memoryMb: () => memoryMb(child, 'VmRSS'),
    stop: () => end(child),
  };
}

export async function startHookline(
  kind: 'sync' | 'async' | 'backlog',
  durability: 'normal' | 'full',
): Promise<Target & { startMs: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-bench-'));
  const port = await freePort();
  const env = {
    ...process.env,
    HOOKLINE_PORT: String(port),
    HOOKLINE_DATABASE_URL: `sqlite:${join(folder, 'hookline.db')}`,
    HOOKLINE_DURABILITY: durability,
    HOOKLINE_ADMIN_TOKEN: TOKEN,
    HOOKLINE_METRICS: 'public',
    HOOKLINE_LOG_LEVEL: 'warn',
    HOOKLINE_RETENTION: 'none',
    // One slow execution at a time: what is accepted piles up.
    ...(kind === 'backlog' ? { HOOKLINE_CONCURRENCY: '1', HOOKLINE_SHUTDOWN_GRACE_MS: '100' } : {}),
  };
  const launch = (): ChildProcess =>
    spawn(process.execPath, [file('../dist/src/main.js'), 'start'], { env, stdio: ['ignore', 'ignore', 'inherit'] });

  // The first start makes the database and the workflow; the second one is measured.
  const first = launch();
  await untilAnswers(`http://127.0.0.1:${port}/healthz`);
  const hookKey = await createWorkflow(port, kind);
  await end(first);

  const startedAt = performance.now();
  const child = launch();
  const path = `/hooks/${hookKey}`;
  await untilAnswers(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: FIRST_BODY,
  });
  const startMs = performance.now() - startedAt;

  return {
    port,
    path,
    kind: kind === 'sync' ? 'sync' : 'async',
    startMs,
    async settle(answered) {
      await untilFinished(port, answered + 1);
      const stored = await countExecutions(join(folder, 'hookline.db'));
      // The request of the start is one of them.
      return { stored: stored - 1, peakMemoryMb: memoryMb(child, 'VmHWM') };
    },
    memoryMb: () => memoryMb(child, 'VmRSS'),
    async stop() {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const FIRST_BODY = JSON.stringify({ payment: { id: 'first', status: 'paid' } });

const SLOW_NODE = { key: 'slow', type: 'calculation', config: { engine: 'jsonata', expression: '$sum([1..200000])' } };

async function createWorkflow(port: number, kind: 'sync' | 'async' | 'backlog'): Promise<string> {
  const test = { all: [{ left: '{{$context.body.payment.status}}', operator: 'equal', right: 'paid' }] };
  const leaf = (key: string, status: number, body: object): object =>
    kind === 'sync'
      ? { key, type: 'response', config: { status, body } }
      : { key, type: 'variable', config: { value: { status, body } } };
  const workflow = {
    title: 'Payment callback',
    mode: kind === 'sync' ? 'sync' : 'async',
    enabled: true,
    trigger: { type: 'webhook', config: { body: [{ path: 'payment.status', alias: 'Status' }, { path: 'payment.id' }] } },
    nodes: [
      ...(kind === 'backlog' ? [SLOW_NODE] : []),
      {
        key: 'paid',
        type: 'condition',
        title: 'Paid?',
        config: { engine: 'basic', test },
        branches: {
          true: [leaf('ok', 200, { received: '{{$context.body.payment.id}}' })],
          false: [leaf('no', 422, { reason: 'not paid' })],
        },
      },
    ],
  };
  const response = await fetch(`http://127.0.0.1:${port}/api/workflows`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(workflow),
  });
  if (response.status !== 201) throw new Error(`The workflow was refused: ${response.status} ${await response.text()}`);
  const { hookKey } = (await response.json()) as { hookKey: string };
  return hookKey;
}

/** Polls without a pause worth mentioning: the time until the answer is a measurement. */
async function untilAnswers(url: string, init: RequestInit = {}): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    try {
      const response = await fetch(url, init);
      await response.arrayBuffer();
      if (response.ok) return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    if (performance.now() > deadline) throw new Error(`No answer from ${url}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function untilFinished(port: number, count: number): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (performance.now() < deadline) {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    let finished = 0;
    for (const match of text.matchAll(/^hookline_executions_finished_total\{[^}]*\} (\d+)/gm)) finished += Number(match[1]);
    if (finished >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error('Not everything that was accepted has finished');
}

function countExecutions(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const database = new sqlite3.Database(path, sqlite3.OPEN_READONLY);
    database.get("SELECT COUNT(*) AS count FROM executions WHERE status = 'succeeded'", (error, row: { count: number }) => {
      database.close();
      if (error) reject(error);
      else resolve(row.count);
    });
  });
}

/** Resident memory, highest so far or now, where the system tells (Linux); 0 elsewhere. */
function memoryMb(child: ChildProcess, field: 'VmHWM' | 'VmRSS'): number {
  if (process.platform !== 'linux' || child.pid === undefined) return 0;
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) / 1024;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
