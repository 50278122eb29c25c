// Users, sessions, one-time links, API tokens and the audit log in the database.

import { Op, type WhereOptions } from 'sequelize';
import type { AccessStore, User } from '../access/ports.ts';
import { HooklineError } from '../errors.ts';
import {
  ACTIVE_OWNER,
  addOwner,
  ownerRefusal,
  refuseTakenEmail,
  requireUser,
  setPassword,
  updateSelf,
  updateUser,
} from './access-changes.ts';
import type { UserRow } from './access-models.ts';
import { sessionRow, toLink, toSession, toToken, toUser, userRow } from './access-records.ts';
import { auditStore } from './audit.ts';
import { type Database, isSearchable } from './database.ts';
import { guessStores } from './guesses.ts';
import { addNotice, addSignInNotice, noticeStore } from './notices.ts';
import { storable } from './outbound/rows.ts';
import { secondFactorStore } from './second-factors.ts';
import { withStorageErrors } from './storage-error.ts';

/** The access part of the storage. */
export function accessStore(database: Database): AccessStore {
  const { read, write, rows: reader } = database;

  async function findUser(where: WhereOptions<UserRow>): Promise<User | undefined> {
    const row = await withStorageErrors(() => read.users.findOne({ where }));
    return row ? toUser(reader, row.get()) : undefined;
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
          return rows.map((row) => toUser(reader, row.get()));
        }),
      hasOwner: () => withStorageErrors(async () => (await read.users.count({ where: ACTIVE_OWNER })) > 0),
      insert: (user, link) =>
        refuseTakenEmail(() =>
          write(async ({ users, oneTimeLinks }) => {
            await users.create(userRow(user));
            await oneTimeLinks.create({ ...link });
          }),
        ),
      update: (id, change, requireAllowed) => write((models) => updateUser(reader, models, id, change, requireAllowed)),
      updateSelf: (id, change) => write((models) => updateSelf(reader, models, id, change)),
      rehash: (id, from, to) =>
        write(async ({ users }) => {
          await users.update({ password: to }, { where: { id, password: from } });
        }),
      delete: (id, requireAllowed) =>
        write(async (models) => {
          const refusal = await ownerRefusal(models, id);
          requireAllowed(toUser(reader, await requireUser(models, id)));
          if (refusal) throw refusal;
          await models.users.destroy({ where: { id } });
          await models.sessions.destroy({ where: { userId: id } });
          await models.oneTimeLinks.destroy({ where: { userId: id } });
          await models.apiTokens.destroy({ where: { userId: id } });
          await models.notices.destroy({ where: { userId: id } });
          await models.userPlaces.destroy({ where: { userId: id } });
          await models.recoveryCodes.destroy({ where: { userId: id } });
        }),
    },

    sessions: {
      start: (session, password, notice) =>
        write(async (models) => {
          const user = await models.users.findByPk(session.userId, { lock: true });
          if (user?.get().password !== password || user.get().disabled) return false;
          await models.sessions.create(sessionRow(session));
          await addSignInNotice(models, notice);
          await models.users.update({ lastSeenAt: session.createdAt }, { where: { id: session.userId } });
          return true;
        }),
      find: (hash) =>
        withStorageErrors(async () => {
          const row = await read.sessions.findByPk(hash);
          const user = row === null ? undefined : await userOf(row.get().userId);
          return row && user ? { session: toSession(reader, row.get()), user } : undefined;
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
      confirm: (hash, at) =>
        write(async ({ sessions }) => (await sessions.update({ confirmedAt: at }, { where: { hash } }))[0] > 0),
      list: (userId) =>
        withStorageErrors(async () => {
          if (!isSearchable(userId)) return [];
          const rows = await read.sessions.findAll({ where: { userId }, order: [['lastSeenAt', 'DESC']] });
          return rows.map((row) => toSession(reader, row.get()));
        }),
      endOne: (userId, id) =>
        write(async ({ sessions }) => {
          if (!isSearchable(userId)) return false;
          const rows = await sessions.findAll({ where: { userId } });
          const found = rows.map((row) => toSession(reader, row.get())).find((session) => session.id === id);
          return found !== undefined && (await sessions.destroy({ where: { hash: found.hash } })) > 0;
        }),
      endOthers: (userId, keepHash) =>
        write(({ sessions }) => sessions.destroy({ where: { userId, hash: { [Op.ne]: keepHash } } })),
      endAll: (userId, requireAllowed) =>
        write(async (models) => {
          requireAllowed(toUser(reader, await requireUser(models, userId)));
          await models.sessions.destroy({ where: { userId } });
        }),
    },

    links: {
      insert: (link, { requireAllowed = () => {}, notice } = {}) =>
        write(async (models) => {
          if (link.userId !== null) {
            requireAllowed(toUser(reader, await requireUser(models, link.userId)));
            if (notice) await addNotice(models, notice);
            await models.oneTimeLinks.destroy({ where: { userId: link.userId } });
          }
          await models.oneTimeLinks.create({ ...link });
        }),
      find: (hash) =>
        withStorageErrors(async () => {
          const row = await read.oneTimeLinks.findByPk(hash);
          if (row === null) return undefined;
          const link = toLink(reader, row.get());
          if (link === undefined) return undefined;
          const user = await userOf(link.userId);
          if (link.userId !== null && !user) return undefined;
          return { link, user: user ?? null };
        }),
      accept: (hash, { now, password, owner, session, revokeTokens, noticeFor }) =>
        refuseTakenEmail(() =>
          write(async (models): Promise<User | false> => {
            const user = await (owner
              ? addOwner(models, hash, now, { ...owner, password })
              : setPassword(reader, models, hash, now, password));
            if (!user) return false;
            if (revokeTokens) await models.apiTokens.destroy({ where: { userId: user.id } });
            await models.sessions.create(sessionRow({ ...session, userId: user.id }));
            await addNotice(models, noticeFor(user.id));
            return user;
          }),
        ),
    },

    tokens: {
      insert: ({ permissions, ...token }, notice) =>
        write(async (models) => {
          const texts = { name: storable(token.name), createdBy: storable(token.createdBy) };
          await models.apiTokens.create({ ...token, ...texts, permissions: JSON.stringify(permissions) });
          if (notice) await addNotice(models, notice);
        }),
      list: () =>
        withStorageErrors(async () => {
          const rows = await read.apiTokens.findAll({
            order: [
              ['createdAt', 'ASC'],
              ['id', 'ASC'],
            ],
          });
          return rows.map((row) => toToken(reader, row.get()));
        }),
      find: (hash) =>
        withStorageErrors(async () => {
          const row = await read.apiTokens.findOne({ where: { hash } });
          return row ? { token: toToken(reader, row.get()), user: await userOf(row.get().userId) } : undefined;
        }),
      touch: (id, at) =>
        write(async ({ apiTokens }) => {
          await apiTokens.update({ lastUsedAt: at }, { where: { id } });
        }),
      delete: (id, requireAllowed) =>
        write(async ({ apiTokens, users }) => {
          const row = isSearchable(id) ? await apiTokens.findByPk(id, { lock: true }) : null;
          if (!row) throw new HooklineError('token_not_found', `There is no API token ${id}.`);
          const token = toToken(reader, row.get());
          const user = token.userId === null ? null : await users.findByPk(token.userId);
          requireAllowed(token, user ? toUser(reader, user.get()) : undefined);
          await apiTokens.destroy({ where: { id } });
        }),
    },

    notices: noticeStore(database),

    audit: auditStore(database),
    ...guessStores(database),
    secondFactors: secondFactorStore(database),

    deleteExpired: ({ begunBefore, seenBefore, noticesBefore, now }) =>
      write(async ({ sessions, oneTimeLinks, notices }) => {
        const isOver = { [Op.or]: [{ createdAt: { [Op.lt]: begunBefore } }, { lastSeenAt: { [Op.lt]: seenBefore } }] };
        await sessions.destroy({ where: isOver });
        await oneTimeLinks.destroy({ where: { expiresAt: { [Op.lte]: now } } });
        await notices.destroy({ where: { lastAt: { [Op.lt]: noticesBefore } } });
      }),
  };
}
