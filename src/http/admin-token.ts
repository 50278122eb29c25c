// The tokens that open the admin API: configured, or generated at the first start and kept only as a digest.

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { adminTokenProblem } from '../access/token-strength.ts';
import type { Storage } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';

/** Where the SHA-256 of the generated token is stored, as hex. */
export const TOKEN_SETTING = 'admin_token_sha256';

export interface TokenVerifier {
  /** Whether this is an allowed token; takes the same time whichever byte differs. @throws what reading a setting throws */
  verify(token: string): Promise<boolean>;
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}

/** Accepts tokens by their SHA-256. All digests are compared, so that time says nothing about which one was near. */
function verifierOf(digests: readonly Buffer[]): TokenVerifier {
  return {
    async verify(token) {
      const given = digest(token);
      let found = false;
      for (const allowed of digests) found = timingSafeEqual(given, allowed) || found;
      return found;
    },
  };
}

/**
 * Makes the verifier. With `adminToken` only that one counts; otherwise a token of 256 random bits is generated at the
 * first start and returned this once, so that it can be shown: of several processes that start together, by one alone.
 * @param options.mayGenerate default true; false for a process that shows nobody a token: it knows one when there is one
 * @throws HooklineError `invalid_configuration` when the configured token is weak or the stored digest is damaged
 */
export async function createTokenVerifier(options: {
  adminToken?: string | undefined;
  settings: Pick<Storage['settings'], 'get' | 'setIfMissing'>;
  mayGenerate?: boolean;
}): Promise<{ verifier: TokenVerifier; generated: string | undefined }> {
  const { adminToken, settings, mayGenerate = true } = options;
  if (adminToken !== undefined) {
    const problem = adminTokenProblem(adminToken);
    if (problem !== undefined) throw new HooklineError('invalid_configuration', `The admin token ${problem}.`);
    return { verifier: verifierOf([digest(adminToken)]), generated: undefined };
  }
  const stored = await settings.get(TOKEN_SETTING);
  if (stored !== undefined) return { verifier: storedVerifier(stored), generated: undefined };
  if (!mayGenerate) return { verifier: lateVerifier(settings), generated: undefined };
  const generated = randomBytes(32).toString('base64url');
  const own = digest(generated).toString('hex');
  const winner = await settings.setIfMissing(TOKEN_SETTING, own);
  return { verifier: storedVerifier(winner), generated: winner === own ? generated : undefined };
}

function storedVerifier(stored: string): TokenVerifier {
  if (/^[0-9a-f]{64}$/.test(stored)) return verifierOf([Buffer.from(stored, 'hex')]);
  throw new HooklineError(
    'invalid_configuration',
    `The setting "${TOKEN_SETTING}" in the database is not a SHA-256 in hex. Set an admin token, or delete the setting to get a new one.`,
  );
}

/** No token is known yet: another process will generate one. */
function lateVerifier(settings: Pick<Storage['settings'], 'get'>): TokenVerifier {
  let known: TokenVerifier | undefined;
  return {
    async verify(token) {
      if (!known) {
        const stored = await settings.get(TOKEN_SETTING);
        if (stored === undefined) return false;
        known = storedVerifier(stored);
      }
      return known.verify(token);
    },
  };
}
