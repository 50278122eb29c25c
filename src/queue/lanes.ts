// The lanes of the embedded queue: for each, a bounded part of its backlog, in order of arrival, and how many of it run.

import type { Lane } from '../engine/model.ts';
import type { ClaimedExecution } from '../engine/ports.ts';
import { Line } from './line.ts';

export interface LanesOptions {
  /** Most executions kept in memory of all lanes and what has none. */
  readonly window: number;
  /** Most executions that run at once. */
  readonly concurrency: number;
}

/** What is kept of one lane when its limit does not ask for more: half of it is read anew at a time. */
const LANE_WINDOW = 32;

interface LaneState {
  readonly name: string;
  /** As the newest execution says. */
  limit: number;
  /** In order of id. */
  readonly waiting: ClaimedExecution[];
  running: number;
  /** Whether storage has queued executions of this lane that memory does not; later ones have to wait their turn there. */
  isBehind: boolean;
  /** Executions that were left in storage so far; tells whether one came while storage was being read. */
  dropped: number;
  /** Whether it is in the line of lanes that may start one. */
  isInLine: boolean;
  /** Its part of `blocked`. */
  blocked: number;
}

/** A lane's backlog while it is read. */
export interface LaneRefill {
  /** As many of the oldest have to be read, so that enough of them are not in memory. */
  readonly limit: number;
  /** Ends it. @param isComplete whether there were no more, and all that was read is in memory now */
  end(isComplete: boolean): void;
}

/**
 * Executions that wait in lanes. A lane that is full is left behind: its backlog stays in storage and is read for itself. A
 * lane is blocked while as many of it run as may; what then waits in it is counted apart, and is little for each that runs.
 */
export class Lanes {
  readonly #options: LanesOptions;
  readonly #lanes = new Map<string, LaneState>();
  /** Lanes that may start one, in turn. */
  readonly #line = new Line<LaneState>();
  readonly #behind = new Set<LaneState>();
  readonly #thirsty = new Set<LaneState>();
  #waiting = 0;
  #blocked = 0;

  constructor(options: LanesOptions) {
    this.#options = options;
  }

  /** Executions in memory that have not begun. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Those of them that cannot begin before another one of their lane has ended. */
  get blocked(): number {
    return this.#blocked;
  }

  isBehind(name: string): boolean {
    return this.#lanes.get(name)?.isBehind === true;
  }

  hasRoom(lane: Lane): boolean {
    const state = this.#lanes.get(lane.name);
    return state === undefined || state.waiting.length < this.#capacity(state);
  }

  /** Takes one into memory, whether there is room or not. */
  add(lane: Lane, claimed: ClaimedExecution): void {
    const state = this.#stateOf(lane);
    const { waiting } = state;
    let place = waiting.length;
    for (let before = waiting[place - 1]; before && before.execution.id > claimed.execution.id; before = waiting[place - 1]) {
      place -= 1;
    }
    waiting.splice(place, 0, claimed);
    this.#waiting += 1;
    this.#update(state);
  }

  /** Notes that one is in storage alone. */
  leaveBehind(lane: Lane): void {
    const state = this.#stateOf(lane);
    state.isBehind = true;
    state.dropped += 1;
    this.#behind.add(state);
    this.#update(state);
  }

  /** The execution that `take` would take. */
  peek(): ClaimedExecution | undefined {
    for (let state = this.#line.peek(); state; state = this.#line.peek()) {
      if (state.running < state.limit) return state.waiting[0];
      // Its limit was lowered since.
      this.#line.shift();
      state.isInLine = false;
    }
    return undefined;
  }

  /** The next one to run; each lane in turn. It runs until `end`. */
  take(): ClaimedExecution | undefined {
    if (!this.peek()) return undefined;
    const state = this.#line.shift();
    const claimed = state?.waiting.shift();
    if (!state || !claimed) return undefined;
    state.isInLine = false;
    state.running += 1;
    this.#waiting -= 1;
    this.#update(state);
    return claimed;
  }

  /** One of this lane runs no more. */
  end(name: string): void {
    const state = this.#lanes.get(name);
    if (!state) return;
    state.running -= 1;
    this.#update(state);
  }

  /** The lanes whose backlog is read for itself. */
  behind(): string[] {
    return Array.from(this.#behind, ({ name }) => name);
  }

  /** Whether a lane that is behind has little left in memory. */
  get isThirsty(): boolean {
    return this.#thirsty.size > 0;
  }

  /** The lanes of which more has to be read now. */
  thirsty(): string[] {
    return Array.from(this.#thirsty, ({ name }) => name);
  }

  /** To be called right before a lane's backlog is read; what was read and is new is then added while there is room. */
  refill(name: string): LaneRefill | undefined {
    const state = this.#lanes.get(name);
    if (!state?.isBehind) return undefined;
    const droppedBefore = state.dropped;
    return {
      limit: this.#capacity(state) + state.waiting.length + state.running,
      end: (isComplete) => {
        state.isBehind = !isComplete || state.dropped !== droppedBefore;
        if (!state.isBehind) this.#behind.delete(state);
        this.#update(state);
      },
    };
  }

  #stateOf({ name, limit }: Lane): LaneState {
    let state = this.#lanes.get(name);
    if (!state) {
      const empty = { waiting: [], running: 0, isBehind: false, dropped: 0, isInLine: false, blocked: 0 };
      state = { name, limit, ...empty };
      this.#lanes.set(name, state);
    }
    state.limit = limit;
    return state;
  }

  #capacity({ limit }: LaneState): number {
    const { window, concurrency } = this.#options;
    return Math.min(window, Math.max(LANE_WINDOW, Math.min(limit, concurrency)));
  }

  /** Brings the sums and lists that a lane is in up to date. */
  #update(state: LaneState): void {
    const { waiting, running, limit } = state;
    const blocked = running >= limit ? waiting.length : 0;
    this.#blocked += blocked - state.blocked;
    state.blocked = blocked;
    if (!state.isInLine && running < limit && waiting.length > 0) {
      state.isInLine = true;
      this.#line.push(state);
    }
    if (state.isBehind && waiting.length <= this.#capacity(state) / 2) this.#thirsty.add(state);
    else this.#thirsty.delete(state);
    // A lane has a name for each value of its key: what is idle is forgotten.
    if (waiting.length === 0 && running === 0 && !state.isBehind) this.#lanes.delete(state.name);
  }
}
