// Database errors as errors of the catalogue.

import {
  ConnectionAcquireTimeoutError,
  ConnectionRefusedError,
  DatabaseError,
  TimeoutError,
  UniqueConstraintError,
} from 'sequelize';
import { expect, test } from 'vitest';
import { HooklineError } from '../../src/errors.ts';
import { postgresCode, sqliteCode, toStorageError, withStorageErrors } from '../../src/storage/storage-error.ts';

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

function postgresError(code: string): Error & { sql: string } {
  return Object.assign(new Error('something'), { code, severity: 'ERROR', sql: 'SELECT 1' });
}

test.each([
  ['57P01', /does not answer/],
  ['57P03', /does not answer/],
  ['08006', /does not answer/],
  ['53300', /max_connections/],
  ['53100', /free space/],
  ['53200', /memory/],
  ['40001', /Try again/],
  ['40P01', /Try again/],
  ['57014', /too long/],
  ['25006', /read-only/],
  ['28P01', /password/],
  ['3D000', /no database/],
  ['58030', /disk/],
  ['XX001', /backup/],
])('%s of PostgreSQL becomes storage_unavailable and says what to do', (code, remedy) => {
  const cause = postgresError(code);
  for (const error of [cause, new DatabaseError(cause), new Error('outer', { cause })]) {
    expect(postgresCode(error)).toBe(code);
    const mapped = toStorageError(error);
    expect(mapped).toBeInstanceOf(HooklineError);
    expect(mapped).toMatchObject({ code: 'storage_unavailable', message: expect.stringMatching(remedy), cause: error });
  }
});

test.each([
  'Connection terminated unexpectedly',
  'Connection terminated due to connection timeout',
  'Connection terminated',
  'timeout expired',
  'timeout exceeded when trying to connect',
  'Client has encountered a connection error and is not queryable',
  'Query read timeout',
  'Cannot use a pool after calling end on the pool',
])('the words "%s" mean that the storage is unavailable', (words) => {
  expect(toStorageError(new Error(words))).toMatchObject({ code: 'storage_unavailable' });
});

test('sockets that fail, refused connections and an exhausted pool mean that the storage is unavailable', () => {
  const socket = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', syscall: 'connect' });
  const errors = [socket, new ConnectionRefusedError(socket), new ConnectionAcquireTimeoutError(new Error('x'))];
  for (const error of errors) expect(toStorageError(error)).toMatchObject({ code: 'storage_unavailable' });
});

test('what is a fault of ours stays what it is', () => {
  const conflict = new HooklineError('conflict', 'Taken.');
  const others = [conflict, sqliteError('SQLITE_ERROR'), sqliteError('SQLITE_CONSTRAINT'), new TypeError('x'), null, 'text', 5];
  for (const code of ['23505', '22021', '42P01', '08P01']) others.push(postgresError(code));
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
