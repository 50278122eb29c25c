// What a browser holds between the password and the code: proof that the password was right, for five minutes; no session.

import { timingSafeEqual } from 'node:crypto';
import type { User } from '../ports.ts';
import { hashSecret } from '../random-secret.ts';

/** How long the code may take, in milliseconds. */
export const PENDING_MS = 300_000;

export interface PendingSignIns {
  /** A proof for a user whose password was right just now. */
  make(user: Pick<User, 'id' | 'password'>): string;
  /** Whose it says it is; undefined when it is too old, or no proof. */
  userIdOf(proof: string): string | undefined;
  /** Whether the proof is of this user, with the password that the user still has. */
  isValid(proof: string, user: Pick<User, 'id' | 'password'>): boolean;
}

/** `<user id>.<end>.<code>`; the id is a UUID. */
const PROOF = /^([\w-]{1,64})\.(\d{1,15})\.([\w-]{43})$/;

/** @param options.sign a code that only holders of the installation's key can make */
export function createPendingSignIns({ sign, now }: { sign: (text: string) => string; now: () => number }): PendingSignIns {
  const codeOf = (id: string, end: string, password: string | null): string =>
    sign(`pending-sign-in:${JSON.stringify([id, end, hashSecret(password ?? '')])}`);

  function parse(proof: string): { id: string; end: string; code: string } | undefined {
    const [, id, end, code] = PROOF.exec(proof) ?? [];
    if (id === undefined || end === undefined || code === undefined || Number(end) <= now()) return undefined;
    return { id, end, code };
  }

  return {
    make({ id, password }) {
      const end = String(now() + PENDING_MS);
      return `${id}.${end}.${codeOf(id, end, password)}`;
    },
    userIdOf: (proof) => parse(proof)?.id,
    isValid(proof, { id, password }) {
      const given = parse(proof);
      if (given === undefined || given.id !== id || password === null) return false;
      return timingSafeEqual(Buffer.from(given.code), Buffer.from(codeOf(id, given.end, password)));
    },
  };
}
