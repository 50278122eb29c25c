// The processes of a chaos run: started, killed by their ids, and started again whenever they are gone.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Incidents } from './incidents.ts';

export interface MemberOptions {
  readonly name: string;
  readonly role: 'web' | 'worker' | 'all';
}

export interface Member extends MemberOptions {
  /** Its port; undefined while it starts. */
  readonly port: number | undefined;
  /** Its id among the processes of the database, as far as `onReady` has told; undefined while it starts. */
  readonly processId: string | undefined;
}

export interface FleetOptions {
  /** Of every process; `HOOKLINE_ROLE` and `HOOKLINE_PORT` are added. */
  readonly env: Readonly<Record<string, string>>;
  /** Everything they print is appended here. */
  readonly logFile: string;
  readonly incidents: Incidents;
  /** Called when one listens. @returns its id among the processes of the database, if that can be told */
  readonly onReady: (member: Member) => Promise<string | undefined>;
}

export interface Fleet {
  readonly members: readonly Member[];
  /** How often one was started again. */
  readonly restarts: number;
  /** Ends that nobody asked for. */
  readonly problems: readonly string[];
  /** Starts one; resolves when it listens. */
  start(options: MemberOptions): Promise<void>;
  /** kill -9. Resolves when it is gone; it is started again at once. @returns its id among the processes of the database */
  kill(name: string): Promise<string | undefined>;
  /** Resolves when all of these listen. Default: all. */
  ready(timeoutMs: number, names?: readonly string[]): Promise<void>;
  /** Whether a process that runs executions listens now and has done so since this time, in milliseconds since 1970. */
  hasWorkerSince(time: number): boolean;
  /** The longest that a process took until it listened, in milliseconds: how slow this machine is. */
  readonly slowestStartMs: number;
  /** Addresses of those that take requests now. */
  webUrls(): string[];
  /** SIGTERM to all, and SIGKILL to those that do not end. */
  stop(): Promise<void>;
}

interface Slot extends Member {
  port: number | undefined;
  processId: string | undefined;
  child: ChildProcess | undefined;
  launchedAt: number;
  readyAt: number;
  isKilled: boolean;
  watching: Promise<void>;
}

const SERVER = fileURLToPath(new URL('./server.ts', import.meta.url));
/** A process that cannot start is started again after this pause, in milliseconds, as a supervisor does. */
const RESTART_PAUSE_MS = 300;
const STOP_TIMEOUT_MS = 20_000;

export function createFleet({ env, logFile, incidents, onReady }: FleetOptions): Fleet {
  const slots: Slot[] = [];
  const problems: string[] = [];
  let restarts = 0;
  let isStopping = false;
  let slowestStartMs = 0;

  function note(slot: Slot, line: string): void {
    // The receiver answers with 500 on purpose.
    if (line.includes('"msg":"a node failed"')) return;
    appendFileSync(logFile, `${new Date().toISOString()} ${slot.name} ${line}\n`);
    if (line.includes('this process was taken for dead')) incidents.add('declared-dead');
  }

  function launch(slot: Slot): void {
    const child = spawn(process.execPath, ['--import', 'tsx', SERVER], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...env, HOOKLINE_ROLE: slot.role, HOOKLINE_PORT: '0' },
    });
    slot.child = child;
    slot.isKilled = false;
    slot.launchedAt = Date.now();
    note(slot, `starts as ${child.pid}`);
    // Its pipe breaks when it is killed.
    child.stdin.on('error', () => {});
    createInterface({ input: child.stderr }).on('line', (line) => note(slot, line));
    createInterface({ input: child.stdout }).on('line', (line) => {
      note(slot, line);
      const port = /listens on http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1];
      if (port !== undefined && slot.child === child) void announce(slot, child, Number(port));
    });
    slot.watching = once(child, 'exit').then(async ([code, signal]) => {
      note(slot, `has ended: ${signal ?? code}`);
      const wasReady = slot.port !== undefined;
      slot.port = undefined;
      slot.processId = undefined;
      slot.child = undefined;
      if (isStopping) {
        if (code !== 0) problems.push(`${slot.name} did not stop in good order: ${signal ?? code}`);
        return;
      }
      restarts += 1;
      if (slot.isKilled) return launch(slot);
      // Without its database a process may refuse to start, but one that runs has to live on.
      if (wasReady || !incidents.touch(Date.now(), Date.now(), ['database'])) {
        problems.push(`${slot.name} ended by itself: ${signal ?? code}`);
      }
      await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS));
      if (!isStopping) launch(slot);
    });
  }

  async function announce(slot: Slot, child: ChildProcess, port: number): Promise<void> {
    slot.port = port;
    slot.readyAt = Date.now();
    slowestStartMs = Math.max(slowestStartMs, slot.readyAt - slot.launchedAt);
    const processId = await onReady(slot).catch(() => undefined);
    if (slot.child === child) slot.processId = processId;
  }

  async function until(what: string, timeoutMs: number, isDone: () => boolean): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (!isDone()) {
      if (performance.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  return {
    members: slots,
    problems,
    get restarts() {
      return restarts;
    },
    async start(options) {
      const idle = Promise.resolve();
      const slot: Slot = {
        ...options,
        port: undefined,
        processId: undefined,
        child: undefined,
        launchedAt: 0,
        readyAt: 0,
        isKilled: false,
        watching: idle,
      };
      slots.push(slot);
      launch(slot);
      await until(`${slot.name} listens`, 30_000, () => slot.port !== undefined);
    },
    async kill(name) {
      const slot = slots.find((one) => one.name === name);
      const { child, processId } = slot ?? {};
      if (!slot || !child?.pid || child.exitCode !== null) return undefined;
      slot.isKilled = true;
      const gone = once(child, 'exit');
      incidents.add('kill');
      process.kill(child.pid, 'SIGKILL');
      await gone;
      return processId;
    },
    get slowestStartMs() {
      return slowestStartMs;
    },
    hasWorkerSince: (time) => slots.some(({ role, port, readyAt }) => role !== 'web' && port !== undefined && readyAt <= time),
    ready: (timeoutMs, names) =>
      until(`${names?.join(', ') ?? 'all processes'} listen`, timeoutMs, () =>
        slots.every(({ name, port }) => port !== undefined || names?.includes(name) === false),
      ),
    webUrls: () =>
      slots.flatMap(({ role, port }) => (role === 'worker' || port === undefined ? [] : [`http://127.0.0.1:${port}`])),
    async stop() {
      isStopping = true;
      for (const { child } of slots) child?.kill('SIGTERM');
      const late = setTimeout(() => {
        for (const { child } of slots) child?.kill('SIGKILL');
      }, STOP_TIMEOUT_MS);
      await Promise.all(slots.map(({ watching }) => watching));
      clearTimeout(late);
    },
  };
}
