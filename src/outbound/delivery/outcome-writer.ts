// Commits outcomes with what listens to them; what storage refuses is tried again until it is stored.

import { isStorageFailure } from '../../engine/failure.ts';
import type { OperationalEvent } from '../../engine/outbound-model.ts';
import type { EventSink, OutboundWrite, PreparedWrites } from '../../engine/outbound-ports.ts';
import { Pauses } from '../../engine/pauses.ts';
import type { Log } from '../../engine/plugin.ts';
import type { ExecutionStore, ExecutionWrite } from '../../engine/ports.ts';
import type { FailureStreak } from './failure-streak.ts';
import { pauseMs } from './pause-ms.ts';

export interface OutcomeWriterOptions {
  readonly commit: ExecutionStore['commit'];
  readonly events: EventSink;
  readonly log: Log;
  readonly streak: FailureStreak;
  /** Outcomes that may wait for storage before nothing more is sent. Default 2048. */
  readonly maxPending?: number;
}

const MAX_PENDING = 2_048;

export class OutcomeWriter {
  readonly #options: OutcomeWriterOptions;
  readonly #maxPending: number;
  readonly #pauses = new Pauses();
  readonly #waiting = new Set<() => void>();
  #pending = 0;

  constructor(options: OutcomeWriterOptions) {
    this.#options = options;
    this.#maxPending = options.maxPending ?? MAX_PENDING;
  }

  get isFull(): boolean {
    return this.#pending >= this.#maxPending;
  }

  /** Calls back, once, when there is room again. */
  whenRoom(callback: () => void): void {
    this.#waiting.add(callback);
  }

  /**
   * Commits a unit: all of it or nothing.
   * @param isAbandoned somebody else has taken over what it is about
   * @returns false when it was given up, at the end of the process or because it was abandoned
   */
  async write(
    outbound: OutboundWrite,
    events: readonly OperationalEvent[],
    isAbandoned: () => boolean,
    signals: readonly ExecutionWrite[] = [],
  ): Promise<boolean> {
    this.#pending += 1;
    try {
      return await this.#writeUntilStored(outbound, events, isAbandoned, signals);
    } finally {
      this.#pending -= 1;
      if (this.#waiting.size > 0 && !this.isFull) {
        const callbacks = [...this.#waiting];
        this.#waiting.clear();
        for (const callback of callbacks) callback();
      }
    }
  }

  /** What storage refuses from now on is given up. */
  stop(): void {
    this.#pauses.end();
  }

  async #writeUntilStored(
    outbound: OutboundWrite,
    events: readonly OperationalEvent[],
    isAbandoned: () => boolean,
    signals: readonly ExecutionWrite[],
  ): Promise<boolean> {
    const { commit, log, streak } = this.#options;
    let prepared: readonly PreparedWrites[] | undefined = events.length === 0 ? [] : undefined;
    for (let tries = 1; ; tries += 1) {
      if (isAbandoned()) return false;
      try {
        prepared ??= await this.#prepare(events);
        await commit({ outbound }, ...signals, ...prepared.flatMap(({ writes }) => writes));
        break;
      } catch (error) {
        if (!isStorageFailure(error) && events.length > 0 && prepared?.length !== 0) {
          // What was sent must be known, whatever becomes of those who listen.
          log.error(
            { error: messageOf(error), events: events.map(({ type }) => type) },
            'the workflows of an event are left out',
          );
          prepared = [];
          continue;
        }
        streak.failed(error, 'the outcome of deliveries could not be stored');
        if (this.#pauses.isOver) return false;
        await this.#pauses.sleep(pauseMs(tries));
      }
    }
    streak.worked();
    for (const writes of prepared) {
      try {
        writes.committed();
      } catch (error) {
        // It is stored: whoever was not told finds it there.
        log.error({ error: messageOf(error) }, 'the workflows of an event were stored, but could not be told of');
      }
    }
    return true;
  }

  async #prepare(events: readonly OperationalEvent[]): Promise<PreparedWrites[]> {
    const prepared: PreparedWrites[] = [];
    for (const event of events) prepared.push(await this.#options.events.prepare(event));
    return prepared;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
