// Shares out the requests that may run at once, so that slow and failing endpoints leave room for the others.

/** `unknown`: this process has not had an answer of it yet. */
export type Lane = 'healthy' | 'unknown' | 'suspect';

/** An exchange that takes longer is slow, in milliseconds. */
const SLOW_MS = 1_000;
/** Fast exchanges until an endpoint is no longer called slow. */
const FAST_UNTIL_HEALTHY = 3;

/** How an endpoint has behaved lately. */
export class Health {
  #isKnown = false;
  #isFailing: boolean;
  #slowness = 0;

  /** @param isFailing whether its last attempt has failed */
  constructor(isFailing: boolean) {
    this.#isFailing = isFailing;
  }

  get lane(): Lane {
    if (this.#isFailing || this.#slowness > 0) return 'suspect';
    return this.#isKnown ? 'healthy' : 'unknown';
  }

  /** Whether one request at a time is enough. */
  get isCautious(): boolean {
    return this.#isFailing || !this.#isKnown;
  }

  /** An attempt that says something of the receiver has ended. */
  record(succeeded: boolean, totalMs: number): void {
    this.#isKnown = true;
    this.#isFailing = !succeeded;
    this.#slowness = totalMs > SLOW_MS ? FAST_UNTIL_HEALTHY : Math.max(0, this.#slowness - 1);
  }

  /** A request has been under way for too long. */
  markSlow(): void {
    this.#slowness = FAST_UNTIL_HEALTHY;
  }
}

export interface SlotUser {
  readonly health: Health;
  /** Sends one request if it can. @returns whether it has taken the slot; then it frees it later */
  takeSlot(slot: Slot): boolean;
}

/** Room for one request. */
export interface Slot {
  lane: Lane;
  readonly user: SlotUser;
  readonly startedAt: number;
}

export interface SlotsOptions {
  /** Requests at once. */
  readonly max: number;
  now(): number;
}

const LANES: readonly Lane[] = ['healthy', 'unknown', 'suspect'];

/**
 * Suspects have at most half of the slots, together with unknown ones at most three quarters; a request that takes long makes
 * its endpoint a suspect while it still runs. Endpoints that wait take turns, and so do the lanes.
 */
export class Slots {
  readonly #max: number;
  readonly #now: () => number;
  readonly #waiting: Record<Lane, Set<SlotUser>> = { healthy: new Set(), unknown: new Set(), suspect: new Set() };
  readonly #used: Record<Lane, number> = { healthy: 0, unknown: 0, suspect: 0 };
  /** Not yet slow, the oldest first. */
  readonly #young = new Set<Slot>();
  #turn = 0;
  #isSharing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ max, now }: SlotsOptions) {
    this.#max = max;
    this.#now = now;
  }

  get used(): number {
    return this.#used.healthy + this.#used.unknown + this.#used.suspect;
  }

  /** Wants to send; `takeSlot` is called when it is its turn, perhaps at once. */
  enter(user: SlotUser): void {
    this.#waiting[user.health.lane].add(user);
    this.#share();
  }

  /** Wants to send no more. */
  leave(user: SlotUser): void {
    for (const lane of LANES) this.#waiting[lane].delete(user);
  }

  /** Its request has ended. */
  free(slot: Slot): void {
    this.#used[slot.lane] -= 1;
    this.#young.delete(slot);
    this.#share();
  }

  /** Sets no more timers. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const lane of LANES) this.#waiting[lane].clear();
  }

  #share(): void {
    // Whoever takes a slot may ask for the next one at once: the loop below sees it.
    if (this.#isSharing) return;
    this.#isSharing = true;
    this.#age();
    let idleLanes = 0;
    while (idleLanes < LANES.length) {
      const lane = LANES[this.#turn % LANES.length] ?? 'healthy';
      this.#turn += 1;
      idleLanes = this.#giveOne(lane) ? 0 : idleLanes + 1;
    }
    this.#isSharing = false;
    this.#watch();
  }

  /** @returns whether somebody had a turn */
  #giveOne(lane: Lane): boolean {
    if (!this.#hasRoom(lane)) return false;
    for (const user of this.#waiting[lane]) {
      this.#waiting[lane].delete(user);
      const laneNow = user.health.lane;
      if (laneNow !== lane) {
        this.#waiting[laneNow].add(user);
        return true;
      }
      const slot: Slot = { lane, user, startedAt: this.#now() };
      this.#used[lane] += 1;
      if (lane !== 'suspect') this.#young.add(slot);
      if (!user.takeSlot(slot)) {
        this.#used[lane] -= 1;
        this.#young.delete(slot);
      }
      return true;
    }
    return false;
  }

  #hasRoom(lane: Lane): boolean {
    if (this.used >= this.#max) return false;
    if (lane === 'healthy') return true;
    const share = lane === 'suspect' ? 0.5 : 0.75;
    const used = lane === 'suspect' ? this.#used.suspect : this.#used.suspect + this.#used.unknown;
    return used < Math.max(1, Math.floor(this.#max * share));
  }

  /** Makes suspects of those that take long. */
  #age(): void {
    const since = this.#now() - SLOW_MS;
    for (const slot of this.#young) {
      if (slot.startedAt > since) return;
      this.#young.delete(slot);
      slot.user.health.markSlow();
      if (this.#used.suspect >= Math.floor(this.#max / 2)) continue;
      this.#used[slot.lane] -= 1;
      slot.lane = 'suspect';
      this.#used.suspect += 1;
    }
  }

  /** While somebody waits, looks again when the oldest request becomes slow: that may make room. */
  #watch(): void {
    if (this.#timer || LANES.every((lane) => this.#waiting[lane].size === 0)) return;
    for (const { startedAt } of this.#young) {
      this.#timer = setTimeout(
        () => {
          this.#timer = undefined;
          this.#share();
        },
        Math.max(1, startedAt + SLOW_MS - this.#now()),
      );
      return;
    }
  }
}
