// A real server, in a process of its own because jsdom changes what servers build on, that the designer's code reaches from a test.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { configure } from '@testing-library/react';
import i18next from 'i18next';
import { Agent, EventSource as NodeEventSource } from 'undici';
import { localeTexts } from '../render.tsx';

// Answers come from another process, on a machine that may be busy.
configure({ asyncUtilTimeout: 10_000 });

const TOKEN = 'Kp6wN2zRt8Vm4XbQ9hLc5yFj3sGd7aEu';

export interface Reply {
  readonly status: number;
  /** What the JSON parser gives, since tests look into replies of every shape; undefined when it is not JSON. */
  readonly body: ReturnType<typeof JSON.parse>;
}

export interface DesignerServer {
  /** Calls the admin API. */
  api(method: string, path: string, body?: unknown): Promise<Reply>;
  /** POSTs JSON to a trigger URL. */
  post(url: string, body: unknown, headers?: Record<string, string>): Promise<Reply>;
  stop(): Promise<void>;
}

/** Starts a server and lets `fetch` and `EventSource` of the page reach it with all rights; `stop` takes both back. */
export async function startDesignerServer(): Promise<DesignerServer> {
  // What is said outside of components comes from the one instance that the page has.
  await i18next.init({ lng: 'en', defaultNS: 'common', resources: { en: localeTexts('en') } });
  const folder = await mkdtemp(join(tmpdir(), 'hookline-editor-'));
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('HOOKLINE_'));
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/main.ts', 'start'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...Object.fromEntries(inherited),
      HOOKLINE_PORT: '0',
      HOOKLINE_DATABASE_URL: `sqlite:${join(folder, 'hookline.db')}`,
      HOOKLINE_SECRET_KEY_FILE: join(folder, 'secret.key'),
      HOOKLINE_ADMIN_TOKEN: TOKEN,
      HOOKLINE_LOG_LEVEL: 'error',
      HOOKLINE_EXPRESSION_WORKERS: '1',
    },
  });
  const url = await addressOf(child);
  const authorization = `Bearer ${TOKEN}`;
  const nodeFetch = globalThis.fetch;
  const pageEventSource = globalThis.EventSource;
  const toServer = (address: string): string => {
    const { pathname, search } = new URL(address);
    return `${url}${pathname}${search}`;
  };

  globalThis.fetch = (input, init) => {
    // The page's signals are jsdom's, which Node's fetch does not take.
    const { signal: _, ...rest } = init ?? {};
    return nodeFetch(toServer(String(input)), { ...rest, headers: { ...Object.fromEntries(headersOf(init)), authorization } });
  };
  const agent = new Agent().compose((dispatch) => (options, handler) => {
    return dispatch({ ...options, headers: { accept: 'text/event-stream', authorization } }, handler);
  });
  class PageEventSource extends NodeEventSource {
    constructor(address: string) {
      super(toServer(address), { node: { dispatcher: agent } });
    }
  }
  Object.assign(globalThis, { EventSource: PageEventSource });

  async function call(target: string, method: string, body: unknown, headers: Record<string, string>): Promise<Reply> {
    const response = await nodeFetch(target, {
      method,
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
    return { status: response.status, body: isJson ? JSON.parse(text) : undefined };
  }

  return {
    api: (method, path, body) => call(url + path, method, body, { authorization }),
    post: (target, body, headers = {}) => call(target, 'POST', body, headers),
    async stop() {
      globalThis.fetch = nodeFetch;
      Object.assign(globalThis, { EventSource: pageEventSource });
      await agent.destroy();
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Where it listens, as it prints. @throws Error when it ends before */
async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      const [, url] = /listens on (\S+)/.exec(line) ?? [];
      if (url !== undefined) {
        child.stdout.resume();
        return url;
      }
    }
  }
  throw new Error(`The server ended with ${child.exitCode}.`);
}

function headersOf(init: RequestInit | undefined): [string, string][] {
  const found: [string, string][] = [];
  new Headers(init?.headers).forEach((value, name) => {
    found.push([name, value]);
  });
  return found;
}
