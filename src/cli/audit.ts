// `hookline audit verify`: whether anybody has changed the audit log behind our back.

import { existsSync } from 'node:fs';
import { loadConfig } from '../config.ts';
import { HooklineError } from '../errors.ts';
import { createLog } from '../log.ts';
import { createSecretBox } from '../secrets/secret-box.ts';
import { loadSecretKeys } from '../secrets/secret-keys.ts';
import type { AuditVerification } from '../storage/audit-verify.ts';
import { openStorageReader } from '../storage/storage.ts';

/**
 * Prints what the check has found; the exit code is 1 when the log was changed.
 * @throws HooklineError `invalid_configuration` without the key of the installation; as opening the database does
 */
export async function verifyAuditLog({ json = false }: { json?: boolean }): Promise<void> {
  const config = loadConfig();
  const { databaseUrl, secretKey, secretKeyFile } = config;
  if (secretKey === undefined && !existsSync(secretKeyFile)) {
    throw new HooklineError(
      'invalid_configuration',
      `The chain of the audit log is signed with the secret key, and there is none: ${secretKeyFile} does not exist. Set HOOKLINE_SECRET_KEY or HOOKLINE_SECRET_KEY_FILE as the server has them.`,
    );
  }
  const keys = await loadSecretKeys(config, createLog(config.logLevel));
  // Entries from before a key rotation were signed with the key before.
  const signs = keys.list().map(({ bytes }) => createSecretBox(bytes).sign);
  const storage = await openStorageReader(databaseUrl);
  try {
    const found = await storage.verifyAudit(signs);
    console.log(json ? JSON.stringify({ isIntact: found.problem === undefined, ...found }, null, 2) : report(found));
    if (found.problem !== undefined) process.exitCode = 1;
  } finally {
    await storage.close();
  }
}

function report({ problem, checked, adopted, unchained, last }: AuditVerification): string {
  const lines = [
    problem === undefined ? `The audit log is intact: ${checked} entries were checked.` : `The audit log was changed. ${problem}`,
    `Last entry: number ${last.sequence}, hash ${last.hash === '' ? '(none)' : last.hash}.`,
  ];
  if (adopted > 0)
    lines.push(`${adopted} of them were written by an older version and chained later: they are as they were then.`);
  if (unchained > 0) lines.push(`${unchained} entries of an older version are not chained: changes to them cannot be seen.`);
  return lines.join('\n');
}
