// Real files: who may read what a server on SQLite leaves on its disk.

import { chmod, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/storage/connect.ts';
import type { FileModes } from '../../src/storage/file-modes.ts';
import { tightenModes } from '../../src/storage/file-modes.ts';
import { startHookline } from '../start-hookline.ts';

let folder: string;
const before = process.umask(0o022);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-modes-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
afterAll(() => process.umask(before));

const modeOf = async (path: string): Promise<string> => ((await stat(path)).mode & 0o777).toString(8);
async function modesIn(path: string): Promise<Record<string, string>> {
  const names = await readdir(path);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await modeOf(join(path, name))])));
}

/** Files as a server without care would have made them. */
async function makeLoose(...names: string[]): Promise<void> {
  for (const name of names) {
    await writeFile(join(folder, name), '');
    await chmod(join(folder, name), 0o644);
  }
}

describe.skipIf(process.platform === 'win32')('with a umask of 022', () => {
  it('a running server leaves nothing to other users: database, journals, lock and key', async () => {
    const data = join(folder, 'data', 'deep');
    const server = await startHookline({ folder: data });
    await server.workflow({ mode: 'sync', trigger: { type: 'webhook', config: {} } });
    const modes = await modesIn(data);
    expect(Object.keys(modes)).toEqual(
      expect.arrayContaining(['hookline.db', 'hookline.db-wal', 'hookline.db-shm', 'hookline.db.lock', 'secret.key']),
    );
    expect(new Set(Object.values(modes))).toEqual(new Set(['600']));
    expect([await modeOf(join(folder, 'data')), await modeOf(data)]).toEqual(['700', '700']);
    await server.stop();
    expect(new Set(Object.values(await modesIn(data)))).toEqual(new Set(['600']));
  });

  it('the journal of the lock has its mode', async () => {
    const connections = await connect({ url: `sqlite:${join(folder, 'x.db')}`, durability: 'normal' });
    const modes = await modesIn(folder);
    await connections.close();
    expect(modes['x.db.lock']).toBe('600');
    expect(new Set(Object.values(modes))).toEqual(new Set(['600']));
  });

  it('files that other users could read are taken from them, and it is said', async () => {
    await makeLoose('x.db', 'x.db.lock');
    const told: FileModes[] = [];
    const url = `sqlite:${join(folder, 'x.db')}`;
    const connections = await connect({ url, durability: 'normal', onModes: (modes) => told.push(modes) });
    const modes = await modesIn(folder);
    await connections.close();
    expect(new Set(Object.values(modes))).toEqual(new Set(['600']));
    expect(told).toHaveLength(1);
    expect(told[0]?.tightened.map((path) => path.slice(folder.length + 1))).toEqual(['x.db', 'x.db.lock']);
    await (await connect({ url, durability: 'normal', onModes: (again) => told.push(again) })).close();
    expect(told).toHaveLength(1);
  });

  it('the log of a server names them', async () => {
    const lines: string[] = [];
    const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
    await makeLoose('hookline.db');
    const server = await startHookline({ folder, log: { debug() {}, info() {}, warn: note, error: note } });
    await server.stop();
    expect(lines).toEqual([expect.stringMatching(/mode is 0600 now.*hookline\.db/)]);
  });

  it('a folder that everybody may write to is reported, unless only owners may replace files in it', async () => {
    const open = join(folder, 'open');
    await mkdir(open);
    await chmod(open, 0o777);
    expect((await tightenModes(join(open, 'x.db'))).open).toEqual([
      { path: open, reason: expect.stringContaining('every user') },
    ]);
    await chmod(open, 0o1777);
    expect((await tightenModes(join(open, 'x.db'))).open).toEqual([]);
  });
});
