// One timer for the earliest of many times, however far away, on a clock that may be set.

export interface AlarmOptions {
  /** Milliseconds since 1970. */
  now(): number;
  /** Longest time between two looks at the clock, in milliseconds: so late it rings at most when the clock is set forward. */
  readonly lookAgainMs: number;
  /** Called when the earliest time has come; the alarm is then not set. */
  ring(): void;
}

export interface Alarm {
  /** Rings at this time unless it is set for an earlier one. */
  arm(time: number): void;
  /** Rings no more. */
  stop(): void;
}

export function createAlarm({ now, lookAgainMs, ring }: AlarmOptions): Alarm {
  let next: number | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;

  function wait(until: number): void {
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(Math.max(until - now(), 0), lookAgainMs));
  }

  function look(): void {
    if (next === undefined) return;
    // Too early: a time that is far away, a clock that was set back, or a timer that is a millisecond ahead of the clock.
    if (next > now()) {
      wait(next);
    } else {
      next = undefined;
      ring();
    }
  }

  return {
    arm(time) {
      if (isStopped || (next !== undefined && next <= time)) return;
      next = time;
      wait(time);
    },
    stop() {
      isStopped = true;
      next = undefined;
      clearTimeout(timer);
    },
  };
}
