// Recovery codes: for a user who has lost the app. Each works once.

import { randomInt } from 'node:crypto';
import { hashSecret } from '../random-secret.ts';

/** How many a user gets. */
export const RECOVERY_CODES = 10;
/** Crockford's base32: no letters that look like digits. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const GROUPS = 4;
const GROUP_LENGTH = 4;

/** New codes of 80 random bits, as people type them: `7K3M-9QXT-0VBN-2HCR`. */
export function makeRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () => Array.from({ length: GROUPS }, makeGroup).join('-'));
}

function makeGroup(): string {
  return Array.from({ length: GROUP_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
}

/** What is stored of a code, however it is typed. A fast hash is enough for 80 random bits. */
export function hashRecoveryCode(userId: string, code: string): string {
  return hashSecret(JSON.stringify([userId, normalized(code)]));
}

/** Whether a text has the length of a recovery code, which a code of an app never has. */
export function isRecoveryCode(code: string): boolean {
  return normalized(code).length === GROUPS * GROUP_LENGTH;
}

function normalized(code: string): string {
  return code.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1');
}
