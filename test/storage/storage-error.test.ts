// Database errors as errors of the catalogue.

import { DatabaseError, TimeoutError, UniqueConstraintError } from 'sequelize';
import { expect, test } from 'vitest';
import { HooklineError } from '../../src/errors.ts';
import { sqliteCode, toStorageError, withStorageErrors } from '../../src/storage/storage-error.ts';

function sqliteError(code: string): Error & { sql: string } {
  return Object.assign(new Error(`${code}: something`), { code, errno: 1, sql: 'SELECT 1' });
}

test.each([
  ['SQLITE_FULL', /free space/],
  ['SQLITE_BUSY', /locked/],
  ['SQLITE_BUSY_SNAPSHOT', /locked/],
  ['SQLITE_IOERR', /disk/],
  ['SQLITE_IOERR_FSYNC', /disk/],
  ['SQLITE_READONLY', /read-only/],
  ['SQLITE_READONLY_DBMOVED', /read-only/],
  ['SQLITE_CORRUPT', /backup/],
  ['SQLITE_CANTOPEN', /opened/],
  ['SQLITE_NOTADB', /not a SQLite database/],
  ['SQLITE_MISUSE', /closed/],
])('%s becomes storage_unavailable and says what to do', (code, remedy) => {
  const cause = sqliteError(code);
  for (const error of [cause, new DatabaseError(cause), new TimeoutError(cause), new Error('outer', { cause })]) {
    const mapped = toStorageError(error);
    expect(mapped).toBeInstanceOf(HooklineError);
    expect(mapped).toMatchObject({ code: 'storage_unavailable', message: expect.stringMatching(remedy), cause: error });
  }
});

test('what is a fault of ours stays what it is', () => {
  const conflict = new HooklineError('conflict', 'Taken.');
  const others = [conflict, sqliteError('SQLITE_ERROR'), sqliteError('SQLITE_CONSTRAINT'), new TypeError('x'), null, 'text', 5];
  for (const error of [...others, new UniqueConstraintError({})]) expect(toStorageError(error)).toBe(error);
});

test('errors that cause each other in a circle come to an end', () => {
  const a: Error = new Error('a');
  a.cause = new Error('b', { cause: a });
  expect(sqliteCode(a)).toBeUndefined();
});

test('work that succeeds gives its result, work that fails the mapped error', async () => {
  expect(await withStorageErrors(async () => 5)).toBe(5);
  const work = () => Promise.reject(sqliteError('SQLITE_FULL'));
  await expect(withStorageErrors(work)).rejects.toMatchObject({ code: 'storage_unavailable' });
});
