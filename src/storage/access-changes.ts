// Changes of users that have to hold together in one transaction: an owner always stays, a link works once.

import { Op, UniqueConstraintError, type WhereOptions } from 'sequelize';
import type { RequireAllowed, SelfUpdate, User, UserStore } from '../access/ports.ts';
import { HooklineError } from '../errors.ts';
import type { UserRow } from './access-models.ts';
import { toUser, userRow } from './access-records.ts';
import { isSearchable } from './database.ts';
import type { Models } from './models.ts';
import { addNotice } from './notices.ts';
import { storable } from './outbound/rows.ts';
import type { RowReader } from './row-reader.ts';

/** An owner who can sign in. */
export const ACTIVE_OWNER: WhereOptions = { role: 'owner', disabled: false, password: { [Op.ne]: null } };

/** @throws HooklineError `conflict` in place of the database's complaint about a unique value */
export async function refuseTakenEmail<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UniqueConstraintError)) throw error;
    throw new HooklineError('conflict', 'Another user has this e-mail address.', { cause: error });
  }
}

/** Reads a user and locks the row. @throws HooklineError `user_not_found` */
export async function requireUser({ users }: Models, id: string): Promise<UserRow> {
  const row = isSearchable(id) ? await users.findByPk(id, { lock: true }) : null;
  if (!row) throw new HooklineError('user_not_found', `There is no user ${id}.`);
  return row.get();
}

/**
 * All owners are locked, always in the same order: of two processes that each take another owner's rights away, the second
 * sees what the first has done.
 * @returns what is thrown when this is the only owner who can sign in, `conflict`
 */
export async function ownerRefusal({ users }: Models, id: string): Promise<HooklineError | undefined> {
  const rows = await users.findAll({ where: { role: 'owner' }, order: [['id', 'ASC']], lock: true });
  const active = rows.map((row) => row.get()).filter((row) => !row.disabled && row.password !== null);
  if (active.length !== 1 || active[0]?.id !== id) return undefined;
  return new HooklineError('conflict', 'This is the last owner who can sign in. Make somebody else an owner first.');
}

export async function updateUser(
  rows: RowReader,
  models: Models,
  id: string,
  { name, role, isDisabled, updatedAt }: Parameters<UserStore['update']>[1],
  requireAllowed: RequireAllowed,
): Promise<User> {
  const losesOwner = isDisabled === true || (role !== undefined && role !== 'owner');
  const refusal = losesOwner ? await ownerRefusal(models, id) : undefined;
  const before = await requireUser(models, id);
  requireAllowed(toUser(rows, before));
  if (refusal) throw refusal;
  const change: Partial<UserRow> = {
    ...(name === undefined ? {} : { name: storable(name) }),
    ...(role === undefined ? {} : { role }),
    ...(isDisabled === undefined ? {} : { disabled: isDisabled }),
    updatedAt,
  };
  await models.users.update(change, { where: { id } });
  if (isDisabled === true) {
    await models.sessions.destroy({ where: { userId: id } });
    await models.oneTimeLinks.destroy({ where: { userId: id } });
  }
  return toUser(rows, { ...before, ...change });
}

/** What users change of themselves. @returns false when the password is another one by now; then nothing is changed */
export async function updateSelf(
  rows: RowReader,
  models: Models,
  id: string,
  { name, password, updatedAt }: SelfUpdate,
): Promise<User | false> {
  const before = await requireUser(models, id);
  if (password && before.password !== password.from) return false;
  const change: Partial<UserRow> = {
    ...(name === undefined ? {} : { name: storable(name) }),
    ...(password === undefined ? {} : { password: password.to }),
    updatedAt,
  };
  await models.users.update(change, { where: { id } });
  if (password) {
    await models.sessions.destroy({ where: { userId: id, hash: { [Op.ne]: password.keepSession } } });
    await models.oneTimeLinks.destroy({ where: { userId: id } });
    if (password.revokeTokens) await models.apiTokens.destroy({ where: { userId: id } });
    await addNotice(models, password.notice);
  }
  return toUser(rows, { ...before, ...change });
}

/** Uses the setup link up. Of two at once one finds its link: all of them are locked, and go together. */
export async function addOwner(models: Models, hash: string, now: number, owner: User): Promise<User | undefined> {
  const { users, oneTimeLinks } = models;
  const rows = await oneTimeLinks.findAll({ where: { purpose: 'setup' }, order: [['hash', 'ASC']], lock: true });
  const link = rows.map((row) => row.get()).find((row) => row.hash === hash);
  if (!link || Number(link.expiresAt) <= now || (await users.count({ where: ACTIVE_OWNER })) > 0) return undefined;
  await oneTimeLinks.destroy({ where: { purpose: 'setup' } });
  await users.create(userRow({ ...owner, lastSeenAt: now }));
  return { ...owner, lastSeenAt: now };
}

/** Uses an invitation or a reset link up. */
export async function setPassword(
  rows: RowReader,
  models: Models,
  hash: string,
  now: number,
  password: string,
): Promise<User | undefined> {
  const { users, sessions, oneTimeLinks } = models;
  const row = (await oneTimeLinks.findByPk(hash, { lock: true }))?.get();
  if (!row || row.userId === null || Number(row.expiresAt) <= now) return undefined;
  const { userId } = row;
  const user = await users.findByPk(userId, { lock: true });
  if (!user || user.get().disabled) return undefined;
  const change = { password, lastSeenAt: now, updatedAt: now };
  await users.update(change, { where: { id: userId } });
  await sessions.destroy({ where: { userId } });
  await oneTimeLinks.destroy({ where: { userId } });
  return toUser(rows, { ...user.get(), ...change });
}
