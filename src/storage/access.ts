// Users, sessions, one-time links, API tokens and the audit log in the database.

import { Op, type WhereOptions } from 'sequelize';
import type { AccessStore, User } from '../access/ports.ts';
import { HooklineError } from '../errors.ts';
import {
  ACTIVE_OWNER,
  addOwner,
  refuseTakenEmail,
  requireOwnerBeside,
  requireUser,
  setPassword,
  updateUser,
} from './access-changes.ts';
import type { UserRow } from './access-models.ts';
import { toLink, toSession, toToken, toUser, userRow } from './access-records.ts';
import { auditStore } from './audit.ts';
import { type Database, isSearchable } from './database.ts';
import { guessStores } from './guesses.ts';
import { storable } from './outbound/rows.ts';
import { secondFactorStore } from './second-factors.ts';
import { withStorageErrors } from './storage-error.ts';

/** The access part of the storage. */
export function accessStore(database: Database): AccessStore {
  const { read, write } = database;

  async function findUser(where: WhereOptions<UserRow>): Promise<User | undefined> {
    const row = await withStorageErrors(() => read.users.findOne({ where }));
    return row ? toUser(row.get()) : undefined;
  }

  async function userOf(id: string | null): Promise<User | undefined> {
    return id === null ? undefined : findUser({ id });
  }

  return {
    users: {
      get: async (id) => (isSearchable(id) ? findUser({ id }) : undefined),
      findByEmail: async (email) => (isSearchable(email) ? findUser({ email }) : undefined),
      list: () =>
        withStorageErrors(async () => {
          const rows = await read.users.findAll({
            order: [
              ['createdAt', 'ASC'],
              ['id', 'ASC'],
            ],
          });
          return rows.map((row) => toUser(row.get()));
        }),
      hasOwner: () => withStorageErrors(async () => (await read.users.count({ where: ACTIVE_OWNER })) > 0),
      insert: (user, link) =>
        refuseTakenEmail(() =>
          write(async ({ users, oneTimeLinks }) => {
            await users.create(userRow(user));
            await oneTimeLinks.create({ ...link });
          }),
        ),
      update: (id, change) => write((models) => updateUser(models, id, change)),
      changePassword: (id, { from, to, keepSession, updatedAt }) =>
        write(async ({ users, sessions, oneTimeLinks }) => {
          const [changed] = await users.update({ password: to, updatedAt }, { where: { id, password: from } });
          if (changed === 0) return false;
          await sessions.destroy({ where: { userId: id, hash: { [Op.ne]: keepSession } } });
          await oneTimeLinks.destroy({ where: { userId: id } });
          return true;
        }),
      rehash: (id, from, to) =>
        write(async ({ users }) => {
          await users.update({ password: to }, { where: { id, password: from } });
        }),
      delete: (id) =>
        write(async (models) => {
          await requireOwnerBeside(models, id);
          await requireUser(models, id);
          await models.users.destroy({ where: { id } });
          await models.sessions.destroy({ where: { userId: id } });
          await models.oneTimeLinks.destroy({ where: { userId: id } });
          await models.apiTokens.destroy({ where: { userId: id } });
          await models.userPlaces.destroy({ where: { userId: id } });
          await models.recoveryCodes.destroy({ where: { userId: id } });
        }),
    },

    sessions: {
      start: (session, password) =>
        write(async (models) => {
          const user = await models.users.findByPk(session.userId, { lock: true });
          if (user?.get().password !== password || user.get().disabled) return false;
          await models.sessions.create({ ...session });
          await models.users.update({ lastSeenAt: session.createdAt }, { where: { id: session.userId } });
          return true;
        }),
      find: (hash) =>
        withStorageErrors(async () => {
          const row = await read.sessions.findByPk(hash);
          const user = row === null ? undefined : await userOf(row.get().userId);
          return row && user ? { session: toSession(row.get()), user } : undefined;
        }),
      touch: ({ hash, userId }, at) =>
        write(async ({ sessions, users }) => {
          await sessions.update({ lastSeenAt: at }, { where: { hash, lastSeenAt: { [Op.lt]: at } } });
          await users.update({ lastSeenAt: at }, { where: { id: userId } });
        }),
      end: (hash) =>
        write(async ({ sessions }) => {
          await sessions.destroy({ where: { hash } });
        }),
      endAll: (userId) =>
        write(async (models) => {
          await requireUser(models, userId);
          await models.sessions.destroy({ where: { userId } });
        }),
    },

    links: {
      insert: (link) =>
        write(async (models) => {
          if (link.userId !== null) {
            await requireUser(models, link.userId);
            await models.oneTimeLinks.destroy({ where: { userId: link.userId } });
          }
          await models.oneTimeLinks.create({ ...link });
        }),
      find: (hash) =>
        withStorageErrors(async () => {
          const row = await read.oneTimeLinks.findByPk(hash);
          if (row === null) return undefined;
          const link = toLink(row.get());
          const user = await userOf(link.userId);
          if (link.userId !== null && !user) return undefined;
          return { link, user: user ?? null };
        }),
      accept: (hash, { now, password, owner, sessionHash }) =>
        refuseTakenEmail(() =>
          write(async (models) => {
            const user = await (owner
              ? addOwner(models, hash, now, { ...owner, password })
              : setPassword(models, hash, now, password));
            if (!user) return undefined;
            await models.sessions.create({ hash: sessionHash, userId: user.id, lastSeenAt: now, createdAt: now });
            return user;
          }),
        ),
    },

    tokens: {
      insert: ({ permissions, ...token }) =>
        write(async ({ apiTokens }) => {
          const texts = { name: storable(token.name), createdBy: storable(token.createdBy) };
          await apiTokens.create({ ...token, ...texts, permissions: JSON.stringify(permissions) });
        }),
      list: () =>
        withStorageErrors(async () => {
          const rows = await read.apiTokens.findAll({
            order: [
              ['createdAt', 'ASC'],
              ['id', 'ASC'],
            ],
          });
          return rows.map((row) => toToken(row.get()));
        }),
      find: (hash) =>
        withStorageErrors(async () => {
          const row = await read.apiTokens.findOne({ where: { hash } });
          return row ? { token: toToken(row.get()), user: await userOf(row.get().userId) } : undefined;
        }),
      touch: (id, at) =>
        write(async ({ apiTokens }) => {
          await apiTokens.update({ lastUsedAt: at }, { where: { id } });
        }),
      delete: async (id) => {
        const deleted = isSearchable(id) ? await write(({ apiTokens }) => apiTokens.destroy({ where: { id } })) : 0;
        if (deleted === 0) throw new HooklineError('token_not_found', `There is no API token ${id}.`);
      },
    },

    audit: auditStore(database),
    ...guessStores(database),
    secondFactors: secondFactorStore(database),

    deleteExpired: ({ begunBefore, seenBefore, now }) =>
      write(async ({ sessions, oneTimeLinks }) => {
        const isOver = { [Op.or]: [{ createdAt: { [Op.lt]: begunBefore } }, { lastSeenAt: { [Op.lt]: seenBefore } }] };
        await sessions.destroy({ where: isOver });
        await oneTimeLinks.destroy({ where: { expiresAt: { [Op.lte]: now } } });
      }),
  };
}
