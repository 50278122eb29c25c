// `hookline user reset`: a way back in for who has forgotten the password, and for whom nobody else can help.

import { createAudit } from '../access/audit.ts';
import { newLink } from '../access/links.ts';
import { createNoticeMaker } from '../access/notices.ts';
import { showLink } from '../access/views.ts';
import { loadConfig } from '../config.ts';
import { auditSigner } from '../engine/audit-scope.ts';
import { HooklineError } from '../errors.ts';
import { createLog } from '../log.ts';
import { createSecretBox } from '../secrets/secret-box.ts';
import { loadSecretKeys } from '../secrets/secret-keys.ts';
import { openAccessStore } from '../storage/access-alone.ts';

/**
 * Prints a link with which the user chooses a new password. Whoever may run this may also write to the database.
 * @throws HooklineError `user_not_found`; `conflict` for a disabled user; as opening the database does
 */
export async function resetUser(email: string): Promise<void> {
  const config = loadConfig();
  const { databaseUrl, publicUrl, prefix, logLevel } = config;
  const log = createLog(logLevel);
  const { store, close } = await openAccessStore(databaseUrl);
  try {
    const user = await store.users.findByEmail(email.trim().toLowerCase());
    if (!user) {
      const known = (await store.users.list()).map((other) => other.email).join(', ');
      throw new HooklineError(
        'user_not_found',
        `There is no user ${email}. ${known === '' ? 'There are none yet.' : `There are: ${known}.`}`,
      );
    }
    if (user.isDisabled)
      throw new HooklineError('conflict', `${user.email} is disabled: an owner has to enable this user first.`);
    const now = Date.now();
    const { link, secret } = newLink(user, now);
    const sign = auditSigner(createSecretBox(await loadSecretKeys(config, log)));
    const audit = createAudit({ store: store.audit, sign, now: () => now, log });
    const from = { address: '', userAgent: 'hookline user reset' };
    const makeNotice = createNoticeMaker(() => now);
    const notice = user.password === null ? undefined : makeNotice(user.id, 'reset-link', from);
    const noteOf = (action: string) => ({ action, target: user.id, address: '' });
    await audit.record('hookline user reset', noteOf('createUserLink'), () => store.links.insert(link, { notice }));
    // Who has lost the password may have lost the app, too; the link alone would not let in.
    const hadFactor = await audit.record('hookline user reset', noteOf('removeUserSecondFactor'), () =>
      store.secondFactors.remove(user.id, makeNotice(user.id, 'second-factor', from)),
    );
    const { url, expiresAt } = showLink(publicUrl + prefix, secret, link.expiresAt);
    console.log(`${user.email} chooses a new password with this link, which works once and until ${expiresAt}:\n${url}`);
    if (hadFactor) console.log('The second factor of this user was removed.');
  } finally {
    await close();
  }
}
