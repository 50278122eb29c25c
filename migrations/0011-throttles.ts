// Guessing: tries counted by several processes, callers that were right lately, refused calls, places that users sign in from.

import type { Migration } from './migration.ts';

// Plain SQL, the same for SQLite and PostgreSQL. The columns of `throttles` and their order are those that
// rate-limiter-flexible 11 inserts into; it is used on PostgreSQL only.
const STATEMENTS = [
  'CREATE TABLE throttles (key TEXT NOT NULL PRIMARY KEY, points INTEGER NOT NULL, expire BIGINT)',
  'CREATE INDEX throttles_expire ON throttles (expire)',
  'CREATE TABLE known_callers (key TEXT NOT NULL PRIMARY KEY, at BIGINT NOT NULL)',
  'CREATE INDEX known_callers_at ON known_callers (at)',
  `CREATE TABLE refused_calls (
    workflow_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    place TEXT NOT NULL,
    calls BIGINT NOT NULL,
    PRIMARY KEY (workflow_id, at, place)
  )`,
  'CREATE INDEX refused_calls_at ON refused_calls (at)',
  `CREATE TABLE user_places (
    user_id TEXT NOT NULL,
    place TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (user_id, place)
  )`,
];

export const throttles: Migration = {
  name: '0011-throttles',
  effect: 'expand',
  async up({ context }) {
    for (const statement of STATEMENTS) await context.sequelize.query(statement);
  },
};
