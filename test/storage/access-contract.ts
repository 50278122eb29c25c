// The contract of the access part of a storage: every database has to keep it.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ApiToken, Notice, OneTimeLink, Session, StoredAuditEntry, User } from '../../src/access/ports.ts';
import type { AuditEntry } from '../../src/engine/audit-scope.ts';
import type { OpenStorage } from '../../src/storage/storage.ts';
import { executionId, START } from './contract.ts';

export interface AccessContractStorage {
  readonly storage: OpenStorage;
  countRows(table: string): Promise<number>;
  cleanUp(): Promise<void>;
}

export function makeUser(id: string, change: Partial<User> = {}): User {
  const times = { lastSeenAt: null, createdAt: START, updatedAt: START };
  const person = { id, email: `${id}@example.com`, name: id, role: 'editor' as const };
  return { ...person, password: `$${id}`, isDisabled: false, secondFactorSince: null, ...times, ...change };
}

export function makeLink(hash: string, userId: string | null, change: Partial<OneTimeLink> = {}): OneTimeLink {
  const purpose = userId === null ? 'setup' : 'reset';
  return { hash, purpose, userId, expiresAt: START + 1_000, createdAt: START, ...change };
}

export function makeSession(hash: string, userId: string): Session {
  const times = { lastSeenAt: START, createdAt: START, confirmedAt: START };
  return { hash, id: `id-${hash}`, userId, ...times, address: '::1', userAgent: 'Firefox' };
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

let notices = 0;

export function makeNotice(userId: string, change: Partial<Notice> = {}): Notice {
  notices += 1;
  const from = { address: '::1', userAgent: 'Firefox' };
  return { id: executionId(notices), userId, kind: 'sign-in', ...from, subject: 'here', at: START, readAt: null, ...change };
}

/** Lets everything through. */
export const allow = (): void => {};
/** Stands in for the key: another text for each text. */
export const sign = (text: string): string => `signed:${text}`;

export function makeEntry(offset: number, change: Partial<AuditEntry> = {}): AuditEntry {
  const actor = { kind: 'user' as const, id: 'u1', name: 'ada@example.com' };
  const rest = { action: 'updateWorkflow', target: 'w1', fields: ['title'], address: '::1' };
  const more = { details: { hosts: ['api.example.com'] }, outcome: 'done' as const };
  return { id: executionId(offset), at: START + offset, actor, ...rest, ...more, ...change };
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
        expect(await access.users.update('u1', { name: 'New', ...later }, allow)).toEqual(
          makeUser('u1', { name: 'New', ...later }),
        );
        expect(await access.users.update('u1', { role: 'viewer', ...later }, allow)).toMatchObject({
          name: 'New',
          role: 'viewer',
        });
        expect(await access.users.get('u1')).toEqual(makeUser('u1', { name: 'New', role: 'viewer', ...later }));
        await expect(access.users.update('u2', { name: 'x', ...later }, allow)).rejects.toMatchObject({ code: 'user_not_found' });
      });

      test('disabling a user ends sessions and links', async () => {
        await add(makeUser('u1'));
        await add(makeUser('u2'));
        for (const id of ['u1', 'u2'])
          expect(await access.sessions.start(makeSession(`s-${id}`, id), `$${id}`, makeNotice(id))).toBe(true);
        await access.users.update('u1', { isDisabled: true, ...later }, allow);
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
          access.users.update('a', { role: 'editor', ...later }, allow),
          access.users.update('b', { isDisabled: true, ...later }, allow),
        ];
        const outcomes = await Promise.allSettled(takeAway);
        expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
        const left = outcomes[0]?.status === 'fulfilled' ? 'b' : 'a';
        expect(await access.users.hasOwner()).toBe(true);
        const conflict = { code: 'conflict' };
        await expect(access.users.delete(left, allow)).rejects.toMatchObject(conflict);
        await expect(access.users.update(left, { role: 'viewer', ...later }, allow)).rejects.toMatchObject(conflict);
        await access.users.update(left, { name: 'Still here', role: 'owner', ...later }, allow);
        await access.users.delete('invited', allow);
      });

      test('a deleted user takes sessions, links and tokens along', async () => {
        await add(makeUser('u1'));
        await access.sessions.start(makeSession('s1', 'u1'), '$u1', makeNotice('u1'));
        await access.tokens.insert(makeToken('t1', 'u1'), undefined);
        await access.tokens.insert(makeToken('t2', null), undefined);
        await access.users.delete('u1', allow);
        for (const table of ['users', 'sessions', 'one_time_links']) expect(await opened.countRows(table)).toBe(0);
        expect((await access.tokens.list()).map(({ id }) => id)).toEqual(['t2']);
        await expect(access.users.delete('u1', allow)).rejects.toMatchObject({ code: 'user_not_found' });
      });

      test('a changed password ends all other sessions; one that is another by now is not changed', async () => {
        await add(makeUser('u1'));
        for (const hash of ['s1', 's2', 's3']) await access.sessions.start(makeSession(hash, 'u1'), '$u1', makeNotice('u1'));
        await access.tokens.insert(makeToken('t1', 'u1'), undefined);
        await access.tokens.insert(makeToken('t2', null), undefined);
        const notice = makeNotice('u1', { kind: 'password-changed' });
        const password = { from: '$u1', to: '$new', keepSession: 's2', revokeTokens: false, notice };
        expect(await access.users.updateSelf('u1', { password, ...later })).toMatchObject({ password: '$new' });
        expect(await access.users.updateSelf('u1', { name: 'No', password, ...later })).toBe(false);
        expect((await access.users.get('u1'))?.name).toBe('u1');
        expect(await opened.countRows('api_tokens')).toBe(2);
        const again = { ...password, from: '$new', notice: makeNotice('u1'), revokeTokens: true };
        await access.users.updateSelf('u1', { password: again, ...later });
        expect((await access.tokens.list()).map(({ id }) => id)).toEqual(['t2']);
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
        expect(await access.sessions.start(makeSession('s1', 'u1'), '$u1', makeNotice('u1'))).toBe(true);
        expect(await access.sessions.start(makeSession('s2', 'u1'), '$before', makeNotice('u1'))).toBe(false);
        expect(await access.sessions.start(makeSession('s3', 'u2'), '$u2', makeNotice('u2'))).toBe(false);
        expect(await access.sessions.start(makeSession('s4', 'u3'), '$u3', makeNotice('u3'))).toBe(false);
        expect(await access.sessions.start(makeSession('s5', 'nobody'), '$u1', makeNotice('nobody'))).toBe(false);
        expect(await opened.countRows('sessions')).toBe(1);
        expect(await access.sessions.find('s1')).toEqual({
          session: makeSession('s1', 'u1'),
          user: makeUser('u1', { lastSeenAt: START }),
        });
      });

      test('it is touched forwards only, with its user, and ended', async () => {
        await add(makeUser('u1'));
        await access.sessions.start(makeSession('s1', 'u1'), '$u1', makeNotice('u1'));
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
        await expect(access.sessions.endAll('nobody', allow)).rejects.toMatchObject({ code: 'user_not_found' });
      });

      test('they are listed, confirmed, and ended one by one or all but one', async () => {
        await add(makeUser('u1'));
        await add(makeUser('u2'));
        for (const hash of ['s1', 's2', 's3']) await access.sessions.start(makeSession(hash, 'u1'), '$u1', makeNotice('u1'));
        await access.sessions.start(makeSession('other', 'u2'), '$u2', makeNotice('u2'));
        expect((await access.sessions.list('u1')).map(({ id }) => id).sort()).toEqual(['id-s1', 'id-s2', 'id-s3']);
        expect(await access.sessions.endOne('u1', 'id-other')).toBe(false);
        expect(await access.sessions.endOne('u1', 'id-s1')).toBe(true);
        expect(await access.sessions.endOne('u1', 'id-s1')).toBe(false);
        expect(await access.sessions.confirm('s2', START + 7)).toBe(true);
        expect(await access.sessions.confirm('s1', START + 7)).toBe(false);
        expect((await access.sessions.find('s2'))?.session.confirmedAt).toBe(START + 7);
        expect(await access.sessions.endOthers('u1', 's2')).toBe(1);
        expect((await access.sessions.list('u1')).map(({ hash }) => hash)).toEqual(['s2']);
        expect(await access.sessions.find('other')).toBeDefined();
      });

      test('what is over is deleted', async () => {
        await add(makeUser('u1'));
        const sessions = [
          makeSession('young', 'u1'),
          { ...makeSession('old', 'u1'), createdAt: START - 100 },
          { ...makeSession('idle', 'u1'), lastSeenAt: START - 50 },
        ];
        for (const session of sessions) await access.sessions.start(session, '$u1', makeNotice('u1'));
        await access.links.insert(makeLink('expired', null, { expiresAt: START }));
        await access.deleteExpired({ begunBefore: START - 99, seenBefore: START - 49, noticesBefore: START, now: START });
        expect(await opened.countRows('sessions')).toBe(1);
        expect(await access.sessions.find('young')).toBeDefined();
        expect(await opened.countRows('one_time_links')).toBe(1);
      });
    });

    describe('notices', () => {
      test('a sign-in from a known place and browser is told of once; all are read, and go with their user', async () => {
        await add(makeUser('u1'));
        for (const [hash, subject] of [
          ['s1', 'here'],
          ['s2', 'here'],
          ['s3', 'there'],
        ] as const) {
          await access.sessions.start(makeSession(hash, 'u1'), '$u1', makeNotice('u1', { subject }));
        }
        expect((await access.notices.list('u1')).map(({ subject }) => subject)).toEqual(['there', 'here']);
        await access.notices.read('u1', START + 1);
        expect((await access.notices.list('u1')).every(({ readAt }) => readAt === START + 1)).toBe(true);
        await access.users.delete('u1', allow);
        expect(await opened.countRows('notices')).toBe(0);
      });

      test('a user has a hundred at most, the latest', async () => {
        await add(makeUser('u1'));
        for (let n = 0; n < 103; n += 1) {
          await access.tokens.insert(makeToken(`t${n}`, 'u1'), makeNotice('u1', { kind: 'token-created', subject: `t${n}` }));
        }
        const subjects = (await access.notices.list('u1')).map(({ subject }) => subject);
        expect(subjects).toHaveLength(100);
        expect([subjects[0], subjects.at(-1)]).toEqual(['t102', 't3']);
      });
    });

    describe('links', () => {
      const use = (hash: string, owner?: User) =>
        access.links.accept(hash, {
          ...{ now: START, password: '$new', owner, session: makeSession(`s-${hash}`, ''), revokeTokens: true },
          noticeFor: (userId) => makeNotice(userId),
        });

      test('a link works once, also when many use it at the same moment', async () => {
        await add(makeUser('u1', { password: null }));
        await access.links.insert(makeLink('a', 'u1'));
        expect(await access.links.find('link-u1')).toBeUndefined();
        const outcomes = await Promise.all([use('a'), use('a'), use('a')]);
        expect(outcomes.filter((user) => user !== false)).toEqual([
          makeUser('u1', { password: '$new', lastSeenAt: START, updatedAt: START }),
        ]);
        expect(await opened.countRows('sessions')).toBe(1);
        expect(await access.sessions.find('s-a')).toMatchObject({ user: { id: 'u1', password: '$new' } });
        expect(await opened.countRows('one_time_links')).toBe(0);
      });

      test('it ends the sessions of who had the old password', async () => {
        await add(makeUser('u1'));
        await access.sessions.start(makeSession('thief', 'u1'), '$u1', makeNotice('u1'));
        await access.tokens.insert(makeToken('t1', 'u1'), undefined);
        expect(await use('link-u1')).toMatchObject({ id: 'u1' });
        expect(await access.tokens.list()).toEqual([]);
        expect(await access.sessions.find('thief')).toBeUndefined();
      });

      test('an expired one, an unknown one and one of a disabled user do nothing', async () => {
        await add(makeUser('u1'));
        await access.links.insert(makeLink('late', 'u1', { expiresAt: START }));
        await add(makeUser('u2', { isDisabled: true }));
        for (const hash of ['late', 'link-u2', 'unknown', '']) expect(await use(hash)).toBe(false);
        expect((await access.users.get('u1'))?.password).toBe('$u1');
        expect(await opened.countRows('sessions')).toBe(0);
        await expect(access.links.insert(makeLink('x', 'nobody'))).rejects.toMatchObject({ code: 'user_not_found' });
      });

      test('of several setup links one makes the first owner, and the others go', async () => {
        for (const hash of ['a', 'b', 'c']) await access.links.insert(makeLink(hash, null));
        expect(await access.users.hasOwner()).toBe(false);
        const owners = ['a', 'b', 'c'].map((hash) => use(hash, makeUser(`o-${hash}`, { role: 'owner', password: null })));
        expect((await Promise.all(owners)).filter((user) => user !== false)).toHaveLength(1);
        expect(await opened.countRows('users')).toBe(1);
        expect(await access.users.hasOwner()).toBe(true);
        await access.links.insert(makeLink('d', null));
        expect(await use('d', makeUser('again', { role: 'owner' }))).toBe(false);
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
        for (const token of tokens) await access.tokens.insert(token, undefined);
        expect(await access.tokens.list()).toEqual(tokens);
        expect(await access.tokens.find('hash-t1')).toEqual({ token: tokens[0], user: makeUser('u1') });
        expect(await access.tokens.find('hash-t2')).toEqual({ token: tokens[1], user: undefined });
        expect(await access.tokens.find('hash-t3')).toEqual({ token: tokens[2], user: undefined });
        await access.tokens.touch('t1', START + 3);
        expect((await access.tokens.list())[0]?.lastUsedAt).toBe(START + 3);
        await access.tokens.delete('t1', allow);
        expect(await access.tokens.find('hash-t1')).toBeUndefined();
        for (const id of ['t1', 't2\0'])
          await expect(access.tokens.delete(id, allow)).rejects.toMatchObject({ code: 'token_not_found' });
      });
    });

    describe('the audit log', () => {
      test('is listed by page, by who, what, about what and when', async () => {
        const nobody = { kind: 'nobody' as const, id: '', name: 'eve@example.com' };
        const entries = [
          makeEntry(1),
          makeEntry(2, { action: 'deleteWorkflow', target: null, fields: [] }),
          makeEntry(3, { actor: nobody, action: 'signInRefused', outcome: 'refused' }),
          makeEntry(4, { target: 'odd\0', fields: ['a\0', '\ud800'] }),
        ];
        for (const entry of entries) await access.audit.add(entry, sign);
        const list = async (filter: object) =>
          (await access.audit.list({ limit: 9, ...filter })).items.map(({ at }) => at - START);
        const stored = (await access.audit.list({ limit: 9, to: START + 4 })).items;
        const plain = ({ sequence: _sequence, hash: _hash, ...entry }: StoredAuditEntry): AuditEntry => entry;
        expect(stored.map(plain)).toEqual(entries.slice(0, 3).toReversed());
        expect(stored.map(({ sequence }) => sequence)).toEqual([3, 2, 1]);
        expect((await access.audit.list({ limit: 1 })).items[0]).toMatchObject({
          target: 'odd\ufffd',
          fields: ['a\0', '\ud800'],
        });
        expect(await list({ actor: 'u1' })).toEqual([4, 2, 1]);
        expect(await list({ actor: 'eve@example.com' })).toEqual([3]);
        expect(await list({ action: 'deleteWorkflow' })).toEqual([2]);
        expect(await list({ outcome: 'refused' })).toEqual([3]);
        expect(await list({ outcome: 'done' })).toEqual([4, 2, 1]);
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
        for (const offset of [1, 2, 3, 4]) await access.audit.add(makeEntry(offset), sign);
        expect(await access.audit.deleteOld(START + 4, 2, sign)).toBe(2);
        expect(await access.audit.deleteOld(START + 4, 2, sign)).toBe(1);
        expect(await access.audit.deleteOld(START + 4, 2, sign)).toBe(0);
        expect(await opened.countRows('audit_log')).toBe(1);
      });
    });
  });
}
