// The keys that encrypt stored credentials: read from the configuration or the key file, which the first start makes, and read
// again when the file changes, so that a key rotation needs no restart.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { link, mkdir, open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../engine/plugin.ts';
import { HooklineError } from '../errors.ts';

export const KEY_BYTES = 32;
/** How often the key file is looked at, in milliseconds. */
export const LOOK_EVERY_MS = 2_000;

/** A key with its public identification. */
export interface SecretKey {
  /** The first 8 characters of a SHA-256 over the key, in base64url: reveals nothing of 256 random bits. */
  readonly id: string;
  readonly bytes: Buffer;
}

/** The keys of an installation. */
export interface SecretKeys {
  /** The current key, which encrypts, first; then those that only decrypt. */
  list(): readonly [SecretKey, ...SecretKey[]];
  /** Reads the key file again if it has changed, whenever it was looked at last. @returns whether the keys are other ones now */
  refresh(): boolean;
}

export interface SecretKeyOptions {
  /** 32 bytes as base64, base64url or hex; wins over the file. */
  readonly secretKey?: string | undefined;
  /** Further keys in the same form, separated by commas; they decrypt and never encrypt. */
  readonly otherSecretKeys?: string | undefined;
  /** Read when there is no `secretKey`; made at the first start, readable by its owner only. One key a line, the current one first. */
  readonly secretKeyFile: string;
}

/**
 * The keys of this installation.
 * @param log gets what is wrong with a key file that has changed; the keys read before stay in use
 * @throws HooklineError `invalid_configuration` when a key is malformed, the file cannot be read or written, or others may read it
 */
export async function loadSecretKeys(
  { secretKey, otherSecretKeys, secretKeyFile: keyFile }: SecretKeyOptions,
  log: Pick<Log, 'error'>,
): Promise<SecretKeys> {
  const others = splitKeys(otherSecretKeys ?? '', ',').map((text) => toKey(parseKey(text, 'HOOKLINE_OTHER_SECRET_KEYS')));
  if (secretKey !== undefined) {
    const keys = [toKey(parseKey(secretKey, 'HOOKLINE_SECRET_KEY')), ...others] as const;
    return { list: () => keys, refresh: () => false };
  }
  let read = tryRead(keyFile);
  if (read === undefined) {
    try {
      await makeKeyFile(keyFile);
    } catch (error) {
      throw fileError(error, keyFile, 'make');
    }
    read = readKeyFile(keyFile);
  }
  let { keys, stamp } = read;
  let lookedAt = performance.now();

  function refresh(): boolean {
    lookedAt = performance.now();
    try {
      const current = stampOf(keyFile);
      if (current === stamp) return false;
      const before = keys;
      ({ keys, stamp } = readKeyFile(keyFile));
      return keys.length !== before.length || keys.some(({ id }, index) => id !== before[index]?.id);
    } catch (error) {
      const { code, message } = fileError(error, keyFile, 'read');
      log.error({ code, message }, 'The changed key file cannot be read; the keys read before stay in use');
      return false;
    }
  }

  return {
    list() {
      if (performance.now() - lookedAt >= LOOK_EVERY_MS) refresh();
      return [...keys, ...others];
    },
    refresh,
  };
}

/** Keys that never change. */
export function fixedKeys(current: Buffer | string, ...others: readonly (Buffer | string)[]): SecretKeys {
  const [first, ...rest] = [current, ...others].map((key) =>
    toKey(typeof key === 'string' ? parseKey(key, 'The secret key') : key),
  );
  if (first === undefined) throw new HooklineError('internal', 'There is no secret key.');
  return { list: () => [first, ...rest], refresh: () => false };
}

/**
 * Puts a new key in front of those in the key file; running processes read it within seconds.
 * @returns the id of the new key
 * @throws HooklineError `invalid_configuration` when the file cannot be read or written
 */
export async function addKeyToFile(keyFile: string): Promise<string> {
  const { keys } = readKeyFile(keyFile);
  const fresh = toKey(randomBytes(KEY_BYTES));
  const content = [fresh, ...keys].map(({ bytes }) => `${bytes.toString('base64')}\n`).join('');
  const draft = await writeDraft(keyFile, content).catch((error: unknown) => {
    throw fileError(error, keyFile, 'write');
  });
  try {
    await rename(draft, keyFile);
    await syncFolder(path.dirname(keyFile));
  } catch (error) {
    throw fileError(error, keyFile, 'write');
  }
  return fresh.id;
}

interface ReadKeys {
  readonly keys: readonly [SecretKey, ...SecretKey[]];
  /** Changes with the file. */
  readonly stamp: string;
}

function tryRead(keyFile: string): ReadKeys | undefined {
  try {
    return readKeyFile(keyFile);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw fileError(error, keyFile, 'read');
  }
}

function readKeyFile(keyFile: string): ReadKeys {
  const { mode } = statSync(keyFile);
  // Windows has no such bits: Node reports every file there as readable by all.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new HooklineError(
      'invalid_configuration',
      `The key file ${keyFile} may be read by other users of this machine. Run: chmod 600 ${keyFile}`,
    );
  }
  // Before the content: a change in between is then found by the next look.
  const stamp = stampOf(keyFile);
  const texts = splitKeys(readFileSync(keyFile, 'utf8'), '\n');
  const [first, ...rest] = (texts.length === 0 ? [''] : texts).map((text) => toKey(parseKey(text, `The key file ${keyFile}`)));
  if (first === undefined) throw new HooklineError('internal', 'There is no secret key.');
  return { keys: [first, ...rest], stamp };
}

function stampOf(keyFile: string): string {
  const { mtimeMs, ino, size } = statSync(keyFile);
  return `${mtimeMs} ${ino} ${size}`;
}

/** Never leaves a half-written key behind, and never replaces one that another process made meanwhile. */
async function makeKeyFile(keyFile: string): Promise<void> {
  await mkdir(path.dirname(keyFile), { recursive: true, mode: 0o700 });
  const draft = await writeDraft(keyFile, `${randomBytes(KEY_BYTES).toString('base64')}\n`);
  try {
    await link(draft, keyFile);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
  await syncFolder(path.dirname(keyFile));
}

/** A synced file beside the key file. @returns its path */
async function writeDraft(keyFile: string, content: string): Promise<string> {
  const draft = `${keyFile}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  return draft;
}

/** Without this a power failure could lose the key but keep what was encrypted with it. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function toKey(bytes: Buffer): SecretKey {
  if (bytes.length !== KEY_BYTES) {
    throw new HooklineError('invalid_configuration', `The secret key has ${bytes.length} bytes; it must have ${KEY_BYTES}.`);
  }
  const id = createHash('sha256').update('hookline key id').update(bytes).digest('base64url').slice(0, 8);
  return { id, bytes };
}

function splitKeys(text: string, separator: string): string[] {
  return text
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function parseKey(text: string, name: string): Buffer {
  const trimmed = text.trim();
  if (/^[0-9a-fA-F]{64}$/.test(trimmed)) return Buffer.from(trimmed, 'hex');
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return Buffer.from(trimmed, 'base64');
  throw new HooklineError(
    'invalid_configuration',
    `${name} must be ${KEY_BYTES} random bytes as base64 (44 characters) or hex (64 characters); it has ${trimmed.length} characters. Make one with: openssl rand -base64 ${KEY_BYTES}`,
  );
}

function fileError(error: unknown, keyFile: string, verb: 'read' | 'make' | 'write'): HooklineError {
  if (error instanceof HooklineError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new HooklineError('invalid_configuration', `Cannot ${verb} the key file ${keyFile}: ${reason}`, { cause: error });
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
