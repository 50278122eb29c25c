// The second factor of users: codes of an authenticator app, and recovery codes for those who have lost it.

import type { SecretBox } from '../../engine/ports.ts';
import { totpPlace } from '../../engine/sealed-places.ts';
import { HooklineError } from '../../errors.ts';
import type { AuditService } from '../audit.ts';
import type { SecondFactorView } from '../model.ts';
import type { MakeNotice, Place } from '../notices.ts';
import type { Passwords } from '../passwords.ts';
import type { SecondFactorStore, User } from '../ports.ts';
import type { MakeCounter } from '../throttle/counter.ts';
import type { Refusals } from '../throttle/refusals.ts';
import { createThrottle, takeTurn } from '../throttle/throttle.ts';
import { hashRecoveryCode, isRecoveryCode, makeRecoveryCodes } from './recovery-codes.ts';
import { makeTotpSecret, totpStep, totpUri } from './totp.ts';

export interface SecondFactorService {
  get(user: User): Promise<SecondFactorView>;
  /**
   * Begins to enrol: a new secret, which counts only when a code of it was confirmed. It replaces one that was not confirmed.
   * @throws HooklineError `conflict` when there is a second factor already, or while a process is running that asks for no code
   */
  begin(user: User): Promise<{ secret: string; uri: string }>;
  /**
   * Turns it on.
   * @returns the recovery codes, which are never seen again
   * @throws HooklineError `conflict` when nothing was begun; `wrong_code`, `too_many_requests`
   */
  enable(user: User, code: string, from: Place): Promise<string[]>;
  /**
   * Checks a code of the app, or a recovery code, and uses it up. Guesses are slowed down by user.
   * @param knownBy by what the user is known at this place: it has a count of its own, so that whoever has the password and
   *   guesses codes elsewhere does not lock the user out. Undefined: a stranger
   * @throws HooklineError `wrong_code`, the same for every reason; `too_many_requests`
   */
  check(user: User, code: string, address: string, knownBy?: string): Promise<void>;
  /** New recovery codes in place of the ones before. @throws as `check` */
  renewRecoveryCodes(user: User, code: string, from: Place): Promise<string[]>;
  /** @throws as `check`; HooklineError `forbidden` when the password is wrong, `conflict` when the factor is required */
  disable(user: User, given: { password: string; code: string }, from: Place): Promise<void>;
  /** Removes the second factor of a user who has lost it. @throws HooklineError `user_not_found`, `conflict` when there is none */
  remove(userId: string, from: Place): Promise<void>;
  /** Whether a user has to enrol before anything else. */
  isMissing(user: User): Promise<boolean>;
}

