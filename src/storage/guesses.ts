// What slows down guessing, in the database: callers that were right, refused calls, and places that users sign in from.

import { Op } from 'sequelize';
import type { AccessStore } from '../access/ports.ts';
import type { Database } from './database.ts';
import { connectionOf } from './models.ts';
import { withStorageErrors } from './storage-error.ts';

/** How long these are kept, in milliseconds: a little longer than they count. */
const KNOWN_CALLERS_MS = 25 * 3_600_000;
const REFUSED_CALLS_MS = 2 * 3_600_000;

export function guessStores({
  read,
  write,
}: Database): Pick<AccessStore, 'knownCallers' | 'refusedCalls' | 'userPlaces' | 'deleteOldTries'> {
  return {
    knownCallers: {
      remember: (key, at) => write(async ({ knownCallers }) => void (await knownCallers.upsert({ key, at }))),
      listSince: (from, limit) =>
        withStorageErrors(async () => {
          const rows = await read.knownCallers.findAll({ where: { at: { [Op.gte]: from } }, order: [['at', 'DESC']], limit });
          return rows.map((row) => ({ key: row.get().key, at: Number(row.get().at) }));
        }),
    },

    refusedCalls: {
      add: (calls) =>
        write(async (models) => {
          for (const { workflowId, at, place, calls: count } of calls) {
            await connectionOf(models).query(
              `INSERT INTO refused_calls (workflow_id, at, place, calls) VALUES (?, ?, ?, ?)
               ON CONFLICT (workflow_id, at, place) DO UPDATE SET calls = refused_calls.calls + excluded.calls`,
              { replacements: [workflowId, at, place, count] },
            );
          }
        }),
      count: (workflowId, from) =>
        withStorageErrors(async () => {
          const rows = await read.refusedCalls.findAll({ where: { workflowId, at: { [Op.gte]: from } } });
          const found = rows.map((row) => row.get());
          return {
            calls: found.reduce((sum, { calls }) => sum + Number(calls), 0),
            places: new Set(found.map(({ place }) => place)).size,
          };
        }),
    },

    userPlaces: {
      has: (userId, place) => withStorageErrors(async () => (await read.userPlaces.count({ where: { userId, place } })) > 0),
      remember: (userId, place, at, keep) =>
        write(async ({ userPlaces }) => {
          await userPlaces.upsert({ userId, place, at });
          const rows = await userPlaces.findAll({ where: { userId }, order: [['at', 'DESC']], offset: keep, limit: keep });
          if (rows.length > 0) await userPlaces.destroy({ where: { userId, place: rows.map((row) => row.get().place) } });
        }),
    },

    deleteOldTries: (now) =>
      write(async ({ throttles, knownCallers, refusedCalls }) => {
        await throttles.destroy({ where: { expire: { [Op.lt]: now } } });
        await knownCallers.destroy({ where: { at: { [Op.lt]: now - KNOWN_CALLERS_MS } } });
        await refusedCalls.destroy({ where: { at: { [Op.lt]: now - REFUSED_CALLS_MS } } });
      }),
  };
}
