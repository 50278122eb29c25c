// The contract of the access part of a storage: every database has to keep it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiToken, AuditEntry, OneTimeLink, Session, User } from '../../src/access/ports.ts';
import type { OpenStorage } from '../../src/storage/storage.ts';
import { executionId, START } from './contract.ts';

export interface AccessContractStorage {
  readonly storage: OpenStorage;
  countRows(table: string): Promise<number>;
  cleanUp(): Promise<void>;
}

export function makeUser(id: string, change: Partial<User> = {}): User {
  const times = { lastSeenAt: null, createdAt: START, updatedAt: START };
  return { id, email: `${id}@example.com`, name: id, role: 'editor', password: `$${id}`, isDisabled: false, ...times, ...change };
}

export function makeLink(hash: string, userId: string | null, change: Partial<OneTimeLink> = {}): OneTimeLink {
  const purpose = userId === null ? 'setup' : 'reset';
  return { hash, purpose, userId, expiresAt: START + 1_000, createdAt: START, ...change };
}

export function makeSession(hash: string, userId: string): Session {
  return { hash, userId, lastSeenAt: START, createdAt: START };
}

export function makeToken(id: string, userId: string | null, change: Partial<ApiToken> = {}): ApiToken {
  const rest = { expiresAt: null, lastUsedAt: null, createdAt: START };
  return {
    id,
    hash: `hash-${id}`,
    name: id,
    hint: 'abcd',
    permissions: ['workflows:read'],
    userId,
    createdBy: 'Ada',
    ...rest,
    ...change,
  };
}

export function makeEntry(offset: number, change: Partial<AuditEntry> = {}): AuditEntry {
  const actor = { kind: 'user' as const, id: 'u1', name: 'ada@example.com' };
  const rest = { action: 'updateWorkflow', target: 'w1', fields: ['title'], address: '::1' };
  return { id: executionId(offset), at: START + offset, actor, ...rest, ...change };
}

