// Connections: settings that hold, files that are private, one server for a database.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { QueryTypes, type Sequelize } from 'sequelize';
import { expect, onTestFinished, test } from 'vitest';
import { type Connections, connect, connectReader, sqlitePath } from '../../src/storage/connect.ts';
import { closing, temporaryFolder } from './folder.ts';

async function pragma(sequelize: Sequelize, name: string): Promise<unknown> {
  const [row] = await sequelize.query<Record<string, unknown>>(`PRAGMA ${name}`, { type: QueryTypes.SELECT });
  return Object.values(row ?? {})[0];
}

async function open(folder: string, durability: 'full' | 'normal' = 'full'): Promise<Connections> {
  return closing(await connect({ url: `sqlite:${join(folder, 'hookline.db')}`, durability }));
}

test('every setting holds on both connections', async () => {
  const { writer, reader } = await open(await temporaryFolder());
  const settings = { journal_mode: 'wal', synchronous: 2, busy_timeout: 5000, foreign_keys: 1, page_size: 8192 };
  for (const [name, value] of Object.entries({ ...settings, wal_autocheckpoint: 0, query_only: 0 })) {
    expect(await pragma(writer, name), `writer ${name}`).toBe(value);
  }
  for (const [name, value] of Object.entries({ ...settings, query_only: 1 })) {
    expect(await pragma(reader, name), `reader ${name}`).toBe(value);
  }
});

test('durability "normal" syncs less', async () => {
  const { writer } = await open(await temporaryFolder(), 'normal');
  expect(await pragma(writer, 'synchronous')).toBe(1);
});

test('the handle is the connection that the writer uses', async () => {
  const { writer, writerHandle } = await open(await temporaryFolder());
  await writer.query('CREATE TEMP TABLE only_here (a)');
  const names = await new Promise((done, fail) => {
    writerHandle.all('SELECT name FROM temp.sqlite_master', (error, rows) => (error ? fail(error) : done(rows)));
  });
  expect(names).toEqual([{ name: 'only_here' }]);
});

test('the reader cannot write', async () => {
  const { writer, reader } = await open(await temporaryFolder());
  await writer.query('CREATE TABLE t (a)');
  await expect(reader.query('INSERT INTO t VALUES (1)')).rejects.toThrow(/READONLY/);
});

test('what the writer commits the reader sees at once', async () => {
  const { writer, reader } = await open(await temporaryFolder());
  await writer.query('CREATE TABLE t (a)');
  for (let n = 1; n <= 20; n += 1) {
    await writer.query('INSERT INTO t VALUES (1)');
    expect(await reader.query('SELECT COUNT(*) AS n FROM t', { type: QueryTypes.SELECT })).toEqual([{ n }]);
  }
});

test('folder and file are made for their owner alone', async () => {
  const folder = join(await temporaryFolder(), 'a', 'b');
  const { writer } = await open(folder);
  await writer.query('CREATE TABLE t (a)');
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  for (const name of ['hookline.db', 'hookline.db-wal']) expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
});

test('a path is relative to the working directory or absolute', () => {
  expect(sqlitePath('sqlite:data/hookline.db')).toBe(resolve('data/hookline.db'));
  expect(sqlitePath('sqlite:./data/../x.db')).toBe(resolve('x.db'));
  expect(sqlitePath('sqlite:/var/lib/hookline.db')).toBe('/var/lib/hookline.db');
  expect(sqlitePath('sqlite:///var/lib/hookline.db')).toBe('/var/lib/hookline.db');
  expect(sqlitePath('sqlite:with space & ünicode?.db')).toBe(resolve('with space & ünicode?.db'));
});

