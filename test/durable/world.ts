// What the tests of durable workflows share: a Hookline on either store that can be stopped and started again, and a receiver.

import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { HooklineOptions } from '../../src/index.ts';
import { startServer } from '../outbound/guard/servers.ts';
import { PATIENCE } from '../patience.ts';
import { startPostgres } from '../postgres.ts';
import { type Answer, startHookline, type TestHookline } from '../start-hookline.ts';

export const STORES = ['SQLite', 'PostgreSQL'] as const;
export type Store = (typeof STORES)[number];

/** An execution, job or reply as the API shows it: tests look into every part. */
export type Shown = Answer['body'];

/** One request that the receiver got. */
export interface Call {
  readonly path: string;
  /** Its `Idempotency-Key`. */
  readonly key: string | undefined;
  readonly body: Shown;
  /** Whether the caller has hung up without an answer. */
  isAborted: boolean;
  /** Answers a call that hangs. */
  answer(): void;
}

/** Answers 200 with `{ "count": <calls of this path so far> }`. */
export interface Receiver {
  readonly url: string;
  /** Paths that answer 503, for this many calls more. */
  readonly failures: Map<string, number>;
  /** Paths that do not answer before they are told to. */
  readonly hanging: Set<string>;
  calls(path: string): Call[];
  keys(path: string): (string | undefined)[];
  /** The calls of a path when there are this many. */
  called(path: string, count?: number): Promise<Call[]>;
  forget(): void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  let all: Call[] = [];
  const failures = new Map<string, number>();
  const hanging = new Set<string>();
  const calls = (path: string): Call[] => all.filter((call) => call.path === path);

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const path = request.url ?? '';
    const key = request.headers['idempotency-key'];
    const left = failures.get(path) ?? 0;
    const answer = (): void => {
      response.writeHead(left > 0 ? 503 : 200, { 'Content-Type': 'application/json' });
      response.end(JSON.stringify({ count: calls(path).length }));
    };
    const call: Call = {
      path,
      key: typeof key === 'string' ? key : undefined,
      body: text === '' ? undefined : JSON.parse(text),
      isAborted: false,
      answer,
    };
    response.on('close', () => {
      call.isAborted = !response.writableFinished;
    });
    all.push(call);
    if (left > 0) failures.set(path, left - 1);
    if (!hanging.has(path)) answer();
  }

  const server = await startServer((request, response) => void receive(request, response));
  return {
    url: server.url,
    failures,
    hanging,
    calls,
    keys: (path) => calls(path).map(({ key }) => key),
    called: (path, count = 1) =>
      vi.waitFor(() => {
        if (calls(path).length >= count) return calls(path);
        throw new Error(`${path} was called ${calls(path).length} times, not ${count}.`);
      }, PATIENCE),
    forget() {
      all = [];
    },
    close: server.close,
  };
}

