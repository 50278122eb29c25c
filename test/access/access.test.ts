// Access control over a real database, on a clock of the test's own.

import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { type Access, createAccess } from '../../src/access/access.ts';
import { PERMISSIONS } from '../../src/access/model.ts';
import { createPasswords } from '../../src/access/passwords.ts';
import { hashSecret } from '../../src/access/random-secret.ts';
import type { NewSession } from '../../src/access/sessions.ts';
import { openStorage } from '../../src/storage/storage.ts';
import { secretOf } from '../http/browser.ts';
import { makeLink, makeUser } from '../storage/access-contract.ts';
import { closing, temporaryFolder } from '../storage/folder.ts';

const DAY_MS = 86_400_000;
const PASSWORD = 'correct horse battery';
const from = { address: '203.0.113.7', session: null };

const box = { seal: (text: string) => `sealed ${text}`, open: (sealed: string) => sealed.slice(7) };

/** A thousandth of the cost. */
const quick = createPasswords({ ln: 7, r: 8, p: 1 });

async function open(passwords = quick) {
  const storage = closing(
    await openStorage({ url: `sqlite:${join(await temporaryFolder(), 'hookline.db')}`, durability: 'normal' }),
  );
  const clock = { now: 1_800_000_000_000 };
  const log = { debug: vi.fn(), info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const others = { askForCodes: true };
  const access = createAccess({
    store: storage.access,
    baseUrl: 'http://host',
    now: () => clock.now,
    log,
    sign: hashSecret,
    box,
    passwords,
    isSecondFactorAskedEverywhere: () => others.askForCodes,
  });
  return { storage, clock, log, access, others };
}

/** Who has no second factor gets a session. */
async function signIn(access: Access, given: { email: string; password: string }): Promise<NewSession> {
  const begun = await access.sessions.signIn(given, from);
  if ('proof' in begun) throw new Error('A code is needed.');
  return begun;
}

async function withOwner() {
  const opened = await open();
  const link = await opened.access.links.createSetup();
  const use = { token: secretOf(link?.url ?? ''), password: PASSWORD, email: 'ada@example.com', name: 'Ada' };
  const session = await opened.access.links.accept(use, from);
  return { ...opened, session };
}

test('a second factor cannot be set up while a process is running that asks for no code', async () => {
  const { access, session, others } = await withOwner();
  others.askForCodes = false;
  const refusal = { code: 'conflict', message: expect.stringContaining('older version') };
  await expect(access.secondFactors.begin(session.user)).rejects.toMatchObject(refusal);
  others.askForCodes = true;
  await expect(access.secondFactors.begin(session.user)).resolves.toMatchObject({ secret: expect.any(String) });
});

test('a setup link works for a day', async () => {
  const { access, clock } = await open();
  const link = await access.links.createSetup();
  clock.now += DAY_MS - 1;
  await expect(access.links.check(secretOf(link?.url ?? ''), from)).resolves.toMatchObject({ purpose: 'setup' });
  clock.now += 1;
  await expect(access.links.check(secretOf(link?.url ?? ''), from)).rejects.toMatchObject({ code: 'not_found' });
});

test('a password is encoded anew at the next sign-in when the parameters have changed, and ends no session by that', async () => {
  const { access, storage, clock } = await open(createPasswords());
  const password = await createPasswords({ ln: 12, r: 8, p: 1 }).encode(PASSWORD);
  await storage.access.users.insert(makeUser('u1', { password }), makeLink('l', 'u1', { expiresAt: clock.now }));
  const given = { email: 'u1@example.com', password: PASSWORD };
  const sessions = await Promise.all([signIn(access, given), signIn(access, given)]);
  const stored = (await storage.access.users.get('u1'))?.password;
  expect(stored).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$/);
  await access.sessions.signIn(given, from);
  expect((await storage.access.users.get('u1'))?.password).toBe(stored);
  for (const { secret } of sessions) expect(await access.sessions.find(secret)).toBeDefined();
});

