// An engine over storage in memory, whose queue gives turns when the test says so, by a clock of the test.

import { createLocalBus, type ProcessBus } from '../../src/cluster/bus.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import type { ExecutionWithJobs, Mode, Node, Settings } from '../../src/engine/model.ts';
import { type AnyNodeType, definePlugin } from '../../src/engine/plugin.ts';
import type { ClaimedExecution, Queue } from '../../src/engine/ports.ts';
import { createRegistry } from '../../src/engine/registry.ts';
import { builtIns } from '../../src/plugins/index.ts';
import { createMemoryExecutions, type MemoryExecutions } from './memory-executions.ts';
import { createMemoryWorkflows } from './memory-storage.ts';
import { type KeptLog, keepLog, NOW, noEvaluator, workflow } from './running.ts';

/** More turns than any of these tests needs: one that goes round in circles is a bug. */
const MAX_TURNS = 200;

/** A workflow of a test; its id is also its hook key. */
export interface TestWorkflow {
  readonly id: string;
  readonly nodes: readonly Node[];
  readonly mode?: Mode;
  readonly enabled?: boolean;
  readonly settings?: Partial<Settings>;
  readonly trigger?: string;
}

export interface TestEngine {
  readonly engine: Engine;
  readonly executions: MemoryExecutions;
  readonly bus: ProcessBus;
  readonly log: KeptLog;
  /** What was handed to the queue and had no turn yet. */
  readonly pushed: readonly ClaimedExecution[];
  /** Ends that the engine told of. */
  readonly finished: string[];
  /** Accepts a request. */
  accept(workflowId?: string): Promise<ExecutionWithJobs>;
  /** The turn of what was pushed first; nothing when nothing waits. */
  turn(): Promise<void>;
  /** Gives turns to all that is pushed, queued or due, until there is none. */
  settle(): Promise<void>;
  /** Moves the clock on. */
  tick(ms: number): void;
  /** What is stored of an execution. */
  stored(id: string): ExecutionWithJobs;
}

export async function startEngine(workflows: readonly TestWorkflow[], types: readonly AnyNodeType[] = []): Promise<TestEngine> {
  let time = NOW;
  const memory = createMemoryWorkflows();
  const executions = createMemoryExecutions(memory.markExecuted);
  const pushed: ClaimedExecution[] = [];
  const finished: string[] = [];
  let run: (claimed: ClaimedExecution) => Promise<void> = () => Promise.resolve();
  const queue: Queue = {
    async start(runner) {
      run = runner;
    },
    push(claimed) {
      if (claimed.execution.status === 'queued') pushed.push(claimed);
    },
    wake: () => undefined,
    stop: () => Promise.resolve(),
    depth: () => ({ waiting: pushed.length, running: 0 }),
  };
  for (const { id, nodes, mode = 'async', enabled = true, settings, trigger = 'webhook' } of workflows) {
    await memory.insert(
      { ...workflow, id, hookKey: id, mode, enabled },
      {
        trigger: { type: trigger, config: {} },
        nodes: [...nodes],
        ...(settings === undefined ? {} : { settings: { timeoutMs: 0, ...settings } }),
      },
    );
  }
  const byId = async (id: string, number?: number) => {
    const found = await memory.get(id);
    const revision = found && (await memory.getRevision(id, number ?? found.revision));
    if (!found || !revision) return undefined;
    return { workflow: found, revision: revision.revision, executed: revision.executed, document: revision.document };
  };
  const log = keepLog();
  const bus = createLocalBus(log);
  const engine = createEngine({
    storage: {
      workflows: memory,
      executions: executions.store,
      settings: {
        get: () => Promise.resolve(undefined),
        set: () => Promise.resolve(),
        setIfMissing: (_name, value) => Promise.resolve(value),
      },
      ping: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    queue,
    documents: { byId, byHookKey: (key) => byId(key) },
    registry: createRegistry([builtIns, definePlugin({ name: 'test', nodes: types })]),
    evaluator: noEvaluator,
    fetch: () => Promise.reject(new Error('no requests here')),
    bus,
    resumeUrl: ({ executionId, jobPath }) => `resume:${executionId}/${jobPath}`,
    log,
    now: () => time,
    deadlineMs: 0,
    shutdownGraceMs: 0,
    onFinish: (status) => finished.push(status),
  });
  await engine.start();

  async function turn(): Promise<void> {
    const next = pushed.shift();
    if (next) await run(next);
  }

  /** One more turn, if anybody is to have one: what is pushed, else what storage has. */
  async function hasTurn(): Promise<boolean> {
    if (pushed.length > 0) {
      await turn();
      return true;
    }
    const [queued] = await executions.store.listOldest('queued', 1);
    const [due] = await executions.store.listDue(time, 1);
    const next = queued ?? due;
    const claimed = next && (await executions.store.claim(next.execution.id, time));
    if (claimed) await run(claimed);
    return claimed !== undefined;
  }

  return {
    engine,
    executions,
    bus,
    log,
    pushed,
    finished,
    turn,
    async accept(workflowId = 'w') {
      const target = await engine.find(workflowId);
      if (!target) throw new Error(`There is no workflow ${workflowId}.`);
      return engine.accept(target, { method: 'POST', url: '/hooks/k', headers: {}, body: '', address: '' });
    },
    async settle() {
      for (let turns = 0; turns < MAX_TURNS; turns += 1) if (!(await hasTurn())) return;
      throw new Error(`The executions were not done after ${MAX_TURNS} turns.`);
    },
    tick(ms) {
      time += ms;
    },
    stored(id) {
      const execution = executions.get(id);
      if (!execution) throw new Error(`There is no execution ${id}.`);
      return execution;
    },
  };
}
