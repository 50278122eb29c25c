// The embedded queue: executions that are queued in storage are the queue; memory holds a bounded window of them.

import type { Lane } from '../engine/model.ts';
import { Pauses } from '../engine/pauses.ts';
import type { Log } from '../engine/plugin.ts';
import type { ClaimedExecution, ExecutionStore, Queue } from '../engine/ports.ts';
import { createAlarm } from './alarm.ts';
import { Lanes } from './lanes.ts';
import { Line } from './line.ts';

export interface SqliteQueueOptions {
  readonly executions: Pick<ExecutionStore, 'listOldest' | 'listDue' | 'nextWakeAt' | 'claim' | 'commit'>;
  /** Most executions kept in memory while they wait for a place. More memory, fewer reads under a backlog. */
  readonly window: number;
  /** Most executions that run at once. */
  readonly concurrency: number;
  readonly log: Log;
  /** Milliseconds since 1970. Default: the clock. */
  now?(): number;
  /** Longest time between two looks at the clock while something waits, in milliseconds. Default 5 s. */
  readonly lookAgainMs?: number;
}

/** First pause after storage failed, in milliseconds; doubled up to the last one. */
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 5_000;
/** Executions that one crash can leave running: what ran at once, sync ones included. */
const MAX_ORPHANS = 100_000;
/** Most executions whose time has come that are taken over together. */
const MAX_DUE = 100;
const LOOK_AGAIN_MS = 5_000;
/** Pause before executions are looked for again whose time has come, but which still run, in milliseconds. */
const STILL_RUNNING_MS = 50;

