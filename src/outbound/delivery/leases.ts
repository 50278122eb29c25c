// Which endpoints this process sends to: takes leases, gives each endpoint a worker, gives leases back.

import type { Endpoint } from '../../engine/outbound-model.ts';
import type { OutboundStore } from '../../engine/outbound-ports.ts';
import type { EndpointWorker } from './endpoint-worker.ts';
import type { FailureStreak } from './failure-streak.ts';
import { Rounds } from './rounds.ts';

/** Endpoints taken with one query. */
const AT_ONCE = 256;
/** Endpoints that one process sends to at a time; the others wait for a lease that is given back. */
const MAX_WORKERS = 10_000;

export interface LeasesOptions {
  readonly queue: OutboundStore['queue'];
  readonly pollMs: number;
  now(): number;
  random(): number;
  readonly streak: FailureStreak;
  createWorker(endpoint: Endpoint): EndpointWorker;
  /** Somebody asked for these, but this process has not got them. */
  onNotLeased(endpointIds: readonly string[]): void;
}

export class Leases {
  readonly #options: LeasesOptions;
  readonly #workers = new Map<string, EndpointWorker>();
  /** Not yet given back: they are not to be taken again before. */
  readonly #leaving = new Set<string>();
  readonly #asked = new Set<string>();
  readonly #polls: Rounds;
  #releasing: Promise<void> | undefined;
  /** Rises when all leases are lost. */
  #generation = 0;
  #isStopping = false;
  #onEmpty: (() => void) | undefined;

  constructor(options: LeasesOptions) {
    this.#options = options;
    const { pollMs, random, streak } = options;
    this.#polls = new Rounds({
      everyMs: pollMs,
      random,
      run: () => this.#poll(),
      onError: (error) => streak.failed(error, 'endpoints with deliveries could not be looked for'),
    });
  }

  get size(): number {
    return this.#workers.size;
  }

  start(): void {
    this.#polls.begin();
  }

  get(endpointId: string): EndpointWorker | undefined {
    return this.#workers.get(endpointId);
  }

  all(): EndpointWorker[] {
    return [...this.#workers.values()];
  }

  /** Looks for something due now; `endpointIds` are whom somebody has asked for. */
  poll(endpointIds: readonly string[] = []): void {
    for (const id of endpointIds) this.#asked.add(id);
    this.#polls.begin();
  }

  /** A worker sends no more. */
  end(worker: EndpointWorker): void {
    // One that was taken for dead has lost its lease already.
    if (this.#workers.get(worker.id) !== worker) return;
    this.#workers.delete(worker.id);
    this.#leaving.add(worker.id);
    if (worker.isWanted) this.#asked.add(worker.id);
    if (!this.#isStopping) void this.#release();
    if (this.#workers.size === 0) this.#onEmpty?.();
  }

  /** Others have them by now: all workers end, nothing is written. */
  drop(reason: Error): void {
    this.#generation += 1;
    for (const worker of this.#workers.values()) worker.abandon(reason);
    this.#workers.clear();
    this.#leaving.clear();
    this.#polls.begin();
  }

  /** Takes no more and lets all workers end. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const polled = this.#polls.stop();
    const isEmpty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const worker of this.all()) worker.leave();
    await polled;
    for (const worker of this.all()) worker.leave();
    if (this.#workers.size > 0) await isEmpty;
  }

  /** Gives all leases back, behind `stop`. */
  async releaseAll(): Promise<void> {
    await this.#releasing;
    await this.#release();
  }

  async #poll(): Promise<void> {
    const { queue, now, streak, createWorker, onNotLeased } = this.#options;
    if (this.#leaving.size > 0) await this.#release();
    const asked = [...this.#asked];
    this.#asked.clear();
    try {
      for (;;) {
        const limit = Math.min(AT_ONCE, MAX_WORKERS - this.#workers.size);
        if (limit <= 0 || this.#isStopping) break;
        const generation = this.#generation;
        const leased = await queue.lease(now(), limit, [...this.#workers.keys(), ...this.#leaving]);
        streak.worked();
        if (generation !== this.#generation) continue;
        for (const endpoint of leased) {
          if (this.#workers.has(endpoint.id)) continue;
          const worker = createWorker(endpoint);
          this.#workers.set(endpoint.id, worker);
          worker.start();
        }
        if (leased.length < limit) break;
      }
    } finally {
      const missing = asked.filter((id) => !this.#workers.has(id));
      if (missing.length > 0) onNotLeased(missing);
    }
  }

  /** One at a time; those that come meanwhile are given back with the next one. */
  async #release(): Promise<void> {
    if (this.#releasing) return;
    while (this.#leaving.size > 0) {
      const ids = [...this.#leaving];
      this.#releasing = this.#options.queue.release(ids);
      try {
        await this.#releasing;
      } catch (error) {
        // The next poll tries it again.
        this.#options.streak.failed(error, 'leases could not be given back');
        break;
      } finally {
        this.#releasing = undefined;
      }
      for (const id of ids) this.#leaving.delete(id);
      if (this.#asked.size > 0) this.#polls.begin();
    }
  }
}
