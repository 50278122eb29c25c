// The chain of the audit log on both databases: what is changed behind our back is found, what is ours to change is not.

import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ADOPT_MS } from '../../src/storage/audit-chain.ts';
import { openStorage, openStorageReader } from '../../src/storage/storage.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { makeEntry, sign } from './access-contract.ts';
import { executionId, START } from './contract.ts';
import { closing, temporaryFolder } from './folder.ts';

let postgres: TestPostgres | undefined;
afterAll(() => postgres?.stop());

const databases = [
  ['SQLite', async () => `sqlite:${join(await temporaryFolder(), 'hookline.db')}`],
  [
    'PostgreSQL',
    async () => {
      postgres ??= await startPostgres();
      return postgres.createDatabase();
    },
  ],
] as const;

describe.each(databases)('on %s', (_name, createUrl) => {
  async function open(count: number) {
    const url = await createUrl();
    const storage = closing(await openStorage({ url, durability: 'normal' }));
    for (let offset = 1; offset <= count; offset += 1) await storage.access.audit.add(makeEntry(offset), sign);
    const reader = closing(await openStorageReader(url));
    const run = (sql: string) => storage.connections.writer.query(sql);
    const oldEntry = (offset: number) =>
      run(`INSERT INTO audit_log (id, at, actor_kind, actor_id, actor_name, action, target, fields, address)
        VALUES ('${executionId(offset)}', ${START + offset}, 'user', 'u1', 'ada', 'updateMe', NULL, '[]', '::1')`);
    return { url, storage, run, oldEntry, verify: () => reader.verifyAudit([sign]) };
  }

  test('an untouched log is intact, an empty one too', async () => {
    expect((await (await open(0)).verify()).problem).toBeUndefined();
    const { verify } = await open(3);
    expect(await verify()).toMatchObject({ problem: undefined, checked: 3, unchained: 0, last: { sequence: 3 } });
  });

  test.each([
    ['an actor', "UPDATE audit_log SET actor_name = 'eve' WHERE sequence = 2", /number 2.*was changed/],
    ['details', "UPDATE audit_log SET details = '{}' WHERE sequence = 2", /number 2.*was changed/],
    ['the time', 'UPDATE audit_log SET at = at + 1 WHERE sequence = 3', /number 3.*was changed/],
    ['a time that is none', 'UPDATE audit_log SET at = 9223372036854775807 WHERE sequence = 2', /number 2, at no time.*changed/],
    ['an entry takes another place', 'UPDATE audit_log SET sequence = 9 WHERE sequence = 2', /number 2 is missing/],
    ['an outcome', "UPDATE audit_log SET outcome = 'refused' WHERE sequence = 1", /number 1.*was changed/],
    ['one is deleted', 'DELETE FROM audit_log WHERE sequence = 2', /number 2 is missing/],
    ['the first is deleted', 'DELETE FROM audit_log WHERE sequence = 1', /number 1 is missing/],
    ['the last are deleted', 'DELETE FROM audit_log WHERE sequence >= 3', /number 3 to 4 are missing/],
    ['the end is moved', 'UPDATE audit_chain SET sequence = 3', /signature/],
    ['the start is moved', 'UPDATE audit_chain SET start_sequence = 1', /signature/],
    ['the row of the ends is deleted', 'DELETE FROM audit_chain', /missing from audit_chain/],
  ])('%s', async (_what, sql, problem) => {
    const { run, verify } = await open(4);
    await run(sql);
    expect((await verify()).problem).toMatch(problem);
  });

  test('writers at the same moment make one chain', async () => {
    const { url, storage, verify } = await open(1);
    const other = url.startsWith('postgres') ? closing(await openStorage({ url, durability: 'normal' })) : storage;
    const adds = [storage, other].flatMap(({ access }, writer) =>
      Array.from({ length: 10 }, (_, index) => access.audit.add(makeEntry(100 + 20 * index + writer), sign)),
    );
    await Promise.all(adds);
    expect(await verify()).toMatchObject({ problem: undefined, checked: 21 });
  });

  test('entries of an older process are covered by the next one, and told apart', async () => {
    const { storage, run, oldEntry, verify } = await open(1);
    for (const offset of [10, 11]) await oldEntry(offset);
    expect(await verify()).toMatchObject({ problem: undefined, checked: 1, unchained: 2 });
    await storage.access.audit.add(makeEntry(12), sign);
    expect(await verify()).toMatchObject({ problem: undefined, checked: 4, adopted: 2, unchained: 0 });
    await run(`UPDATE audit_log SET actor_name = 'eve' WHERE id = '${executionId(10)}'`);
    expect((await verify()).problem).toMatch(/was changed/);
  });

  test('an entry that no older process has written is not taken into the chain', async () => {
    const { storage, run, oldEntry, verify } = await open(2);
    await oldEntry(10);
    await run(`UPDATE audit_log SET details = '{}' WHERE id = '${executionId(10)}'`);
    await storage.access.audit.add(makeEntry(11), sign);
    expect(await verify()).toMatchObject({ problem: expect.stringMatching(/^1 entries .* were added/), checked: 3, adopted: 0 });
  });

  test('retention goes on behind an entry with a damaged time', async () => {
    const { storage, run } = await open(4);
    await run('UPDATE audit_log SET at = 9223372036854775807 WHERE sequence = 1');
    expect(await storage.access.audit.deleteOld(START + 4, 9, sign)).toBe(3);
  });

  test('a start chains what is there; what is about to be deleted stays out, and is deleted', async () => {
    const { storage, oldEntry, verify } = await open(0);
    for (const offset of [1, 2, 50]) await oldEntry(offset);
    expect(await storage.access.audit.adopt(START + 10 + ADOPT_MS, 9, sign)).toBe(1);
    expect(await verify()).toMatchObject({ problem: undefined, checked: 1, unchained: 2 });
    expect(await storage.access.audit.deleteOld(START + 10, 9, sign)).toBe(2);
    expect(await verify()).toMatchObject({ problem: undefined, checked: 1, unchained: 0 });
  });

  test('what retention deletes breaks nothing, and what is added before the start is found', async () => {
    const { storage, run, verify } = await open(6);
    expect(await storage.access.audit.deleteOld(START + 4, 2, sign)).toBe(2);
    expect(await verify()).toMatchObject({ problem: undefined, checked: 4 });
    expect(await storage.access.audit.deleteOld(START + 9, 9, sign)).toBe(4);
    expect(await verify()).toMatchObject({ problem: undefined, checked: 0, last: { sequence: 6 } });
    await storage.access.audit.add(makeEntry(10), sign);
    expect(await verify()).toMatchObject({ problem: undefined, checked: 1, last: { sequence: 7 } });
    await run('UPDATE audit_log SET sequence = 2 WHERE sequence = 7');
    expect((await verify()).problem).toMatch(/number 7 is missing/);
  });

  test.each([
    [
      'the last are deleted and the end is moved',
      'DELETE FROM audit_log WHERE sequence > 2; UPDATE audit_chain SET sequence = 2',
    ],
    [
      'the same with the right hash',
      `DELETE FROM audit_log WHERE sequence > 2; UPDATE audit_chain SET sequence = 2, hash = (SELECT hash FROM audit_log WHERE sequence = 2)`,
    ],
    ['the end is moved and stays behind', 'UPDATE audit_chain SET sequence = 1'],
    ['an entry has a number far beyond', 'UPDATE audit_log SET sequence = 9223372036854775807 WHERE sequence = 2'],
    ['the end is no number', 'UPDATE audit_chain SET sequence = 9223372036854775807'],
    ['the signature is taken away', 'UPDATE audit_chain SET signature = NULL'],
    ['all is deleted but the row of the ends', "DELETE FROM audit_log; UPDATE audit_chain SET hash = ''"],
    ['the row of the ends is deleted', 'DELETE FROM audit_chain'],
  ])('what is written later does not hide that %s', async (_what, sql) => {
    const { storage, run, verify } = await open(4);
    for (const statement of sql.split('; ')) await run(statement);
    for (const offset of [20, 21]) await storage.access.audit.add(makeEntry(offset), sign);
    expect((await storage.access.audit.list({ limit: 2 })).items.map(({ at }) => at - START)).toEqual([21, 20]);
    expect((await verify()).problem).toMatch(/missing/);
  });

  test('another key is told, and a chain signed with a former key goes on', async () => {
    const { url, storage } = await open(2);
    const other = (text: string): string => `other:${text}`;
    const reader = closing(await openStorageReader(url));
    expect((await reader.verifyAudit([other])).problem).toMatch(/another key/);
    expect((await reader.verifyAudit([other, sign])).problem).toBeUndefined();
    const verify = (text: string, signature: string): boolean => [sign, other].some((each) => each(text) === signature);
    await storage.access.audit.add(makeEntry(3), Object.assign(other, { verify }));
    expect((await reader.verifyAudit([other])).problem).toBeUndefined();
  });
});
