// One piece of work at a time for each owner, and of those that wait only the newest of each subject.

import { HooklineError } from '../errors.ts';

/** Most subjects of one owner that wait. */
const MAX_WAITING = 10;

export interface LatestFirst {
  /**
   * Does the work when no other of this owner is under way.
   * @param owner who asks
   * @param subject what it is about: newer work on the same subject takes the place of work that waits
   * @throws HooklineError `superseded` when newer work took its place, `too_many_requests` when ten others wait; what the work throws
   */
  run<Result>(owner: string, subject: string, work: () => Promise<Result>): Promise<Result>;
}

interface Waiting {
  start(): void;
  refuse(error: HooklineError): void;
}

export function createLatestFirst(): LatestFirst {
  /** What waits behind the work that each owner has under way. */
  const queues = new Map<string, Map<string, Waiting>>();

  function turn(owner: string, subject: string): Promise<void> | undefined {
    const waiting = queues.get(owner);
    if (waiting === undefined) {
      queues.set(owner, new Map());
      return undefined;
    }
    waiting.get(subject)?.refuse(new HooklineError('superseded', 'A newer request of the same kind took the place of this one.'));
    if (!waiting.has(subject) && waiting.size >= MAX_WAITING) {
      throw new HooklineError('too_many_requests', `${MAX_WAITING} requests of this kind wait already; wait for their answers.`, {
        headers: { 'Retry-After': '1' },
      });
    }
    return new Promise((resolve, reject) => {
      // Behind those that wait already.
      waiting.delete(subject);
      waiting.set(subject, { start: resolve, refuse: reject });
    });
  }

  function next(owner: string): void {
    const waiting = queues.get(owner);
    const [first] = waiting ?? [];
    if (waiting === undefined || first === undefined) {
      queues.delete(owner);
      return;
    }
    const [subject, { start }] = first;
    waiting.delete(subject);
    start();
  }

  return {
    async run(owner, subject, work) {
      await turn(owner, subject);
      try {
        return await work();
      } finally {
        next(owner);
      }
    },
  };
}
