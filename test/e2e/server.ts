// The built server as a process of its own, with a database in a temporary folder.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const ADMIN_TOKEN = 'Tz9mK5vWq3Xb7RnP2hLc8yFj4sGd6aEu';

/** Where the build is; another folder than `dist` for who must not touch that one. */
const BUILD = resolve(process.env.HOOKLINE_E2E_BUILD ?? 'dist');

const CLOCK = new URL('./shifted-clock.mjs', import.meta.url).href;

export interface Reply {
  readonly status: number;
  /** What the JSON parser gives, since tests look into replies of every shape; undefined when it is not JSON. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface DesignerServer {
  /** Without a slash at the end. */
  readonly url: string;
  /** The one-time link that the server printed; undefined when somebody can sign in already. */
  readonly setupLink: string | undefined;
  readonly folder: string;
  /** Calls the admin API with the admin token. @throws Error when it refuses */
  api(method: string, path: string, body?: unknown): Promise<Reply['body']>;
  /** POSTs JSON to any URL of the server. */
  post(url: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** Sets the server's clock, for servers that were started with `clockOffsetMs`. @param offsetMs from the real time */
  setClock(offsetMs: number): Promise<void>;
  /** Ends the process; the folder stays when it was given. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** Default a new one that is removed at the end. */
  readonly folder?: string;
  /** Further variables, such as `HOOKLINE_RETENTION`. */
  readonly env?: Readonly<Record<string, string>>;
  /** A program to start in place of the `hookline` command; it gets the folder of the build. */
  readonly program?: string;
  /** Gives the server a clock that can be set; this is where it begins, from the real time. */
  readonly clockOffsetMs?: number;
}

/** @throws Error with what the server printed when it does not start */
export async function startServer({
  folder: given,
  env = {},
  program,
  clockOffsetMs,
}: ServerOptions = {}): Promise<DesignerServer> {
  const main = join(BUILD, 'src', 'main.js');
  await access(join(BUILD, 'client', 'index.html')).catch((cause) => {
    throw new Error(`The designer is not built in ${BUILD}. Run \`npm run build\` first.`, { cause });
  });
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'hookline-e2e-')));
  const database = join(folder, 'hookline.db');
  const isNew = !existsSync(database);
  const hasClock = clockOffsetMs !== undefined;
  const child = spawn(
    process.execPath,
    [...(hasClock ? ['--import', CLOCK] : []), ...(program === undefined ? [main, 'start'] : [program, BUILD])],
    {
      stdio: ['ignore', 'pipe', 'pipe', ...(hasClock ? (['ipc'] as const) : [])],
      env: {
        ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HOOKLINE_'))),
        HOOKLINE_PORT: '0',
        HOOKLINE_DATABASE_URL: `sqlite:${database}`,
        HOOKLINE_SECRET_KEY_FILE: join(folder, 'secret.key'),
        HOOKLINE_ADMIN_TOKEN: ADMIN_TOKEN,
        HOOKLINE_LOG_LEVEL: 'error',
        HOOKLINE_PASSWORD_COST: '14',
        // Receivers of webhooks are on this machine.
        HOOKLINE_OUTBOUND_ALLOW: '127.0.0.1',
        HOOKLINE_EXPRESSION_WORKERS: '1',
        ...(hasClock ? { CLOCK_OFFSET_MS: String(clockOffsetMs) } : {}),
        ...env,
      },
    },
  );
  // A new installation prints the link after everything else.
  const printed = await readStart(child, isNew ? /Nobody can sign in yet/ : /^Designer /m);
  const url = /listens on (\S+)/.exec(printed)?.[1] ?? '';
  const setupLink = /(\S+\/designer\/welcome#\S+)/.exec(printed)?.[1];
  return {
    url,
    setupLink,
    folder,
    async api(method, path, body) {
      const reply = await call(url + path, method, body, { Authorization: `Bearer ${ADMIN_TOKEN}` });
      if (reply.status >= 400) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(reply.body)}`);
      return reply.body;
    },
    post: (target, body, headers = {}) => call(target, 'POST', body, headers),
    async setClock(offsetMs) {
      const isSet = once(child, 'message');
      child.send({ offsetMs });
      await isSet;
    },
    async stop() {
      const exited = once(child, 'exit');
      if (child.exitCode === null && child.kill('SIGTERM')) await exited;
      if (given === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What it prints up to the line that matches. */
function readStart(child: ChildProcess, last: RegExp): Promise<string> {
  const { stdout, stderr } = child;
  if (!stdout || !stderr) throw new Error('The process has no output.');
  let printed = '';
  return new Promise((fulfil, reject) => {
    stderr.on('data', (part: Buffer) => {
      printed += part.toString();
      // What goes wrong later belongs into the output of the tests.
      process.stderr.write(part);
    });
    createInterface({ input: stdout }).on('line', (line) => {
      printed += `${line}\n`;
      if (last.test(line)) fulfil(printed);
    });
    child.once('exit', (code) => reject(new Error(`The server ended with ${code}:\n${printed}`)));
    child.once('error', reject);
  });
}

async function call(url: string, method: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<Reply> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
  return { status: response.status, body: isJson ? JSON.parse(text) : undefined };
}
