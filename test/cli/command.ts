// Runs the `hookline` command as a child process, for tests: as it was built before the run, or from its sources.

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';

export const REPOSITORY = new URL('../..', import.meta.url).pathname;
/** A secret key for tests. */
export const KEY = '0123456789abcdef'.repeat(4);

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Command {
  readonly child: ChildProcess;
  /** Resolves with the whole output once it matches; fails when the process ends before. */
  until(pattern: RegExp): Promise<string>;
  readonly ended: Promise<Ended>;
  /** Ends it as an operator does. */
  stop(): Promise<Ended>;
}

/** What is started: as it was built before the run, or from its sources; see `test/global-setup.ts`. */
const IS_BUILT = process.env.BUILT_FOR_TESTS === '1';
const FLAGS = IS_BUILT ? [] : ['--import', 'tsx'];
const PROGRAM = [...FLAGS, join(REPOSITORY, IS_BUILT ? 'dist/src/main.js' : 'src/main.ts')];
/** For a program that imports Hookline: Node's flags, and the module. */
export const LIBRARY = { flags: FLAGS, entry: join(REPOSITORY, IS_BUILT ? 'dist/src/index.js' : 'src/index.ts') };

const children = new Set<ChildProcess>();

/** Starts the command. Its environment has nothing of ours but what is given. */
export function hookline(args: readonly string[], env: Readonly<Record<string, string>>): Command {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('HOOKLINE_'));
  const child = spawn(process.execPath, [...PROGRAM, ...args], {
    cwd: REPOSITORY,
    env: {
      ...Object.fromEntries(inherited),
      HOOKLINE_PORT: '0',
      HOOKLINE_LOG_LEVEL: 'warn',
      HOOKLINE_PASSWORD_COST: '14',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.add(child);
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const check of waiting) check();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      children.delete(child);
      resolve({ code, stdout, stderr });
    });
  });
  return {
    child,
    ended,
    stop() {
      child.kill('SIGTERM');
      return ended;
    },
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const check = (): void => {
          if (!pattern.test(stdout)) return;
          waiting.delete(check);
          resolve(stdout);
        };
        waiting.add(check);
        ended.then(({ code }) => reject(new Error(`ended with ${code} before ${pattern}:\n${stdout}\n${stderr}`)));
        check();
      }),
  };
}

/** Waits until a server listens. @returns its address */
export async function listening(command: Command): Promise<string> {
  const output = await command.until(/listens on http:\/\/\S+\n/);
  return /listens on (http:\/\/\S+)/.exec(output)?.[1] ?? '';
}

/** Kills what still runs; call it after each test. */
export async function killCommands(): Promise<void> {
  await Promise.all(
    [...children].map(
      (child) =>
        new Promise<void>((resolve) => {
          child.once('close', () => resolve());
          child.kill('SIGKILL');
        }),
    ),
  );
}