export function accessContract(name: string, open: () => Promise<AccessContractStorage>): void {
  describe(`${name} keeps the access contract:`, () => {
    let opened: AccessContractStorage;
    let access: OpenStorage['access'];

    beforeEach(async () => {
      opened = await open();
      access = opened.storage.access;
    });
    afterEach(() => opened.cleanUp());

    const add = (user: User) => access.users.insert(user, makeLink(`link-${user.id}`, user.id));
    const later = { updatedAt: START + 5 };

    describe('users', () => {
      test('a user is found as added, by id and by e-mail address', async () => {
        const user = makeUser('u1', { name: 'Zoë “Zed” 💶', password: null, lastSeenAt: START + 1, isDisabled: true });
        await add(user);
        await add(makeUser('u0', { createdAt: START + 1 }));
        expect(await access.users.get('u1')).toEqual(user);
        expect(await access.users.findByEmail('u1@example.com')).toEqual(user);
        expect((await access.users.list()).map(({ id }) => id)).toEqual(['u1', 'u0']);
        for (const odd of ['', 'u2', "' OR 1=1 --", 'u1\0', 'u1@example.com\0']) {
          expect(await access.users.get(odd)).toBeUndefined();
          expect(await access.users.findByEmail(odd)).toBeUndefined();
        }
      });

      test('an e-mail address is there once, and who is refused leaves no link', async () => {
        await add(makeUser('u1'));
        await expect(add(makeUser('u2', { email: 'u1@example.com' }))).rejects.toMatchObject({ code: 'conflict' });
        expect(await opened.countRows('users')).toBe(1);
        expect(await opened.countRows('one_time_links')).toBe(1);
      });

      test('what is changed is changed, and nothing else', async () => {
        await add(makeUser('u1'));
        expect(await access.users.update('u1', { name: 'New', ...later })).toEqual(makeUser('u1', { name: 'New', ...later }));
        expect(await access.users.update('u1', { role: 'viewer', ...later })).toMatchObject({ name: 'New', role: 'viewer' });
        expect(await access.users.get('u1')).toEqual(makeUser('u1', { name: 'New', role: 'viewer', ...later }));
        await expect(access.users.update('u2', { name: 'x', ...later })).rejects.toMatchObject({ code: 'user_not_found' });
      });

      test('disabling a user ends sessions and links', async () => {
        await add(makeUser('u1'));
        await add(makeUser('u2'));
        for (const id of ['u1', 'u2']) expect(await access.sessions.start(makeSession(`s-${id}`, id), `$${id}`)).toBe(true);
        await access.users.update('u1', { isDisabled: true, ...later });
        expect(await access.sessions.find('s-u1')).toBeUndefined();
        expect(await access.links.find('link-u1')).toBeUndefined();
        expect(await access.sessions.find('s-u2')).toBeDefined();
        expect(await access.links.find('link-u2')).toBeDefined();
      });

      test('the last owner who can sign in stays, whatever two try at once', async () => {
        await add(makeUser('a', { role: 'owner' }));
        await add(makeUser('b', { role: 'owner' }));
        await add(makeUser('invited', { role: 'owner', password: null }));
        const takeAway = [
          access.users.update('a', { role: 'editor', ...later }),
          access.users.update('b', { isDisabled: true, ...later }),
        ];
        const outcomes = await Promise.allSettled(takeAway);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        const left = outcomes[0]?.status === 'fulfilled' ? 'b' : 'a';
        expect(await access.users.hasOwner()).toBe(true);
        const conflict = { code: 'conflict' };
        await expect(access.users.delete(left)).rejects.toMatchObject(conflict);
        await expect(access.users.update(left, { role: 'viewer', ...later })).rejects.toMatchObject(conflict);
        await access.users.update(left, { name: 'Still here', role: 'owner', ...later });
        await access.users.delete('invited');
      });

      test('a deleted user takes sessions, links and tokens along', async () => {
        await add(makeUser('u1'));
        await access.sessions.start(makeSession('s1', 'u1'), '$u1');
        await access.tokens.insert(makeToken('t1', 'u1'));
        await access.tokens.insert(makeToken('t2', null));
        await access.users.delete('u1');
        for (const table of ['users', 'sessions', 'one_time_links']) expect(await opened.countRows(table)).toBe(0);
        expect((await access.tokens.list()).map(({ id }) => id)).toEqual(['t2']);
        await expect(access.users.delete('u1')).rejects.toMatchObject({ code: 'user_not_found' });
      });

      test('a changed password ends all other sessions; one that is another by now is not changed', async () => {
        await add(makeUser('u1'));
        for (const hash of ['s1', 's2', 's3']) await access.sessions.start(makeSession(hash, 'u1'), '$u1');
        const change = { from: '$u1', to: '$new', keepSession: 's2', ...later };
        expect(await access.users.changePassword('u1', change)).toBe(true);
        expect(await access.users.changePassword('u1', { ...change, keepSession: 's9' })).toBe(false);
        expect(await access.sessions.find('s2')).toBeDefined();
        expect(await opened.countRows('sessions')).toBe(1);
        expect(await opened.countRows('one_time_links')).toBe(0);
        await access.users.rehash('u1', '$u1', '$old');
        await access.users.rehash('u1', '$new', '$newer');
        expect((await access.users.get('u1'))?.password).toBe('$newer');
        expect(await opened.countRows('sessions')).toBe(1);
      });
    });

    describe('sessions', () => {
      test('one begins for the password that was checked, and for nobody who is out by now', async () => {
        await add(makeUser('u1'));
        await add(makeUser('u2', { isDisabled: true }));
        await add(makeUser('u3', { password: null }));
        expect(await access.sessions.start(makeSession('s1', 'u1'), '$u1')).toBe(true);
        expect(await access.sessions.start(makeSession('s2', 'u1'), '$before')).toBe(false);
        expect(await access.sessions.start(makeSession('s3', 'u2'), '$u2')).toBe(false);
        expect(await access.sessions.start(makeSession('s4', 'u3'), '$u3')).toBe(false);
        expect(await access.sessions.start(makeSession('s5', 'nobody'), '$u1')).toBe(false);
        expect(await opened.countRows('sessions')).toBe(1);
        expect(await access.sessions.find('s1')).toEqual({
          session: makeSession('s1', 'u1'),
          user: makeUser('u1', { lastSeenAt: START }),
        });
      });

      test('it is touched forwards only, with its user, and ended', async () => {
        await add(makeUser('u1'));
        await access.sessions.start(makeSession('s1', 'u1'), '$u1');
        await access.sessions.touch({ hash: 's1', userId: 'u1' }, START + 9);
        expect(await access.sessions.find('s1')).toMatchObject({
          session: { lastSeenAt: START + 9, createdAt: START },
          user: { lastSeenAt: START + 9 },
        });
        await access.sessions.touch({ hash: 's1', userId: 'u1' }, START + 1);
        expect(await access.sessions.find('s1')).toMatchObject({ session: { lastSeenAt: START + 9 } });
        await access.sessions.end('s1');
        await access.sessions.end('s1');
        expect(await access.sessions.find('s1')).toBeUndefined();
        await expect(access.sessions.endAll('nobody')).rejects.toMatchObject({ code: 'user_not_found' });
      });

      test('what is over is deleted', async () => {
        await add(makeUser('u1'));
        const sessions = [
          makeSession('young', 'u1'),
          { ...makeSession('old', 'u1'), createdAt: START - 100 },
          { ...makeSession('idle', 'u1'), lastSeenAt: START - 50 },
        ];
        for (const session of sessions) await access.sessions.start(session, '$u1');
        await access.links.insert(makeLink('expired', null, { expiresAt: START }));
        await access.deleteExpired({ begunBefore: START - 99, seenBefore: START - 49, now: START });
        expect(await opened.countRows('sessions')).toBe(1);
        expect(await access.sessions.find('young')).toBeDefined();
        expect(await opened.countRows('one_time_links')).toBe(1);
      });
    });

    describe('links', () => {
      const use = (hash: string, owner?: User) =>
        access.links.accept(hash, { now: START, password: '$new', owner, sessionHash: `s-${hash}` });

      test('a link works once, also when many use it at the same moment', async () => {
        await add(makeUser('u1', { password: null }));
        await access.links.insert(makeLink('a', 'u1'));
        expect(await access.links.find('link-u1')).toBeUndefined();
        const outcomes = await Promise.all([use('a'), use('a'), use('a')]);
        expect(outcomes.filter((user) => user !== undefined)).toEqual([
          makeUser('u1', { password: '$new', lastSeenAt: START, updatedAt: START }),
        ]);
        expect(await opened.countRows('sessions')).toBe(1);
        expect(await access.sessions.find('s-a')).toMatchObject({ user: { id: 'u1', password: '$new' } });
        expect(await opened.countRows('one_time_links')).toBe(0);
      });

      test('it ends the sessions of who had the old password', async () => {
        await add(makeUser('u1'));
        await access.sessions.start(makeSession('thief', 'u1'), '$u1');
        expect(await use('link-u1')).toBeDefined();
        expect(await access.sessions.find('thief')).toBeUndefined();
      });

      test('an expired one, an unknown one and one of a disabled user do nothing', async () => {
        await add(makeUser('u1'));
        await access.links.insert(makeLink('late', 'u1', { expiresAt: START }));
        await add(makeUser('u2', { isDisabled: true }));
        for (const hash of ['late', 'link-u2', 'unknown', '']) expect(await use(hash)).toBeUndefined();
        expect((await access.users.get('u1'))?.password).toBe('$u1');
        expect(await opened.countRows('sessions')).toBe(0);
        await expect(access.links.insert(makeLink('x', 'nobody'))).rejects.toMatchObject({ code: 'user_not_found' });
      });

      test('of several setup links one makes the first owner, and the others go', async () => {
        for (const hash of ['a', 'b', 'c']) await access.links.insert(makeLink(hash, null));
        expect(await access.users.hasOwner()).toBe(false);
        const owners = ['a', 'b', 'c'].map((hash) => use(hash, makeUser(`o-${hash}`, { role: 'owner', password: null })));
        expect((await Promise.all(owners)).filter((user) => user !== undefined)).toHaveLength(1);
        expect(await opened.countRows('users')).toBe(1);
        expect(await access.users.hasOwner()).toBe(true);
        await access.links.insert(makeLink('d', null));
        expect(await use('d', makeUser('again', { role: 'owner' }))).toBeUndefined();
      });

      test('a setup link survives an owner whose address is taken', async () => {
        await add(makeUser('u1'));
        await access.links.insert(makeLink('a', null));
        const taken = makeUser('o', { email: 'u1@example.com', role: 'owner' });
        await expect(use('a', taken)).rejects.toMatchObject({ code: 'conflict' });
        expect(await access.links.find('a')).toEqual({ link: makeLink('a', null), user: null });
        expect(await use('a', makeUser('o', { role: 'owner' }))).toMatchObject({ id: 'o' });
      });
    });

    describe('tokens', () => {
      test('a token is found as added, with the user behind it, and is deleted', async () => {
        await add(makeUser('u1'));
        const tokens = [makeToken('t1', 'u1', { expiresAt: START + 9 }), makeToken('t2', null), makeToken('t3', 'gone')];
        for (const token of tokens) await access.tokens.insert(token);
        expect(await access.tokens.list()).toEqual(tokens);
        expect(await access.tokens.find('hash-t1')).toEqual({ token: tokens[0], user: makeUser('u1') });
        expect(await access.tokens.find('hash-t2')).toEqual({ token: tokens[1], user: undefined });
        expect(await access.tokens.find('hash-t3')).toEqual({ token: tokens[2], user: undefined });
        await access.tokens.touch('t1', START + 3);
        expect((await access.tokens.list())[0]?.lastUsedAt).toBe(START + 3);
        await access.tokens.delete('t1');
        expect(await access.tokens.find('hash-t1')).toBeUndefined();
        for (const id of ['t1', 't2\0'])
          await expect(access.tokens.delete(id)).rejects.toMatchObject({ code: 'token_not_found' });
      });
    });

    describe('the audit log', () => {
      test('is listed by page, by who, what, about what and when', async () => {
        const nobody = { kind: 'nobody' as const, id: '', name: 'eve@example.com' };
        const entries = [
          makeEntry(1),
          makeEntry(2, { action: 'deleteWorkflow', target: null, fields: [] }),
          makeEntry(3, { actor: nobody, action: 'signInRefused' }),
          makeEntry(4, { target: 'odd\0', fields: ['a\0', '\ud800'] }),
        ];
        for (const entry of entries) await access.audit.add(entry);
        const list = async (filter: object) =>
          (await access.audit.list({ limit: 9, ...filter })).items.map(({ at }) => at - START);
        expect((await access.audit.list({ limit: 9, to: START + 4 })).items).toEqual(entries.slice(0, 3).toReversed());
        expect((await access.audit.list({ limit: 1 })).items[0]).toMatchObject({
          target: 'odd\ufffd',
          fields: ['a\0', '\ud800'],
        });
        expect(await list({ actor: 'u1' })).toEqual([4, 2, 1]);
        expect(await list({ actor: 'eve@example.com' })).toEqual([3]);
        expect(await list({ action: 'deleteWorkflow' })).toEqual([2]);
        expect(await list({ target: 'w1' })).toEqual([3, 1]);
        expect(await list({ from: START + 2, to: START + 4 })).toEqual([3, 2]);
        expect(await list({ target: 'w1\0' })).toEqual([]);
        const first = await access.audit.list({ limit: 3 });
        const rest = await access.audit.list({ limit: 3, cursor: first.nextCursor ?? undefined });
        expect([...first.items, ...rest.items].map(({ at }) => at - START)).toEqual([4, 3, 2, 1]);
        expect(rest.nextCursor).toBeNull();
        await expect(access.audit.list({ limit: 3, cursor: 'x' })).rejects.toMatchObject({ code: 'invalid_request' });
      });

      test('loses what is old, a few at a time', async () => {
        for (const offset of [1, 2, 3, 4]) await access.audit.add(makeEntry(offset));
        expect(await access.audit.deleteOld(START + 4, 2)).toBe(2);
        expect(await access.audit.deleteOld(START + 4, 2)).toBe(1);
        expect(await access.audit.deleteOld(START + 4, 2)).toBe(0);
        expect(await opened.countRows('audit_log')).toBe(1);
      });
    });
  });
}
