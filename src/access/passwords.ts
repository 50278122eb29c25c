// Encodes passwords with scrypt and checks them, so that neither the result nor the time tells which users exist.

import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { HooklineError } from '../errors.ts';

/** Cost as a power of two, block size, parallelism. */
interface Parameters {
  readonly ln: number;
  readonly r: number;
  readonly p: number;
}

/** The first choice of OWASP's Password Storage Cheat Sheet: N = 2^17 (128 MiB), r = 8, p = 1. */
const PARAMETERS: Parameters = { ln: 17, r: 8, p: 1 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
/** The PHC string format: `$scrypt$ln=17,r=8,p=1$<salt>$<hash>`, both in base64 without padding. */
const ENCODED = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/;

/** Each takes 128 MiB and a third of a second of one core. */
const MAX_RUNNING = 2;
const MAX_WAITING = 32;

export interface Passwords {
  /** @throws HooklineError `too_many_requests` when too many passwords are being checked already */
  encode(password: string): Promise<string>;
  /**
   * @param encoded null for a user who is unknown, disabled or has none: never right, and takes as long
   * @returns `isOutdated`: right, and to be encoded anew with the parameters of today
   * @throws HooklineError `too_many_requests`
   */
  check(encoded: string | null, password: string): Promise<{ isRight: boolean; isOutdated: boolean }>;
}

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt);

/** @param given `ln` is N of scrypt as a power of two: each step doubles time and memory */
export function createPasswords(given: Partial<Parameters> = {}): Passwords {
  const parameters: Parameters = { ...PARAMETERS, ...given };
  const inTurn = createLane();
  const decoy = encodedOf(parameters, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES));
  return {
    async encode(password) {
      const salt = randomBytes(SALT_BYTES);
      return encodedOf(parameters, salt, await inTurn(() => hash(password, salt, parameters)));
    },
    async check(encoded, password) {
      const stored = decode(encoded ?? decoy);
      const actual = await inTurn(() => hash(password, stored.salt, stored.parameters));
      const isRight = timingSafeEqual(actual, stored.hash) && encoded !== null;
      const { ln, r, p } = stored.parameters;
      return { isRight, isOutdated: isRight && (ln !== parameters.ln || r !== parameters.r || p !== parameters.p) };
    },
  };
}

function hash(password: string, salt: Buffer, { ln, r, p }: Parameters): Promise<Buffer> {
  const N = 2 ** ln;
  // NIST SP 800-63B-4, section 3.1.1.2: the same characters, however a keyboard composes them, are the same password.
  return derive(password.normalize('NFKC'), salt, HASH_BYTES, { N, r, p, maxmem: 256 * N * r });
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '');

function encodedOf({ ln, r, p }: Parameters, salt: Buffer, bytes: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(bytes)}`;
}

function decode(encoded: string): { parameters: Parameters; salt: Buffer; hash: Buffer } {
  const [, ln, r, p, salt = '', bytes = ''] = ENCODED.exec(encoded) ?? [];
  const decoded = Buffer.from(bytes, 'base64');
  if (decoded.length !== HASH_BYTES) throw new TypeError('A stored password does not have the form that was written.');
  return { parameters: { ln: Number(ln), r: Number(r), p: Number(p) }, salt: Buffer.from(salt, 'base64'), hash: decoded };
}

/** Lets a few run at a time: strangers must not be able to take all memory by signing in. */
function createLane(): <Result>(work: () => Promise<Result>) => Promise<Result> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= MAX_RUNNING) {
      if (waiting.length >= MAX_WAITING) {
        throw new HooklineError(
          'too_many_requests',
          'Too many people are signing in at this moment. Try again in a few seconds.',
          {
            headers: { 'Retry-After': '5' },
          },
        );
      }
      // Who is let in takes over the place of who leaves.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
