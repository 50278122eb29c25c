// PostgreSQL against the contract of access, two processes on one database, and the copy between databases.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openAccessStore } from '../../src/storage/access-alone.ts';
import { copyStorage } from '../../src/storage/copy.ts';
import { migrateStorage, openStorage } from '../../src/storage/storage.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import {
  accessContract,
  allow,
  makeEntry,
  makeLink,
  makeNotice,
  makeSession,
  makeToken,
  makeUser,
  sign,
} from './access-contract.ts';
import { START } from './contract.ts';
import { closing, temporaryFolder } from './folder.ts';
import { type PostgresFixture, postgresFixture } from './postgres-fixture.ts';

let postgres: TestPostgres;
let fixture: PostgresFixture;
let template: string;
beforeAll(async () => {
  postgres = await startPostgres();
  fixture = await postgresFixture(postgres);
  template = await postgres.createDatabase();
  await migrateStorage(template);
});
afterAll(() => postgres.stop());

accessContract('PostgreSQL', async () => {
  const url = await postgres.createDatabase({ template });
  const storage = await openStorage({ url, durability: 'normal', autoMigrate: false });
  return {
    storage,
    async countRows(table) {
      const [row] = await postgres.query<{ count: string }>(url, `SELECT count(*) AS count FROM ${table}`);
      return Number(row?.count);
    },
    async cleanUp() {
      await storage.close();
      await postgres.dropDatabase(url);
    },
  };
});

/** How a link is used. */
const linkUse = (hash: string) => ({
  ...{ now: START, password: '$p', owner: undefined, session: makeSession(hash, ''), revokeTokens: true },
  noticeFor: (userId: string) => makeNotice(userId),
});

test('two processes agree on the last owner, on the first owner, and on who uses a link', async () => {
  const url = await fixture.database();
  const [a, b] = [(await fixture.open(url)).access, (await fixture.open(url)).access];
  for (let round = 0; round < 10; round += 1) {
    for (const hash of [`a${round}`, `b${round}`]) await a.links.insert(makeLink(hash, null));
    const setUp = (store: typeof a, id: string) =>
      store.links.accept(id, { ...linkUse(`s-${id}`), owner: makeUser(id, { role: 'owner' }) });
    const made = await Promise.all([setUp(a, `a${round}`), setUp(b, `b${round}`)]);
    expect(made.filter((user) => user !== false)).toHaveLength(1);
    const first = made.flatMap((user) => (user ? [user.id] : []))[0] ?? '';

    await a.users.insert(makeUser('second', { role: 'owner' }), makeLink('l', 'second'));
    const uses = [a, b].map((store) => store.links.accept('l', linkUse(`s${store === a}`)));
    expect((await Promise.all(uses)).filter((user) => user !== false)).toHaveLength(1);

    const outcomes = await Promise.allSettled([
      a.users.delete(first, allow),
      b.users.update('second', { role: 'viewer', updatedAt: START }, allow),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await postgres.query(url, 'DELETE FROM users');
    await postgres.query(url, 'DELETE FROM sessions');
  }
});

test('a command changes users beside servers', async () => {
  const url = await fixture.database();
  const server = await fixture.open(url);
  const { store } = closing(await openAccessStore(url));
  await store.users.insert(makeUser('u1'), makeLink('l1', 'u1'));
  expect(await server.access.users.get('u1')).toEqual(makeUser('u1'));
});

test('everything of access arrives in a copy, both ways, and a target with users is refused', async () => {
  const folder = await temporaryFolder();
  const [source, target] = [`sqlite:${join(folder, 'source.db')}`, `sqlite:${join(folder, 'target.db')}`];
  const middle = await postgres.createDatabase();
  const fill = await openStorage({ url: source, durability: 'normal' });
  await fill.access.users.insert(makeUser('u1'), makeLink('l1', 'u1'));
  await fill.access.users.insert(makeUser('u2', { isDisabled: true, password: null }), makeLink('l2', 'u2'));
  await fill.access.sessions.start(makeSession('s1', 'u1'), '$u1', makeNotice('u1'));
  await fill.access.tokens.insert(makeToken('t1', 'u1'), undefined);
  await fill.access.audit.add(makeEntry(1), sign);
  await fill.close();
  const contents = async (url: string) => {
    const { access, close } = await openStorage({ url, durability: 'normal' });
    const [session, link] = [await access.sessions.find('s1'), await access.links.find('l1')];
    const lists = {
      users: await access.users.list(),
      tokens: await access.tokens.list(),
      audit: await access.audit.list({ limit: 9 }),
      notices: await access.notices.list('u1'),
    };
    await close();
    return { session, link, ...lists };
  };
  const expected = await contents(source);
  expect(expected).toMatchObject({ session: { user: { id: 'u1' } }, link: { user: { id: 'u1' } } });

  // A server was started there once, and offered a setup link.
  const started = await openStorage({ url: middle, durability: 'normal' });
  await started.access.links.insert(makeLink('setup', null));
  await started.close();
  await copyStorage({ from: source, to: middle });
  expect(await contents(middle)).toEqual(expected);
  await copyStorage({ from: middle, to: target });
  expect(await contents(target)).toEqual(expected);
  await expect(copyStorage({ from: source, to: target })).rejects.toMatchObject({ message: expect.stringContaining('2 users') });
});
