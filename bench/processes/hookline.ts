// One Hookline in the process of a measurement, as it was built, with two node types that tell what happens when.

import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type * as Package from '../../src/index.ts';

type Options = NonNullable<Parameters<typeof Package.createHookline>[0]>;
type Workflow = Parameters<Package.Hookline['workflows']['create']>[0];

export interface Subject {
  /** Not started yet. */
  readonly hookline: Package.Hookline;
  /** How often a `bench-mark` node has run. */
  readonly marks: () => number;
  /** Called by each `bench-mark` node with its `value`. */
  onMark: (value: unknown) => void;
  /** Lets `bench-gate` nodes go on, now and from now on. */
  openGate(): void;
  /** Makes a workflow, enabled, with this trigger URL's key as the answer. */
  workflow(nodes: unknown[], mode?: 'sync' | 'async'): Promise<string>;
  /** What a request to the trigger URL does, without HTTP. */
  accept(hookKey: string, body: object): Promise<Package.Execution>;
  /** Resolves when so many executions have this status. */
  untilStored(status: Package.Execution['status'], count: number): Promise<void>;
}

const built = new URL('../../dist/src/index.js', import.meta.url).href;
const { createHookline, defineNode, definePlugin } = (await import(built)) as typeof Package;

/** How long a measurement waits for anything, in milliseconds. */
const LIMIT_MS = 300_000;
const HEADERS = { 'content-type': 'application/json', 'user-agent': 'hookline-bench/1', accept: '*/*' };

export function makeSubject(options: Options): Subject {
  let marks = 0;
  let openGate = (): void => {};
  const gate = new Promise<void>((resolve) => {
    openGate = resolve;
  });
  const mark = defineNode({
    type: 'bench-mark',
    title: 'Mark',
    description: 'Tells the benchmark that the flow is here.',
    config: z.strictObject({ value: z.unknown().optional() }),
    run({ config }) {
      marks += 1;
      subject.onMark(config.value);
      return { type: 'done' };
    },
  });
  const gateNode = defineNode({
    type: 'bench-gate',
    title: 'Gate',
    description: 'Holds its place until the benchmark lets it go.',
    config: z.strictObject({}),
    run: () => gate.then(() => ({ type: 'done' as const })),
  });
  const hookline = createHookline({
    secretKey: '5b'.repeat(32),
    adminToken: 'Wm7xR3kTz9Vb5NqP2hLc8yFj6sGd4aEu',
    retention: 'none',
    shutdownGraceMs: 200,
    deadlineMs: LIMIT_MS,
    plugins: [definePlugin({ name: 'bench', nodes: [mark, gateNode] })],
    // The standard output belongs to the result.
    log: { debug: () => {}, info: () => {}, warn: complain, error: complain },
    ...options,
  });

  const subject: Subject = {
    hookline,
    marks: () => marks,
    onMark: () => {},
    openGate: () => openGate(),
    async workflow(nodes, mode = 'async') {
      const trigger = { type: 'webhook', config: {} };
      const workflow = { title: 'Benchmark', mode, enabled: true, trigger, nodes } as Workflow;
      return (await hookline.workflows.create(workflow)).hookKey;
    },
    async accept(hookKey, body) {
      const target = await hookline.engine.find(hookKey);
      if (!target) throw new Error(`There is no workflow ${hookKey}`);
      const request = {
        method: 'POST',
        url: `/hooks/${hookKey}`,
        headers: HEADERS,
        body: JSON.stringify(body),
        address: '127.0.0.1',
      };
      return hookline.engine.accept(target, request);
    },
    async untilStored(status, count) {
      await until(async () => (await hookline.executions.countByStatus())[status] >= count, `${count} executions ${status}`);
    },
  };
  return subject;
}

function complain(fields: object, message: string): void {
  console.error(message, JSON.stringify(fields));
}

/** Polls. @throws Error after minutes */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`Given up waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Calls `count` times, so many at once. */
export async function keepBusy(callers: number, count: number, call: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const caller = async (): Promise<void> => {
    while (next < count) {
      const index = next;
      next += 1;
      await call(index);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
}

/** Resident memory of this process, where the system tells (Linux), and its JavaScript heap, after a collection of what is left over. */
export function memory(): { rssMb: number; heapMb: number } {
  globalThis.gc?.();
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const status = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
  const resident = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? rss / 1024);
  return { rssMb: round(resident / 1024, 1), heapMb: round(heapUsed / 1024 ** 2, 1) };
}

export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export function round(number: number, digits: number): number {
  return Number(number.toFixed(digits));
}

/** What the parent handed over. */
export function parameters<Parameters>(): Parameters {
  return JSON.parse(process.argv[2] ?? '{}') as Parameters;
}
