// Keeps the files of a SQLite database to the user of the server: they hold every trigger URL, header and body in clear.

import { chmod, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Everything that may stand beside a database file. */
const COMPANIONS = ['', '-wal', '-shm', '-journal', '.lock', '.lock-journal'];
const OWNER_ONLY = 0o600;
const OTHERS = 0o077;
/** Whoever may write to a folder can put another file in a file's place, unless the sticky bit forbids it. */
const WRITABLE_BY_ALL = 0o002;
const STICKY = 0o1000;

export interface FileModes {
  /** Files that other users of the machine could read and no longer can. */
  readonly tightened: readonly string[];
  /** What other users can still read or replace, each with the reason. */
  readonly open: readonly { readonly path: string; readonly reason: string }[];
}

/** Makes a file that only its owner can read, whatever the umask; leaves one that exists, since opening it could drop locks. */
export async function makePrivateFile(path: string): Promise<void> {
  try {
    await (await open(path, 'wx', OWNER_ONLY)).close();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/** Takes the files of a database from other users, by name: no file is opened. Does nothing on Windows, which has no such modes. */
export async function tightenModes(file: string): Promise<FileModes> {
  const tightened: string[] = [];
  const left: { path: string; reason: string }[] = [];
  if (process.platform === 'win32') return { tightened, open: left };
  for (const path of COMPANIONS.map((companion) => file + companion)) {
    const mode = await modeOf(path);
    if (mode === undefined || (mode & OTHERS) === 0) continue;
    try {
      await chmod(path, OWNER_ONLY);
      tightened.push(path);
    } catch (error) {
      // SQLite has removed it meanwhile.
      if (codeOf(error) === 'ENOENT') continue;
      left.push({ path, reason: `other users can read it, and its mode cannot be changed (${String(codeOf(error))})` });
    }
  }
  const folder = dirname(file);
  const mode = await modeOf(folder);
  if (mode !== undefined && (mode & WRITABLE_BY_ALL) !== 0 && (mode & STICKY) === 0) {
    left.push({ path: folder, reason: 'every user can put other files in the place of those in it' });
  }
  return { tightened, open: left };
}

async function modeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mode;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
