// Ends the processes of a server that was killed: an endless expression hears nothing, and would run until the machine stops.

import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { permissionFlag } from './permissions.ts';

export interface Guard {
  /** From now on the process ends with this one, however this one ends. */
  watch(pid: number): void;
  /** The process has ended. */
  forget(pid: number): void;
}

/** What the guarding process runs: its input ends with the server, whatever ends the server. */
const CODE = `
  const pids = new Set();
  let rest = '';
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.stdin.setEncoding('latin1');
  process.stdin.on('data', (text) => {
    const lines = (rest + text).split('\\n');
    rest = lines.pop();
    for (const line of lines) {
      if (line[0] === '+') pids.add(Number(line.slice(1)));
      else pids.delete(Number(line.slice(1)));
    }
  });
  process.stdin.on('close', () => {
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    }
  });
`;

function ignore(): void {}

/** Starts a process when there is the first one to watch, and ends it when there is none any more. */
export function createGuard(): Guard {
  const pids = new Set<number>();
  let guarding: ChildProcess | undefined;

  function write(line: string): void {
    guarding?.stdin?.write(`${line}\n`);
  }

  function start(): void {
    const flag = permissionFlag();
    const args = [...(flag === undefined ? [] : [flag]), '--no-warnings', '--max-old-space-size=16', '--eval', CODE];
    const child = spawn(process.execPath, args, { env: {}, stdio: ['pipe', 'ignore', 'ignore'] });
    guarding = child;
    const gone = (): void => {
      if (guarding !== child) return;
      guarding = undefined;
      // Somebody ended it; what it watched needs another one.
      if (pids.size > 0) start();
    };
    child.on('exit', gone);
    // It could not be started, or is gone while it is written to: `exit` or the next process to watch starts another.
    child.on('error', () => {
      if (guarding === child) guarding = undefined;
    });
    // A pipe that breaks: `exit` follows.
    child.stdin?.on('error', ignore);
    // It must not keep this process alive.
    child.unref();
    if (child.stdin instanceof Socket) child.stdin.unref();
    for (const pid of pids) write(`+${pid}`);
  }

  return {
    watch(pid) {
      pids.add(pid);
      if (guarding === undefined) start();
      else write(`+${pid}`);
    },
    forget(pid) {
      if (!pids.delete(pid)) return;
      write(`-${pid}`);
      if (pids.size > 0) return;
      guarding?.stdin?.end();
      guarding = undefined;
    },
  };
}