test.each([
  ['postgres://user:pass-word@host/db', /starts with "postgres:"/],
  ['hookline.db', /no scheme/],
  ['', /no scheme/],
  ['sqlite:', /names no file/],
  ['sqlite:  ', /names no file/],
  ['sqlite:a\0b', /names no file/],
  ['sqlite::memory:', /in-memory/i],
  ['sqlite:file::memory:?cache=shared', /in-memory/i],
  ['sqlite:file:x?mode=memory', /in-memory/i],
  ['sqlite://data/hookline.db', /two slashes/],
])('the URL %j is refused with a reason and without its password', async (url, reason) => {
  const opening = connect({ url, durability: 'full' });
  await expect(opening).rejects.toMatchObject({ code: 'invalid_configuration', message: expect.stringMatching(reason) });
  await expect(opening).rejects.not.toThrow(/pass-word/);
  await expect(connectReader(url)).rejects.toMatchObject({ code: 'invalid_configuration' });
});

test('a file that is no database, a folder, or a place that cannot be is a clear error and leaves nothing open', async () => {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'text.db'), 'This is a text file, longer than the header of a database. '.repeat(20));
  await mkdir(join(folder, 'folder.db'));
  for (const name of ['text.db', 'folder.db', 'text.db/below.db', `${'x'.repeat(300)}.db`]) {
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const opening = connect({ url: `sqlite:${join(folder, name)}`, durability: 'full' });
      await expect(opening, name).rejects.toMatchObject({ code: 'storage_unavailable' });
    }
  }
  expect(await readFile(join(folder, 'text.db'), 'utf8')).toMatch(/^This is a text file/);
});

test('a file that may not be written is a clear error', async ({ skip }) => {
  if (process.getuid?.() === 0) skip('root may write everything');
  const folder = await temporaryFolder();
  const { close } = await connect({ url: `sqlite:${join(folder, 'hookline.db')}`, durability: 'full' });
  await close();
  await chmod(join(folder, 'hookline.db'), 0o400);
  await expect(open(folder)).rejects.toMatchObject({ code: 'storage_unavailable' });
});

test('a second server on the same file is refused, also by another name, until the first one closes', async () => {
  const folder = await temporaryFolder();
  const first = await connect({ url: `sqlite:${join(folder, 'hookline.db')}`, durability: 'full' });
  await symlink(join(folder, 'hookline.db'), join(folder, 'link.db'));
  for (const name of ['hookline.db', 'link.db']) {
    const second = connect({ url: `sqlite:${join(folder, name)}`, durability: 'full' });
    await expect(second).rejects.toMatchObject({
      code: 'invalid_configuration',
      message: expect.stringMatching(/Another Hookline/),
    });
  }
  await first.close();
  await open(folder);
});

test('a server that was killed with -9 does not keep the next one out', async () => {
  const folder = await temporaryFolder();
  const child = await serverIn(folder);
  await expect(open(folder)).rejects.toThrow(/Another Hookline/);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await open(folder);
});

test('a reader works beside a server, and needs a database that exists', async () => {
  const folder = await temporaryFolder();
  await expect(connectReader(`sqlite:${join(folder, 'hookline.db')}`)).rejects.toThrow(/no database/);
  const { writer } = await open(folder);
  await writer.query('CREATE TABLE t (a)');
  const reader = closing(await connectReader(`sqlite:${join(folder, 'hookline.db')}`));
  expect(await reader.query('SELECT * FROM t', { type: QueryTypes.SELECT })).toEqual([]);
  await expect(reader.query('DELETE FROM t')).rejects.toThrow(/READONLY/);
});

test('a database whose file was removed is not made anew behind the server', async () => {
  const folder = await temporaryFolder();
  await (await connect({ url: `sqlite:${join(folder, 'hookline.db')}`, durability: 'full' })).close();
  await rm(join(folder, 'hookline.db'));
  await expect(connectReader(`sqlite:${join(folder, 'hookline.db')}`)).rejects.toThrow(/no database/);
});

/** Another process that holds the database open. */
async function serverIn(folder: string): Promise<ChildProcess> {
  const module = new URL('../../src/storage/connect.ts', import.meta.url);
  const program = `
    import { connect } from ${JSON.stringify(module.href)};
    await connect({ url: ${JSON.stringify(`sqlite:${join(folder, 'hookline.db')}`)}, durability: 'full' });
    process.stdout.write('ready');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await once(child.stdout, 'data');
  return child;
}