export function createSecondFactors(options: {
  store: SecondFactorStore;
  /** Seals the secrets of apps. */
  box: Pick<SecretBox, 'seal' | 'open'>;
  passwords: Passwords;
  makeNotice: MakeNotice;
  counters: MakeCounter;
  refusals: Pick<Refusals, 'note'>;
  audit: Pick<AuditService, 'note'>;
  isRequiredForOwners: () => Promise<boolean>;
  /** Whether every process on the database asks for the code. */
  isAskedEverywhere: () => boolean;
  now: () => number;
}): SecondFactorService {
  const { store, box, passwords, makeNotice, counters, refusals, audit, isRequiredForOwners, isAskedEverywhere, now } = options;
  const byUser = createThrottle({ name: 'second-factor', free: 5, maxWaitMs: 300_000, counters });

  const changedBy = (userId: string, from: Place) => makeNotice(userId, 'second-factor', from);
  const has = (user: User): boolean => user.secondFactorSince != null;
  const isRequired = async (user: User): Promise<boolean> => user.role === 'owner' && (await isRequiredForOwners());

  async function judge(user: User, address: string, isRight: () => Promise<boolean>, knownBy?: string): Promise<void> {
    const key = knownBy === undefined ? user.id : `${user.id} ${knownBy}`;
    const refuse = (): void => refusals.note({ action: 'secondFactorRefused', target: user.id, name: user.email, address });
    try {
      await takeTurn([byUser, key]);
    } catch (error) {
      refuse();
      throw error;
    }
    if (await isRight()) return byUser.forget(key);
    refuse();
    throw new HooklineError('wrong_code', 'The code is wrong, too old, or was used already.');
  }

  async function isRightCode(user: User, code: string, address: string): Promise<boolean> {
    if (isRecoveryCode(code)) {
      if (!(await store.spendRecoveryCode(user.id, hashRecoveryCode(user.id, code)))) return false;
      const left = await store.countRecoveryCodes(user.id);
      const actor = { kind: 'user', id: user.id, name: user.email } as const;
      await audit.note(actor, { action: 'useRecoveryCode', target: user.id, address, details: { left: [String(left)] } });
      return true;
    }
    const stored = await store.get(user.id);
    if (stored === undefined || stored.since === null) return false;
    const step = totpStep(box.open(stored.sealedSecret, totpPlace(user.id)), digitsOf(code), now());
    return step !== undefined && store.accept(user.id, step);
  }

  const check: SecondFactorService['check'] = (user, code, address, knownBy) =>
    judge(user, address, () => isRightCode(user, code, address), knownBy);

  const hashesOf = (user: User, codes: readonly string[]): string[] => codes.map((code) => hashRecoveryCode(user.id, code));

  return {
    check,
    async get(user) {
      return {
        enabled: has(user),
        since: user.secondFactorSince == null ? null : new Date(user.secondFactorSince).toISOString(),
        recoveryCodes: has(user) ? await store.countRecoveryCodes(user.id) : 0,
        required: await isRequired(user),
      };
    },
    async begin(user) {
      if (!isAskedEverywhere()) {
        throw new HooklineError(
          'conflict',
          'A second factor cannot be set up yet: a process of an older version, which asks for no code, is running on this database. Stop it and try again.',
        );
      }
      const secret = makeTotpSecret();
      if (!(await store.begin(user.id, box.seal(secret, totpPlace(user.id))))) throw alreadyThere();
      return { secret, uri: totpUri(secret, user.email) };
    },
    async enable(user, code, from) {
      const stored = await store.get(user.id);
      if (stored === undefined) {
        throw new HooklineError('conflict', 'Begin to set up the second factor first: there is no key to confirm.');
      }
      if (stored.since !== null) throw alreadyThere();
      const { sealedSecret } = stored;
      const codes = makeRecoveryCodes();
      const notice = changedBy(user.id, from);
      await judge(user, from.address, async () => {
        const step = totpStep(box.open(sealedSecret, totpPlace(user.id)), digitsOf(code), now());
        const hashes = hashesOf(user, codes);
        return step !== undefined && store.enable(user.id, { sealedSecret, step, at: now(), hashes, notice });
      });
      return codes;
    },
    async renewRecoveryCodes(user, code, from) {
      await check(user, code, from.address);
      const codes = makeRecoveryCodes();
      await store.replaceRecoveryCodes(user.id, hashesOf(user, codes), changedBy(user.id, from));
      return codes;
    },
    async disable(user, { password, code }, from) {
      if (await isRequired(user)) {
        throw new HooklineError('conflict', 'Owners of this installation must have a second factor.');
      }
      // Slowed down like the code, before which it is judged: a wrong password uses up no code.
      await judge(user, from.address, async () => {
        const { isRight } = await passwords.check(user.password, password);
        if (!isRight) throw new HooklineError('forbidden', 'The password is wrong.');
        return isRightCode(user, code, from.address);
      });
      await store.remove(user.id, changedBy(user.id, from));
    },
    async remove(userId, from) {
      if (!(await store.remove(userId, changedBy(userId, from))))
        throw new HooklineError('conflict', 'This user has no second factor.');
    },
    isMissing: async (user) => !has(user) && (await isRequired(user)),
  };
}

/** Apps show codes in groups. */
function digitsOf(code: string): string {
  return code.replace(/\s/g, '');
}

function alreadyThere(): HooklineError {
  return new HooklineError('conflict', 'There is a second factor already. Turn it off before you set up another one.');
}
