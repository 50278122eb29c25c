// Leaves a trace of wrong credentials without one line per try: in the server's log, in the audit log, and on the workflow.

import { toFailure } from '../../engine/failure.ts';
import type { Log } from '../../engine/plugin.ts';
import type { AuditService } from '../audit.ts';
import type { RefusedCall, RefusedCallStore, RefusedCalls } from '../ports.ts';
import { keepLatest } from './keep-latest.ts';
import { placeOfAddress } from './place.ts';

export interface Refusal {
  /** What the audit log calls it. */
  readonly action: 'basicAuthRefused' | 'bearerRefused' | 'signInThrottled' | 'linkRefused' | 'secondFactorRefused';
  /** Id of the workflow or user; null when there is none. */
  readonly target: string | null;
  /** Who it was said to be; default nobody in particular. */
  readonly name?: string;
  readonly address: string;
}

export interface Refusals {
  /** Notes one refused try. */
  note(refusal: Refusal): void;
  /** Refused calls of a workflow within the last hour, of all processes. */
  ofWorkflow(workflowId: string): Promise<RefusedCalls>;
  /** Stores what is counted. Call it before the database is closed. */
  settle(): Promise<void>;
}

const HOUR_MS = 3_600_000;
/** Refused calls are counted by spans of this length, in milliseconds. */
const SPAN_MS = 300_000;
/** Counts are written together, in milliseconds after the first. */
const STORE_AFTER_MS = 5_000;
/** Groups in memory at most, and for one target: an attacker with many addresses must not fill the audit log. */
const MAX_GROUPS = 10_000;
const MAX_PLACES = 100;
/** What further places of a target are counted as. */
const OTHERS = 'others';

interface Group {
  readonly since: number;
  tries: number;
}

export function createRefusals(options: {
  store: RefusedCallStore;
  audit: Pick<AuditService, 'note'>;
  now: () => number;
  log: Log;
}): Refusals {
  const { store, audit, now, log } = options;
  /** Tries of the last hour by action, target and place. */
  const groups = new Map<string, Group>();
  /** The places of a target that have groups. */
  const places = new Map<string, { since: number; names: Set<string> }>();
  /** Calls that are not stored yet. */
  let pending = new Map<string, RefusedCall>();
  const writing = new Set<Promise<unknown>>();
  let timer: NodeJS.Timeout | undefined;

  function during(work: Promise<unknown>): void {
    writing.add(work);
    void work.finally(() => writing.delete(work));
  }

  /** The place that a try is grouped by; those beyond the first hundred of a target within an hour are one. */
  function placeFor(subject: string, address: string): string {
    const place = placeOfAddress(address);
    let known = places.get(subject);
    if (known === undefined || known.since <= now() - HOUR_MS) {
      known = { since: now(), names: new Set() };
      keepLatest(places, subject, known, MAX_GROUPS);
    }
    if (known.names.has(place)) return place;
    if (known.names.size >= MAX_PLACES) return OTHERS;
    known.names.add(place);
    return place;
  }

  function count(key: string): number {
    let group = groups.get(key);
    if (group === undefined || group.since <= now() - HOUR_MS) {
      group = { since: now(), tries: 0 };
      keepLatest(groups, key, group, MAX_GROUPS);
    }
    group.tries += 1;
    return group.tries;
  }

  function countCall(workflowId: string, place: string): void {
    const at = now() - (now() % SPAN_MS);
    const key = JSON.stringify([workflowId, at, place]);
    pending.set(key, { workflowId, at, place, calls: (pending.get(key)?.calls ?? 0) + 1 });
    timer ??= setTimeout(() => during(flush()), STORE_AFTER_MS).unref();
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    // In one order: two processes that add the same rows must not wait for each other.
    const calls = [...pending].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, call]) => call);
    pending = new Map();
    if (calls.length === 0) return;
    try {
      await store.add(calls);
    } catch (error) {
      log.warn({ error: toFailure(error) }, 'Could not store how many calls were refused');
    }
  }

  return {
    note({ action, target, name = '', address }) {
      const subject = JSON.stringify([action, target, target === null ? name : '']);
      const place = placeFor(subject, address);
      if (action === 'basicAuthRefused' && target !== null) countCall(target, place);
      const tries = count(`${subject}${place}`);
      if (!isPowerOfTen(tries)) return;
      const from = place === OTHERS ? '' : address;
      log.warn({ action, target, address: from, tries }, 'Credentials were refused');
      during(audit.note(name, { action, target, address: from, outcome: 'refused', details: { tries: [String(tries)] } }));
    },
    async ofWorkflow(workflowId) {
      await flush();
      return store.count(workflowId, now() - HOUR_MS);
    },
    async settle() {
      await flush();
      await Promise.all(writing);
    },
  };
}

function isPowerOfTen(count: number): boolean {
  return /^10*$/.test(String(count));
}