/** One process, one queue: what is `running` in storage at the start was left by a crash and is run on. */
export function createSqliteQueue(options: SqliteQueueOptions): Queue {
  const { executions, window, concurrency, log, now = Date.now, lookAgainMs = LOOK_AGAIN_MS } = options;
  /** What has no lane. */
  const line = new Line<ClaimedExecution>();
  const lanes = new Lanes({ window, concurrency });
  /** Ids of what is in memory, and whether it has begun (or is being taken over). */
  const held = new Map<string, boolean>();
  /** What was pushed while an earlier run of it had not returned: storage may have it as queued again by then. */
  const pushedAgain = new Set<string>();
  let running = 0;
  /** Whether storage has queued executions that memory does not, besides those of lanes that are behind. */
  let isBehind = false;
  let dropped = 0;
  /** How often it was told to look. */
  let wakes = 0;
  let reading: Promise<void> | undefined;
  /** Executions that ended while the backlog was being read: the reading may still call them queued. */
  const endedMeanwhile = new Set<string>();
  /** Whether the time of more executions has come than memory had room for. */
  let isDueLeft = false;
  let collecting: Promise<void> | undefined;
  const dueAtOnce = Math.min(MAX_DUE, Math.max(1, Math.floor(window / 4)));
  let scheduled = false;
  let stopped = true;
  let run: (claimed: ClaimedExecution) => Promise<void> = () => Promise.resolve();
  const pauses = new Pauses();
  const alarm = createAlarm({ now, lookAgainMs, ring: collect });

  // --- what is in memory -----------------------------------------------------------------------------------------------

  /** What counts for the window: a blocked lane must not take the room of the others. */
  const count = (): number => line.length + lanes.waiting - lanes.blocked;
  const isLow = (): boolean => count() <= window / 4;

  function hold(claimed: ClaimedExecution): void {
    const { id, lane } = claimed.execution;
    held.set(id, false);
    if (lane) lanes.add(lane, claimed);
    else line.push(claimed);
  }

  function take(): ClaimedExecution | undefined {
    const first = lanes.waiting === lanes.blocked ? undefined : lanes.peek();
    if (!first) return line.shift();
    const plain = line.peek();
    return plain && plain.execution.id < first.execution.id ? line.shift() : lanes.take();
  }

  // --- running ---------------------------------------------------------------------------------------------------------

  function pump(): void {
    while (!stopped && running < concurrency) {
      const claimed = take();
      if (!claimed) break;
      void runOne(claimed);
    }
    if (stopped) return;
    if (!reading && (lanes.isThirsty || (isBehind && isLow()))) read();
    if (isDueLeft && isLow()) collect();
  }

  /** Later in this turn of the event loop: whoever hands an execution over has an answer to send first. */
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    setImmediate(() => {
      scheduled = false;
      pump();
    });
  }

  async function runOne(first: ClaimedExecution): Promise<void> {
    const { id, lane } = first.execution;
    running += 1;
    held.set(id, true);
    const wakesBefore = wakes;
    let claimed: ClaimedExecution | undefined = first;
    let pauseMs = FIRST_PAUSE_MS;
    while (claimed && !stopped) {
      try {
        await run(claimed);
        break;
      } catch (error) {
        log.error({ execution: id, error: messageOf(error), pauseMs }, 'storage failed; the execution is tried again');
        await pauses.sleep(pauseMs);
        pauseMs = Math.min(pauseMs * 2, LAST_PAUSE_MS);
        claimed = await reload(claimed);
      }
    }
    running -= 1;
    if (lane) lanes.end(lane.name);
    if (reading) endedMeanwhile.add(id);
    if (pushedAgain.has(id) && !stopped) void takeOver(id);
    else held.delete(id);
    // Perhaps it was the one: a signal that came before it began to wait has made it queued since.
    if (wakes !== wakesBefore) lookAgain();
    pump();
  }

  /** What storage knows now; unchanged while it cannot tell. */
  async function reload(claimed: ClaimedExecution): Promise<ClaimedExecution | undefined> {
    const { id } = claimed.execution;
    try {
      const stored = await executions.claim(id, now());
      // Perhaps it waits by now, and nobody was told.
      if (!stored) alarm.arm(now());
      return stored;
    } catch (error) {
      log.error({ execution: id, error: messageOf(error) }, 'storage cannot be read');
      return claimed;
    }
  }

  // --- the backlog -----------------------------------------------------------------------------------------------------

  /** Reads of the backlog what memory has room for: the lanes that need it, then the rest. One reading at a time. */
  function read(): void {
    reading = readAll()
      .catch(async (error: unknown) => {
        log.error({ error: messageOf(error) }, 'the backlog cannot be read; it is tried again');
        await pauses.sleep(FIRST_PAUSE_MS);
      })
      .then(() => {
        reading = undefined;
        pump();
      });
  }

  async function readAll(): Promise<void> {
    for (const name of lanes.thirsty()) {
      if (stopped) return;
      await refillLane(name);
      pump();
    }
    if (!stopped && isBehind && isLow()) await refill();
  }

  /** Storage has something that memory has not, also when a reading under way does not find it. */
  function lookAgain(): void {
    isBehind = true;
    dropped += 1;
  }

  /** Whether memory does not know of what was read. */
  function isNew({ execution: { id, startedAt }, signals }: ClaimedExecution): boolean {
    const hasBegun = held.get(id);
    // Many that run are still queued in storage; but one that had run before may have been resumed since it began to wait.
    if (hasBegun === undefined) {
      if (!endedMeanwhile.has(id)) return true;
      if (startedAt !== null) void takeOver(id);
    } else if (hasBegun ? startedAt !== null : signals.length > 0) {
      pushedAgain.add(id);
    }
    return false;
  }

  async function refillLane(name: string): Promise<void> {
    const refill = lanes.refill(name);
    if (!refill) return;
    endedMeanwhile.clear();
    const oldest = await executions.listOldest('queued', refill.limit, { only: name });
    let isComplete = oldest.length < refill.limit;
    for (const claimed of oldest.filter(isNew)) {
      const { lane } = claimed.execution;
      if (lane && !lanes.hasRoom(lane)) isComplete = false;
      else hold(claimed);
    }
    refill.end(isComplete);
  }

  async function refill(): Promise<void> {
    endedMeanwhile.clear();
    const droppedBefore = dropped;
    const limit = window + held.size;
    const oldest = await executions.listOldest('queued', limit, { without: lanes.behind() });
    let isComplete = oldest.length < limit;
    for (const claimed of oldest.filter(isNew)) {
      const { lane } = claimed.execution;
      if (count() >= window) {
        isComplete = false;
        break;
      }
      if (lane && (lanes.isBehind(lane.name) || !lanes.hasRoom(lane))) lanes.leaveBehind(lane);
      else hold(claimed);
    }
    isBehind = !isComplete || dropped !== droppedBefore;
  }

  // --- what waits for its time -----------------------------------------------------------------------------------------

  /** Takes over executions whose time has come, and sets the alarm for the next ones. */
  function collect(): void {
    // What has come meanwhile may not have been read.
    isDueLeft = collecting !== undefined;
    if (collecting || stopped) return;
    collecting = collectAll()
      .catch(async (error: unknown) => {
        log.error({ error: messageOf(error) }, 'what waits for its time cannot be read; it is tried again');
        await pauses.sleep(FIRST_PAUSE_MS);
        isDueLeft = true;
      })
      .then(() => {
        collecting = undefined;
        pump();
      });
  }

  async function collectAll(): Promise<void> {
    for (;;) {
      const limit = dueAtOnce + running;
      const due = await executions.listDue(now(), limit);
      const ids = due.map(({ execution }) => execution.id);
      // The run that made it wait has not returned yet.
      for (const id of ids) if (held.has(id)) pushedAgain.add(id);
      const free = ids.filter((id) => !held.has(id));
      await Promise.all(free.slice(0, dueAtOnce).map(takeOver));
      if (free.length > 0 && (stopped || count() >= window)) {
        isDueLeft = true;
        return;
      }
      schedule();
      // While some were taken over the time of others has come: only what still runs is worth a pause.
      if (free.length > 0) continue;
      const next = await executions.nextWakeAt();
      if (next !== null) alarm.arm(due.length > 0 ? Math.max(next, now() + STILL_RUNNING_MS) : next);
      return;
    }
  }

  /** Makes an execution this queue's to run, if it still is to be run. Resolves also when the queue has stopped. */
  async function takeOver(id: string): Promise<void> {
    // From here on nobody else takes it into memory.
    held.set(id, true);
    let claimed: ClaimedExecution | undefined;
    let pauseMs = 0;
    do {
      pushedAgain.delete(id);
      try {
        if (!stopped) claimed = await executions.claim(id, now());
        pauseMs = 0;
      } catch (error) {
        pauseMs = Math.min(Math.max(pauseMs * 2, FIRST_PAUSE_MS), LAST_PAUSE_MS);
        log.error({ execution: id, error: messageOf(error), pauseMs }, 'an execution cannot be taken over; it is tried again');
        await pauses.sleep(pauseMs);
      }
    } while (!stopped && (pauseMs > 0 || (!claimed && pushedAgain.has(id))));
    const lane = claimed?.execution.lane;
    if (!claimed) held.delete(id);
    else if (lane && (lanes.isBehind(lane.name) || !lanes.hasRoom(lane))) await putBack(claimed, lane);
    else hold(claimed);
    schedule();
  }

  /** Makes it part of its lane's backlog, which is in storage: memory has enough of that lane. */
  async function putBack(claimed: ClaimedExecution, lane: Lane): Promise<void> {
    const { id, startedAt, response, error, output } = claimed.execution;
    const state = { startedAt, finishedAt: null, response, error, output, wakeAt: null, lane };
    try {
      await executions.commit({ update: { id, status: 'queued', ...state, jobs: [], sequence: 0, takenSignals: [] } });
      held.delete(id);
      pushedAgain.delete(id);
      lanes.leaveBehind(lane);
    } catch (failure) {
      log.warn({ execution: id, error: messageOf(failure) }, 'an execution could not be put back; it is kept in memory');
      hold(claimed);
    }
  }

  return {
    async start(runner) {
      run = runner;
      for (const claimed of await executions.listOldest('running', MAX_ORPHANS)) hold(claimed);
      isBehind = true;
      stopped = false;
      pauses.begin();
      collect();
      pump();
    },
    push(claimed) {
      const { id, status, lane, wakeAt } = claimed.execution;
      if (status === 'waiting') {
        if (wakeAt !== null) alarm.arm(wakeAt);
        return;
      }
      const hasBegun = held.get(id);
      if (hasBegun !== undefined) {
        // The backlog may have been read between its commit and this call; then memory has what there is to know.
        if (hasBegun || claimed.signals.length > 0) pushedAgain.add(id);
        return;
      }
      if (lane && lanes.isBehind(lane.name)) {
        lanes.leaveBehind(lane);
      } else if (isBehind || count() >= window) {
        lookAgain();
      } else if (lane && !lanes.hasRoom(lane)) {
        lanes.leaveBehind(lane);
      } else {
        hold(claimed);
      }
      schedule();
    },
    wake() {
      wakes += 1;
      lookAgain();
      schedule();
    },
    async stop() {
      stopped = true;
      alarm.stop();
      pauses.end();
      // What is being read is of no use any more, but the database must not be closed before the answer is there.
      await Promise.all([reading, collecting]);
    },
    depth: () => ({ waiting: line.length + lanes.waiting, running }),
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