export interface World {
  /** Another one after a restart. */
  readonly hookline: TestHookline;
  readonly receiver: Receiver;
  /** Stops Hookline, and starts it again on the same database and with the same key. */
  restart(options?: HooklineOptions): Promise<void>;
  stopHookline(): Promise<void>;
  startHookline(options?: HooklineOptions): Promise<void>;
  /** Creates an enabled async workflow behind a webhook; gives its id and trigger URL. */
  workflow(nodes: readonly object[], rest?: object): Promise<{ id: string; hookUrl: string }>;
  /** The same, started by other workflows only. */
  subflow(nodes: readonly object[], rest?: object): Promise<string>;
  /** Calls a trigger URL; gives the execution's id. */
  fire(hookUrl: string, body?: unknown): Promise<string>;
  read(executionId: string): Promise<Shown>;
  /** The execution when it has this status; fails when it has another final one. */
  when(executionId: string, status: string): Promise<Shown>;
  /** The execution when a job of it waits at this path. */
  whenWaiting(executionId: string, jobPath: string): Promise<Shown>;
  /** Creates a workflow, fires it, and gives its execution at its end. */
  run(nodes: readonly object[], rest?: object, body?: unknown): Promise<Shown>;
  act(executionId: string, action: 'replay' | 'retry' | 'rerun' | 'cancel', body?: object): Promise<Answer>;
  /** Calls a URL that was made before a restart where Hookline is now. */
  call(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  /** The newest execution of a workflow. */
  newestOf(workflowId: string): Promise<Shown>;
  executionsOf(workflowId: string): Promise<Shown[]>;
  stop(): Promise<void>;
}

const FINAL = ['succeeded', 'failed', 'error', 'canceled', 'timed_out'];

/** `options` hold until a restart says otherwise. */
export async function startWorld(store: Store, options: HooklineOptions = {}): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'hookline-durable-'));
  const postgres = store === 'PostgreSQL' ? await startPostgres() : undefined;
  const databaseUrl = (await postgres?.createDatabase()) ?? `sqlite:${join(folder, 'hookline.db')}`;
  const receiver = await startReceiver();
  const start = (more: HooklineOptions): Promise<TestHookline> =>
    startHookline({ folder, databaseUrl, outboundAllow: '127.0.0.1', expressionWorkers: 1, ...more });
  let hookline = await start(options);
  let isRunning = true;

  const here = (url: string): string => hookline.url + new URL(url).pathname;
  const waitFor = <Result>(look: () => Promise<Result>): Promise<Result> => vi.waitFor(look, PATIENCE);
  const read = async (id: string): Promise<Shown> => (await hookline.api('GET', `/api/executions/${id}`)).body;

  async function when(id: string, status: string): Promise<Shown> {
    const found = await waitFor(async () => {
      const execution = await read(id);
      if (execution?.status === status || FINAL.includes(execution?.status)) return execution;
      throw new Error(`The execution is ${JSON.stringify(execution)}, and not ${status}.`);
    });
    if (found.status !== status) throw new Error(`The execution ended as ${JSON.stringify(found, null, 1)}, not as ${status}.`);
    return found;
  }

  async function create(nodes: readonly object[], rest: object): Promise<{ id: string; hookUrl: string }> {
    return hookline.workflow({ mode: 'async', trigger: { type: 'webhook', config: {} }, nodes, ...rest });
  }

  async function fire(hookUrl: string, body: unknown = {}): Promise<string> {
    const reply = await hookline.post(here(hookUrl), body);
    const id = reply.headers.get('x-hookline-execution-id');
    if (id === null) throw new Error(`The trigger URL answered ${reply.status} ${reply.text}`);
    return id;
  }

  const executionsOf = async (workflowId: string): Promise<Shown[]> => {
    const { body } = await hookline.api('GET', `/api/executions?workflowId=${workflowId}`);
    return Promise.all(body.data.map(({ id }: { id: string }) => read(id)));
  };

  const world: World = {
    get hookline() {
      return hookline;
    },
    receiver,
    async stopHookline() {
      isRunning = false;
      await hookline.stop();
    },
    async startHookline(more = options) {
      hookline = await start(more);
      isRunning = true;
    },
    async restart(more) {
      await world.stopHookline();
      await world.startHookline(more);
    },
    workflow: (nodes, rest = {}) => create(nodes, rest),
    subflow: async (nodes, rest = {}) => (await create(nodes, { trigger: { type: 'subflow', config: {} }, ...rest })).id,
    fire,
    read,
    when,
    whenWaiting: (id, jobPath) =>
      waitFor(async () => {
        const execution = await read(id);
        const job = execution.jobs.find(({ path }: { path: string }) => path === jobPath);
        if (job?.status === 'waiting' && execution.status === 'waiting') return execution;
        if (FINAL.includes(execution.status)) return execution;
        throw new Error(`The execution does not wait at ${jobPath}: ${JSON.stringify(execution)}`);
      }).then((execution) => {
        if (execution.status === 'waiting') return execution;
        throw new Error(`The execution ended before it waited at ${jobPath}: ${JSON.stringify(execution, null, 1)}`);
      }),
    async run(nodes, rest = {}, body = {}) {
      const { hookUrl } = await create(nodes, rest);
      const id = await fire(hookUrl, body);
      return waitFor(async () => {
        const execution = await read(id);
        if (FINAL.includes(execution.status)) return execution;
        throw new Error(`The execution does not end: ${JSON.stringify(execution)}`);
      });
    },
    act: (id, action, body) => hookline.api('POST', `/api/executions/${id}/${action}`, body),
    call: (url, body, headers) => hookline.post(here(url), body, headers),
    newestOf: (workflowId) =>
      waitFor(async () => {
        const [newest] = await executionsOf(workflowId);
        if (newest !== undefined) return newest;
        throw new Error(`The workflow ${workflowId} has no execution.`);
      }),
    executionsOf,
    async stop() {
      if (isRunning) await hookline.stop();
      hookline.server.closeAllConnections();
      await receiver.close();
      await postgres?.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** The job at a path, for expectations. */
export function jobAt(execution: Shown, path: string): Shown {
  return execution.jobs.find((job: { path: string }) => job.path === path);
}
