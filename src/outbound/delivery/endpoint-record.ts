// What a worker knows of its endpoint: configuration, keys, state and rates, and how it learns what others have changed.

import type { Delivery, Endpoint, EndpointConfig, EndpointState } from '../../engine/outbound-model.ts';
import type { OpenEndpoint } from '../open-endpoint.ts';
import type { WorkerContext } from './endpoint-worker.ts';
import type { SendOrder } from './outcome.ts';
import { pauseMs } from './pause-ms.ts';
import { TokenBucket } from './rate.ts';

/** How old it may be while there is something new for it, in milliseconds. */
const FRESH_MS = 1_000;
/** Pause before keys that could not be opened are tried again, in milliseconds. */
const UNOPENED_MS = 60_000;

type RecordContext = Pick<WorkerContext, 'store' | 'open' | 'log' | 'now' | 'streak'>;

export class EndpointRecord {
  readonly #context: RecordContext;
  #endpoint: Endpoint;
  #opened: OpenEndpoint | undefined;
  #state: EndpointState;
  #sequence: number;
  /** States that are being written. */
  #unstored = 0;
  #asked: 'no' | 'soon' | 'first' = 'no';
  /** How often somebody has changed it. */
  #changes = 0;
  #isReloading = false;
  #loadedAt: number;
  #notBefore = 0;
  #failures = 0;
  #rate: TokenBucket | undefined;
  #drain: TokenBucket | undefined;

  constructor(endpoint: Endpoint, context: RecordContext) {
    this.#context = context;
    this.#endpoint = endpoint;
    this.#state = endpoint.state;
    this.#sequence = endpoint.stateSequence;
    this.#loadedAt = context.now();
    this.#configure();
  }

  get endpoint(): Endpoint {
    return this.#endpoint;
  }

  get config(): EndpointConfig {
    return this.#endpoint.config;
  }

  get state(): EndpointState {
    return this.#state;
  }

  /** Undefined when its keys cannot be read. */
  get opened(): OpenEndpoint | undefined {
    return this.#opened;
  }

  /** Somebody has changed it: what is known here does not count. */
  get isStale(): boolean {
    return this.#asked === 'first';
  }

  get isReloading(): boolean {
    return this.#isReloading;
  }

  /** A new state of our own. @returns its number */
  enter(state: EndpointState): number {
    this.#state = state;
    this.#sequence += 1;
    this.#unstored += 1;
    return this.#sequence;
  }

  /** One of our states was written, or given up. */
  stored(): void {
    this.#unstored -= 1;
  }

  /** Wants it read again: `first`, before anything is sent; `soon`, within a second. */
  ask(how: 'soon' | 'first'): void {
    if (this.#asked !== 'first') this.#asked = how;
    if (how === 'soon') return;
    this.#changes += 1;
    this.#notBefore = 0;
  }

  /** When `reload` is to be called; undefined: not before something else happens. */
  reloadAt(now: number): number | undefined {
    // While a state of ours is on its way nobody can tell which one is the latest.
    if (this.#asked === 'no' || this.#isReloading || this.#unstored > 0) return undefined;
    return Math.max(this.#notBefore, this.#asked === 'first' ? now : this.#loadedAt + FRESH_MS);
  }

  /** Never rejects: what cannot be read is asked for again. @returns what has become of it */
  async reload(): Promise<'same' | 'changed' | 'deleted'> {
    const { store, streak, now } = this.#context;
    const asked = this.#asked;
    const sequence = this.#sequence;
    this.#isReloading = true;
    const changes = this.#changes;
    // It stays stale until it is read.
    if (asked === 'soon') this.#asked = 'no';
    try {
      const stored = await store.endpoints.get(this.#endpoint.id);
      streak.worked();
      this.#failures = 0;
      this.#loadedAt = now();
      if (asked === 'first' && changes === this.#changes) this.#asked = 'no';
      if (!stored) return 'deleted';
      return this.#adopt(stored, sequence, asked === 'first');
    } catch (error) {
      streak.failed(error, 'an endpoint could not be read');
      this.#failures += 1;
      this.#notBefore = now() + pauseMs(this.#failures);
      if (this.#asked === 'no') this.#asked = 'soon';
      return 'same';
    } finally {
      this.#isReloading = false;
    }
  }

  /** How long its rates make this delivery wait, in milliseconds. */
  waitMs(delivery: Delivery, now: number): number {
    const rateMs = this.#rate?.waitMs(now) ?? 0;
    return this.#isHeldBack(delivery) ? Math.max(rateMs, this.#drainRate(now).waitMs(now)) : rateMs;
  }

  /** One request is sent. */
  use({ deliveries }: SendOrder, now: number): void {
    this.#rate?.take(now);
    const held = deliveries.reduce((count, { delivery }) => count + (this.#isHeldBack(delivery) ? 1 : 0), 0);
    if (held > 0) this.#drainRate(now).take(now, held);
  }

  #isHeldBack({ createdAt }: Delivery): boolean {
    return this.#state.drainBefore !== null && createdAt < this.#state.drainBefore;
  }

  #drainRate(now: number): TokenBucket {
    this.#drain ??= new TokenBucket({ count: this.config.blocking.drainPerSecond, perMs: 1_000 }, now);
    return this.#drain;
  }

  #adopt(stored: Endpoint, sequence: number, isForced: boolean): 'same' | 'changed' {
    const { config, sealedSecrets, updatedAt } = this.#endpoint;
    const isNewState = stored.stateSequence > sequence;
    if (isNewState) {
      // A state of ours may be on its way that has not seen this one: then it is looked at once more.
      if (this.#sequence !== sequence) this.#asked = 'first';
      this.#state = stored.state;
      this.#sequence = Math.max(this.#sequence, stored.stateSequence);
    }
    const isNewConfig = stored.updatedAt !== updatedAt || stored.sealedSecrets !== sealedSecrets;
    const isNew = isForced || isNewConfig || JSON.stringify(stored.config) !== JSON.stringify(config);
    this.#endpoint = stored;
    if (isNew || !this.#opened) this.#configure();
    return isNew || isNewState ? 'changed' : 'same';
  }

  #configure(): void {
    const { log, now } = this.#context;
    const { rateLimit } = this.config;
    this.#rate = rateLimit && new TokenBucket(rateLimit, now());
    this.#drain = undefined;
    try {
      this.#opened = this.#context.open(this.#endpoint);
    } catch (error) {
      this.#opened = undefined;
      const message = error instanceof Error ? error.message : String(error);
      log.error({ endpoint: this.#endpoint.id, error: message }, 'an endpoint cannot be opened; nothing is sent to it');
      this.#notBefore = now() + UNOPENED_MS;
      if (this.#asked === 'no') this.#asked = 'soon';
    }
  }
}
