// Notices when a database is used with another secret key than the one that sealed what is in it.

import type { SecretBox, Storage } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';

/** Where a value is stored that only holders of the key can make. */
export const KEY_CHECK_SETTING = 'secret_key_check';
const CHECKED_TEXT = 'key check';

export interface KeyCheckOptions {
  /** `refuse`: an error. `replace`: a warning, and the new key counts from now on. */
  readonly onOtherKey: 'refuse' | 'replace';
  readonly log: { warn(fields: object, message: string): void };
}

/**
 * Remembers the key at the first start (not the key itself), and compares it later.
 * @throws HooklineError `invalid_configuration` when it is another one and that is refused
 */
export async function checkSecretKey(
  secretBox: Pick<SecretBox, 'sign' | 'verify'>,
  settings: Storage['settings'],
  { onOtherKey, log }: KeyCheckOptions,
): Promise<void> {
  const own = secretBox.sign(CHECKED_TEXT);
  const stored = await settings.setIfMissing(KEY_CHECK_SETTING, own);
  if (stored === own) return;
  // A key that is configured beside the current one: this is a key rotation.
  if (secretBox.verify(CHECKED_TEXT, stored)) return settings.set(KEY_CHECK_SETTING, own);
  const fault = 'This database was used with another secret key';
  const remedy = 'Bring back that key: HOOKLINE_SECRET_KEY, or the file that HOOKLINE_SECRET_KEY_FILE names';
  if (onOtherKey === 'refuse') {
    throw new HooklineError(
      'invalid_configuration',
      `${fault}; every process on it needs the same. ${remedy}. If it is lost for good, delete the row "${KEY_CHECK_SETTING}" of the table settings; credentials in workflows then have to be entered again, and resume URLs that were given out no longer work.`,
    );
  }
  log.warn(
    {},
    `${fault}. ${remedy}, and start again; else credentials in workflows have to be entered again, and resume URLs that were given out no longer work.`,
  );
  await settings.set(KEY_CHECK_SETTING, own);
}