test('a session lasts as long as it is used, a month at most; what is over is deleted, and the log of a year', async () => {
  const { access, storage, clock, session } = await withOwner();
  const started = clock.now;
  for (let day = 0; day < 29; day += 1) {
    clock.now += DAY_MS;
    expect(await access.sessions.find(session.secret), `day ${day}`).toBeDefined();
  }
  const idle = await signIn(access, { email: 'ada@example.com', password: PASSWORD });
  clock.now = started + 30 * DAY_MS;
  expect(await access.sessions.find(session.secret)).toBeUndefined();
  expect(await access.sessions.find(idle.secret)).toBeDefined();
  clock.now += 7 * DAY_MS;
  expect(await access.sessions.find(idle.secret)).toBeUndefined();
  await access.deleteOld(10);
  expect(await storage.access.sessions.find(session.hash)).toBeUndefined();
  expect((await access.audit.list({ limit: 9 })).items.map(({ action }) => action)).toEqual(['signIn', 'acceptLink']);
  clock.now = started + 365 * DAY_MS + 1;
  expect(await access.deleteOld(10)).toBe(1);
  expect((await access.audit.list({ limit: 9 })).items.map(({ action }) => action)).toEqual(['signIn']);
});

test('after a wait the right password gets in, and the counting begins anew', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  const { access } = await withOwner();
  const signIn = (password: string) => access.sessions.signIn({ email: 'ada@example.com', password }, from);
  for (let n = 0; n < 6; n += 1) await expect(signIn('wrong')).rejects.toMatchObject({ code: 'unauthorized' });
  await expect(signIn(PASSWORD)).rejects.toMatchObject({ code: 'too_many_requests', headers: { 'Retry-After': '1' } });
  vi.setSystemTime(Date.now() + 1_000);
  await expect(signIn(PASSWORD)).resolves.toBeDefined();
  for (let n = 0; n < 5; n += 1) await expect(signIn('wrong')).rejects.toMatchObject({ code: 'unauthorized' });
  await expect(signIn(PASSWORD)).resolves.toBeDefined();
});

test('the current password cannot be guessed by who has found an open browser', async () => {
  const { access, session } = await withOwner();
  const guess = () =>
    access.users.updateSelf(session, { password: { current: 'wrong', new: 'a wholly new password', revokeTokens: false } }, from);
  for (let n = 0; n < 6; n += 1) await expect(guess()).rejects.toMatchObject({ code: 'forbidden' });
  await expect(guess()).rejects.toMatchObject({ code: 'too_many_requests' });
});

test('a refusal stays a refusal when it cannot be noted', async () => {
  const { access, storage, log } = await withOwner();
  vi.spyOn(storage.access.audit, 'add').mockRejectedValue(new Error('disk'));
  const given = { email: 'ada@example.com', password: 'wrong' };
  await expect(access.sessions.signIn(given, from)).rejects.toMatchObject({ code: 'unauthorized' });
  expect(log.error).toHaveBeenCalledWith(
    expect.objectContaining({ entry: expect.objectContaining({ action: 'signInRefused' }) }),
    expect.stringContaining('audit log'),
  );
});

test('nothing that is stored lets anybody in', async () => {
  const { access, storage, session } = await withOwner();
  const admin = { kind: 'admin-token' as const, id: 'admin', name: 'admin token', permissions: new Set(PERMISSIONS) };
  const { secret } = await access.tokens.create({ name: 'CI', permissions: ['workflows:read'], expiresAt: null }, admin, from);
  const link = await access.users.createLink(session.user.id, admin, from);
  const stored: string[] = [];
  for (const table of ['users', 'sessions', 'one_time_links', 'api_tokens', 'audit_log', 'notices']) {
    stored.push(JSON.stringify(await storage.connections.reader.query(`SELECT * FROM ${table}`)));
  }
  for (const value of [PASSWORD, session.secret, session.csrfToken, secret, secretOf(link.url)])
    expect(stored.join()).not.toContain(value);
});
