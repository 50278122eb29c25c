// An older version of this program, taken out of the history and started from its sources.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const REPOSITORY = new URL('../..', import.meta.url).pathname;
const run = promisify(execFile);

export const TOKEN = 'Bq5vT9xKr3Nw7ZmP2hLc8yFj6sGd4aEu';
export const KEY = '0123456789abcdef'.repeat(4);

export interface OldServer {
  readonly url: string;
  /** SIGTERM, as an operator does it. @returns the exit code */
  stop(): Promise<number | null>;
}

export interface OldVersion {
  /** @param env more of its environment; it refuses names that it does not know */
  start(databaseUrl: string, args?: readonly string[], env?: Readonly<Record<string, string>>): Promise<OldServer>;
  /** Ends what still runs and deletes the sources. */
  remove(): Promise<void>;
}

/**
 * Takes a commit's files out of the history, with the packages of the present.
 * @throws Error that says what to do when the history is not there
 */
export async function checkOut(commit: string): Promise<OldVersion> {
  const folder = await mkdtemp(join(tmpdir(), `hookline-${commit}-`));
  const archive = join(folder, 'sources.tar');
  try {
    await run('git', ['-C', REPOSITORY, 'archive', '--output', archive, commit]);
  } catch (error) {
    await rm(folder, { recursive: true });
    throw new Error(
      `The commit ${commit} is not in the history of this folder. This test starts it beside the present: clone the whole repository (git clone without --depth, or git fetch --unshallow) and run it there.`,
      { cause: error },
    );
  }
  await run('tar', ['-xf', archive, '-C', folder]);
  await symlink(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  const servers = new Set<OldServer>();

  async function start(databaseUrl: string, args: readonly string[] = [], more: Readonly<Record<string, string>> = {}) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('HOOKLINE_'));
    const child = spawn(process.execPath, ['--import', 'tsx', join(folder, 'src/main.ts'), 'start', ...args], {
      cwd: folder,
      env: {
        ...Object.fromEntries(inherited),
        HOOKLINE_PORT: '0',
        HOOKLINE_LOG_LEVEL: 'warn',
        HOOKLINE_DATABASE_URL: databaseUrl,
        HOOKLINE_ADMIN_TOKEN: TOKEN,
        HOOKLINE_SECRET_KEY: KEY,
        ...more,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const ended = once(child, 'close').then(([code]: unknown[]) => (typeof code === 'number' ? code : null));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const found = /listens on (http:\/\/\S+)\n/.exec(output)?.[1];
        if (found !== undefined) resolve(found);
      });
      void ended.then((code) => reject(new Error(`${commit} ended with ${code}:\n${output}`)));
    });
    const server: OldServer = {
      url,
      stop: () => {
        servers.delete(server);
        child.kill('SIGTERM');
        return ended;
      },
    };
    servers.add(server);
    return server;
  }

  return {
    start,
    async remove() {
      await Promise.all([...servers].map((server) => server.stop()));
      await rm(folder, { recursive: true });
    },
  };
}
