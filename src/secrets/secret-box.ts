// Seals secrets with AES-256-GCM, and finds or makes the key, so that the database alone reveals none of them.

import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { SecretBox } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';

const KEY_BYTES = 32;
/** NIST SP 800-38D, section 8.2.2: a random IV of 96 bits is safe for 2^32 seals with one key. */
const IV_BYTES = 12;
const TAG_BYTES = 16;
const VERSION = 'v1';
const SEALED = /^v1\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]*)$/;

/**
 * @param key 32 bytes, or their text in base64, base64url or hex
 * @throws HooklineError `invalid_configuration` when the key is not 32 bytes
 */
export function createSecretBox(key: Buffer | string): SecretBox {
  const bytes = typeof key === 'string' ? parseKey(key, 'The secret key') : Buffer.from(key);
  if (bytes.length !== KEY_BYTES) {
    throw new HooklineError('invalid_configuration', `The secret key has ${bytes.length} bytes; it must have ${KEY_BYTES}.`);
  }
  // A key of its own for signing: one key should not serve two algorithms (RFC 5869).
  const signingKey = Buffer.from(hkdfSync('sha256', bytes, Buffer.alloc(0), 'hookline signing', KEY_BYTES));
  return {
    sign: (text) => createHmac('sha256', signingKey).update(text).digest('base64url'),
    seal(text) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', bytes, iv, { authTagLength: TAG_BYTES });
      cipher.setAAD(Buffer.from(VERSION));
      const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return [VERSION, ...[iv, cipher.getAuthTag(), sealed].map((part) => part.toString('base64url'))].join('.');
    },
    open(sealed) {
      const [, iv, tag, text] = SEALED.exec(sealed) ?? [];
      if (iv === undefined || tag === undefined || text === undefined) throw unreadable();
      const decipher = createDecipheriv('aes-256-gcm', bytes, Buffer.from(iv, 'base64url'), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(VERSION));
      decipher.setAuthTag(Buffer.from(tag, 'base64url'));
      try {
        return Buffer.concat([decipher.update(Buffer.from(text, 'base64url')), decipher.final()]).toString('utf8');
      } catch (error) {
        throw unreadable(error);
      }
    },
  };
}

function unreadable(cause?: unknown): HooklineError {
  return new HooklineError(
    'invalid_configuration',
    'A stored secret cannot be read: it was sealed with another key, or it is damaged. Bring back the key it was saved with (HOOKLINE_SECRET_KEY or the key file), or enter the secret again.',
    { cause },
  );
}

export interface SecretKeyOptions {
  /** 32 bytes as base64, base64url or hex; wins over the file. */
  readonly secretKey?: string | undefined;
  /** Read when there is no `secretKey`; made at the first start, readable by its owner only. */
  readonly keyFile: string;
}

/**
 * The key of this installation.
 * @throws HooklineError `invalid_configuration` when the key is malformed, the file cannot be read or written, or others may read it
 */
export async function loadSecretKey({ secretKey, keyFile }: SecretKeyOptions): Promise<Buffer> {
  if (secretKey !== undefined) return parseKey(secretKey, 'HOOKLINE_SECRET_KEY');
  try {
    return await readKeyFile(keyFile);
  } catch (error) {
    if (!hasCode(error, 'ENOENT')) throw fileError(error, keyFile, 'read');
  }
  try {
    await makeKeyFile(keyFile);
    return await readKeyFile(keyFile);
  } catch (error) {
    throw fileError(error, keyFile, 'make');
  }
}

async function readKeyFile(keyFile: string): Promise<Buffer> {
  const { mode } = await stat(keyFile);
  // Windows has no such bits: Node reports every file there as readable by all.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new HooklineError(
      'invalid_configuration',
      `The key file ${keyFile} may be read by other users of this machine. Run: chmod 600 ${keyFile}`,
    );
  }
  return parseKey(await readFile(keyFile, 'utf8'), `The key file ${keyFile}`);
}

/** Never leaves a half-written key behind, and never replaces one that another process made meanwhile. */
async function makeKeyFile(keyFile: string): Promise<void> {
  const folder = path.dirname(keyFile);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const draft = `${keyFile}.${randomBytes(6).toString('hex')}.tmp`;
  const file = await open(draft, 'wx', 0o600);
  try {
    try {
      await file.writeFile(`${randomBytes(KEY_BYTES).toString('base64')}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, keyFile);
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
  // Without this a power failure could lose the key but keep what was sealed with it.
  if (process.platform !== 'win32') {
    const directory = await open(folder, 'r');
    try {
      await directory.sync();
    } finally {
      await directory.close();
    }
  }
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

function fileError(error: unknown, keyFile: string, verb: 'read' | 'make'): HooklineError {
  if (error instanceof HooklineError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new HooklineError('invalid_configuration', `Cannot ${verb} the key file ${keyFile}: ${reason}`, { cause: error });
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
