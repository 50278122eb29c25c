// Who is dead? Judged by the watcher's own steady clock alone, so that no clock that jumps and no outage kills anybody.

export interface Beat {
  readonly id: string;
  /** Rises as long as the process lives. */
  readonly beat: string;
}

export interface Watch {
  /**
   * What was just read: all other processes. `nowMs` is the steady time before the reading.
   * @returns those whose beat has stood still for too long
   */
  read(beats: readonly Beat[], nowMs: number): Beat[];
  /** The database could not be read or written: perhaps the others cannot beat either. */
  miss(): void;
}

/**
 * @param silenceMs how long a beat may stand still
 * @param maxGapMs longest time between two readings; after a longer one this process was asleep itself, and starts to count anew
 */
export function createWatch(silenceMs: number, maxGapMs: number): Watch {
  let seen = new Map<string, { readonly beat: string; readonly since: number }>();
  let lastRead: number | undefined;

  return {
    read(beats, nowMs) {
      const isSteady = lastRead !== undefined && nowMs - lastRead <= maxGapMs;
      const before = isSteady ? seen : new Map<string, { readonly beat: string; readonly since: number }>();
      lastRead = nowMs;
      seen = new Map();
      const dead: Beat[] = [];
      for (const { id, beat } of beats) {
        const known = before.get(id);
        const since = known?.beat === beat ? known.since : nowMs;
        seen.set(id, { beat, since });
        if (nowMs - since >= silenceMs) dead.push({ id, beat });
      }
      return dead;
    },
    miss() {
      lastRead = undefined;
    },
  };
}
