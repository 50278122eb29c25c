// An engine over storage in memory, whose queue gives turns when the test says so, by a clock of the test.

import { createLocalBus, type ProcessBus } from '../../src/cluster/bus.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import type { ExecutionWithJobs, Mode, Node, Settings } from '../../src/engine/model.ts';
import type { Delivery } from '../../src/engine/outbound-model.ts';
import type { MessageOutcome, NewMessage, Publisher } from '../../src/engine/outbound-ports.ts';
import { type AnyNodeType, type AnyTriggerType, definePlugin } from '../../src/engine/plugin.ts';
import type { ClaimedExecution, Queue } from '../../src/engine/ports.ts';
import { createRegistry } from '../../src/engine/registry.ts';
import { builtIns } from '../../src/plugins/index.ts';
import { createMemoryExecutions, type MemoryExecutions } from './memory-executions.ts';
import { createMemoryOutbound } from './memory-outbound.ts';
import { createMemoryWorkflows, type MemoryWorkflows } from './memory-storage.ts';
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
  readonly triggerConfig?: Record<string, unknown>;
}

/** Publishes to as many receivers as it is told. */
export interface TestPublisher extends Publisher {
  receivers: number;
  /** What `prepare` throws. */
  failure: unknown;
  /** Messages that it was told are committed. */
  readonly committedMessages: NewMessage[];
  /** What became of messages, by id. */
  readonly outcomes: Map<string, MessageOutcome>;
}

export interface TestEngine {
  readonly engine: Engine;
  readonly executions: MemoryExecutions;
  readonly workflows: MemoryWorkflows;
  readonly bus: ProcessBus;
  readonly publisher: TestPublisher;
  /** How often the queue was woken. */
  wakes(): number;
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

export async function startEngine(
  workflows: readonly TestWorkflow[],
  types: readonly AnyNodeType[] = [],
  triggers: readonly AnyTriggerType[] = [],
): Promise<TestEngine> {
  let time = NOW;
  const memory = createMemoryWorkflows();
  const executions = createMemoryExecutions(memory.markExecuted);
  const pushed: ClaimedExecution[] = [];
  const finished: string[] = [];
  const publisher = createTestPublisher();
  let wakes = 0;
  let run: (claimed: ClaimedExecution) => Promise<void> = () => Promise.resolve();
  const queue: Queue = {
    async start(runner) {
      run = runner;
    },
    push(claimed) {
      if (claimed.execution.status === 'queued') pushed.push(claimed);
    },
    wake() {
      wakes += 1;
    },
    stop: () => Promise.resolve(),
    depth: () => ({ waiting: pushed.length, running: 0 }),
  };
  for (const { id, nodes, mode = 'async', enabled = true, settings, trigger = 'webhook', triggerConfig = {} } of workflows) {
    await memory.insert(
      { ...workflow, id, hookKey: id, mode, enabled },
      {
        trigger: { type: trigger, config: triggerConfig },
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
      outbound: createMemoryOutbound().store,
      settings: {
        get: () => Promise.resolve(undefined),
        set: () => Promise.resolve(),
        setAll: () => Promise.resolve(),
        setIfMissing: (_name, value) => Promise.resolve(value),
      },
      ping: () => Promise.resolve(),
      close: () => Promise.resolve(),
    },
    queue,
    documents: { byId, byHookKey: (key) => byId(key) },
    registry: createRegistry([builtIns, definePlugin({ name: 'test', nodes: types, triggers })]),
    evaluator: noEvaluator,
    fetch: () => Promise.reject(new Error('no requests here')),
    publisher,
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
    workflows: memory,
    bus,
    publisher,
    wakes: () => wakes,
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

function createTestPublisher(): TestPublisher {
  let count = 0;
  const publisher: TestPublisher = {
    receivers: 1,
    failure: undefined,
    committedMessages: [],
    outcomes: new Map(),
    async prepare({ type, data }, { source = null, idempotencyKey = null } = {}) {
      if (publisher.failure !== undefined) throw publisher.failure;
      count += 1;
      const id = `msg_${count}`;
      const of = { messageId: id, eventType: type, createdAt: NOW };
      const deliveries = Array.from(Array(publisher.receivers).keys(), (index) => deliveryOf(`dlv_${count}_${index}`, of));
      const message = { id, type, version: null, data: JSON.stringify(data), timestamp: NOW, userId: null, createdAt: NOW };
      return { messages: [{ ...message, source, idempotencyKey: idempotencyKey ?? null, deliveries }] };
    },
    committed: (messages) => void publisher.committedMessages.push(...messages),
    outcome: async (messageId) => publisher.outcomes.get(messageId),
  };
  return publisher;
}

function deliveryOf(id: string, of: Pick<Delivery, 'messageId' | 'eventType' | 'createdAt'>): Delivery {
  return {
    ...of,
    id,
    endpointId: 'ep_1',
    status: 'pending',
    dueAt: of.createdAt,
    attempts: 0,
    attemptsBefore: 0,
    orderingKey: null,
    batchId: null,
    url: null,
    lastStatus: null,
    error: null,
    finishedAt: null,
  };
}
