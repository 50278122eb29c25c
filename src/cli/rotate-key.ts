// `hookline rotate-key`: a new secret key, and everything that is stored encrypted with it. Servers may be running meanwhile.

import { hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { createAudit } from '../access/audit.ts';
import { type Config, loadConfig } from '../config.ts';
import { auditSigner } from '../engine/audit-scope.ts';
import type { Storage } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { createLog } from '../log.ts';
import { checkSecretKey } from '../secrets/key-check.ts';
import { createSecretBox } from '../secrets/secret-box.ts';
import { addKeyToFile, LOOK_EVERY_MS, loadSecretKeys, type SecretKeys } from '../secrets/secret-keys.ts';
import { accessStore } from '../storage/access.ts';
import { openDatabaseBeside } from '../storage/beside.ts';
import type { Database } from '../storage/database.ts';
import { type ReencryptProgress, reencryptAll } from '../storage/encrypted-values.ts';
import type { ProcessRow } from '../storage/installation-models.ts';
import { settingStore } from '../storage/settings.ts';

/** Where it is stored how far a rotation is: JSON of `Rotation`. */
const ROTATION_SETTING = 'secret_key_rotation';

interface Rotation {
  /** The key that everything is to be encrypted with. */
  readonly keyId: string;
  readonly isDone: boolean;
}

/** A value may be written with the key before until every process has read the new one: passes until one finds nothing. */
const MAX_PASSES = 10;

/**
 * Rotates the key, or continues a rotation that was interrupted. With a key file it makes the new key itself.
 * @throws HooklineError `invalid_configuration` when another process does not have the current key, or a new one cannot be made
 *   here; as opening the database does
 */
export async function rotateKey(): Promise<void> {
  const config = loadConfig();
  const log = createLog(config.logLevel);
  const { database, close } = await openDatabaseBeside(config.databaseUrl);
  try {
    const settings = settingStore(database);
    const keys = await loadSecretKeys(config, log);
    const box = createSecretBox(keys);
    // A wrong key must not become the one that counts.
    await checkSecretKey(box, settings, { onOtherKey: 'refuse', log });
    if (!(await begin(config, keys, database, settings))) return;
    await checkSecretKey(box, settings, { onOtherKey: 'refuse', log });
    await requireKeyEverywhere(database, box.keyId(), config.recoveryMs);
    // A running server may encrypt with the key before until it looks at its key file again.
    await pause(LOOK_EVERY_MS + 500);
    const { changed, unreadable } = await reencryptUntilDone(() => reencryptAll(database, box, printProgress()));
    await settings.set(ROTATION_SETTING, JSON.stringify({ keyId: box.keyId(), isDone: true } satisfies Rotation));
    const audit = createAudit({ store: accessStore(database).audit, sign: auditSigner(box), now: Date.now, log });
    await audit.note('hookline rotate-key', { action: 'rotateSecretKey', target: box.keyId(), address: '' });
    console.log(
      `Encrypted ${changed} ${changed === 1 ? 'value' : 'values'} again. Everything is stored with the key "${box.keyId()}".`,
    );
    if (unreadable.length > 0) {
      console.log(`No configured key decrypts these ${unreadable.length} values, which were left as they are:`);
      for (const place of unreadable.slice(0, 20)) console.log(`  ${place}`);
      process.exitCode = 1;
    }
    const where =
      config.secretKey === undefined ? `the lines behind the first one of ${config.secretKeyFile}` : 'HOOKLINE_OTHER_SECRET_KEYS';
    console.log(
      `Resume URLs and backups from before need the keys before: remove them from ${where} when you need neither any more.`,
    );
  } finally {
    await close();
  }
}

/** @returns false when there is nothing to do */
async function begin(config: Config, keys: SecretKeys, database: Database, settings: Storage['settings']): Promise<boolean> {
  const stored = await settings.get(ROTATION_SETTING);
  const before = stored === undefined ? undefined : (JSON.parse(stored) as Rotation);
  const [{ id: current }] = keys.list();
  if (before !== undefined && !before.isDone && before.keyId === current) {
    console.log(`Continuing the rotation to the key "${current}".`);
    return true;
  }
  const isNewKeyGiven = before === undefined ? keys.list().length > 1 : before.keyId !== current;
  let keyId = current;
  if (config.secretKey !== undefined) {
    if (!isNewKeyGiven && before?.isDone === true) {
      console.log(
        `Everything is stored with the key "${current}" already. For a new one set HOOKLINE_SECRET_KEY to it and HOOKLINE_OTHER_SECRET_KEYS to the key before, for every process, and run this again.`,
      );
      return false;
    }
  } else if (!isNewKeyGiven) {
    await requireOneHost(database, config);
    keyId = await addKeyToFile(config.secretKeyFile);
    keys.refresh();
    console.log(`Made the key "${keyId}" in ${config.secretKeyFile}. Back this file up with the database.`);
  }
  await settings.set(ROTATION_SETTING, JSON.stringify({ keyId, isDone: false } satisfies Rotation));
  return true;
}

/** Processes on other machines do not see a key file that changes here. */
async function requireOneHost(database: Database, { secretKeyFile: keyFile, recoveryMs }: Config): Promise<void> {
  const others = (await livingProcesses(database, recoveryMs)).map(({ host }) => host).filter((host) => host !== hostname());
  if (others.length === 0) return;
  throw new HooklineError(
    'invalid_configuration',
    `Processes on other machines use this database: ${[...new Set(others)].join(', ')}. Add a new key as a further line to every copy of ${keyFile}, then move it to the first line in all of them, then run this again.`,
  );
}

/** Waits until every process has the key: those on this machine read their key file themselves. */
async function requireKeyEverywhere(database: Database, keyId: string, recoveryMs: number): Promise<void> {
  const until = Date.now() + recoveryMs;
  for (;;) {
    const processes = await livingProcesses(database, recoveryMs);
    const without = processes.filter(({ keyIds }) => !(JSON.parse(keyIds ?? '[]') as string[]).includes(keyId));
    if (without.length === 0) return;
    if (Date.now() > until) {
      const names = without.map(({ role, host, keyIds }) => `${role} on ${host}${keyIds === null ? ' (an older version)' : ''}`);
      throw new HooklineError(
        'invalid_configuration',
        `These processes do not have the key "${keyId}": ${names.join(', ')}. Give it to them, as HOOKLINE_OTHER_SECRET_KEYS or a further line of the key file, and run this again.`,
      );
    }
    await pause(Math.min(1_000, recoveryMs / 6));
  }
}

/** Those that the others would not take for dead, with a margin for clocks that differ. */
async function livingProcesses({ read }: Database, recoveryMs: number): Promise<ProcessRow[]> {
  const rows = (await read.processes.findAll()).map((row) => row.get());
  return rows.filter(({ beatAt }) => Number(beatAt) > Date.now() - 2 * recoveryMs);
}

async function reencryptUntilDone(
  pass: () => Promise<ReencryptProgress>,
): Promise<Pick<ReencryptProgress, 'changed' | 'unreadable'>> {
  let changed = 0;
  for (let count = 1; count <= MAX_PASSES; count++) {
    const result = await pass();
    changed += result.changed;
    if (result.changed === 0) return { changed, unreadable: result.unreadable };
  }
  throw new HooklineError(
    'invalid_configuration',
    'A process keeps writing values with another key. Give every process the new key first, then run this again.',
  );
}

/** A line for each table with something to do. */
function printProgress(): (progress: ReencryptProgress) => void {
  let printed = '';
  let before = 0;
  return ({ table, changed }) => {
    if (changed === before || table === printed) return;
    printed = table;
    before = changed;
    console.log(`Encrypting ${table} again.`);
  };
}
