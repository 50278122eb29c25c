// The password once more, before what could give an intruder lasting access.

import { HooklineError } from '../errors.ts';
import type { Passwords } from './passwords.ts';
import type { SessionStore } from './ports.ts';
import type { ActiveSession } from './sessions.ts';
import type { MakeCounter } from './throttle/counter.ts';
import { createThrottle, takeTurn } from './throttle/throttle.ts';

/** How long a password counts as fresh, in milliseconds. */
export const FRESH_MS = 10 * 60_000;

export interface ConfirmationService {
  /**
   * Takes the password of a signed-in user.
   * @throws HooklineError `forbidden` when it is wrong; `too_many_requests` after several wrong ones; `unauthorized` when the
   *   session has ended meanwhile
   */
  confirm(session: ActiveSession, password: string): Promise<void>;
  /** Lets through who has signed in or confirmed lately. @throws HooklineError `password_needed` */
  requireFresh(session: ActiveSession): void;
}

export function createConfirmation(options: {
  store: Pick<SessionStore, 'confirm'>;
  passwords: Passwords;
  counters: MakeCounter;
  now: () => number;
}): ConfirmationService {
  const { store, passwords, counters, now } = options;
  const byUser = createThrottle({ name: 'confirm-password', free: 5, maxWaitMs: 300_000, counters });
  return {
    async confirm({ user, hash }, password) {
      await takeTurn([byUser, user.id]);
      const { isRight } = await passwords.check(user.password, password);
      if (!isRight) throw new HooklineError('forbidden', 'The password is wrong.');
      await byUser.forget(user.id);
      if (!(await store.confirm(hash, now()))) throw new HooklineError('unauthorized', 'This session has ended. Sign in again.');
    },
    requireFresh({ confirmedAt }) {
      if (confirmedAt + FRESH_MS > now()) return;
      throw new HooklineError(
        'password_needed',
        'Enter your password again to do this (POST /api/session/confirm): it was last entered more than 10 minutes ago.',
      );
    },
  };
}
