// What a chaos run has done to the processes and the database, and when: whatever is repeated must be explained by one of them.

/** Milliseconds since 1970. A kill is a moment; a database is away for a time. */
export interface Incident {
  readonly kind: 'kill' | 'database' | 'declared-dead';
  readonly from: number;
  to: number;
}

export interface Incidents {
  readonly all: readonly Incident[];
  add(kind: Incident['kind']): Incident;
  /** Whether one of them touches this time. */
  touch(from: number, to: number, kinds?: readonly Incident['kind'][]): boolean;
}

/** How long after its end an outage still shows, in milliseconds: whoever was refused tries again after a pause. */
const AFTERMATH_MS = 10_000;

export function createIncidents(): Incidents {
  const all: Incident[] = [];
  return {
    all,
    add(kind) {
      const now = Date.now();
      const incident: Incident = { kind, from: now, to: now };
      all.push(incident);
      return incident;
    },
    touch: (from, to, kinds) =>
      all.some((one) => {
        if (kinds && !kinds.includes(one.kind)) return false;
        return one.from <= to && (one.kind === 'kill' ? one.to : one.to + AFTERMATH_MS) >= from;
      }),
  };
}
