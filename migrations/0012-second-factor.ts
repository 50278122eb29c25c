// The second factor of users: a sealed TOTP secret, the last time step that was accepted, and recovery codes.

import type { Migration } from './migration.ts';

// Plain SQL, the same for SQLite and PostgreSQL. A process of an older version leaves the columns alone, and asks for no code.
const STATEMENTS = [
  'ALTER TABLE users ADD COLUMN totp_secret TEXT',
  'ALTER TABLE users ADD COLUMN totp_since BIGINT',
  'ALTER TABLE users ADD COLUMN totp_step BIGINT',
  `CREATE TABLE recovery_codes (
    user_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, hash)
  )`,
];

export const secondFactor: Migration = {
  name: '0012-second-factor',
  effect: 'expand',
  async up({ context }) {
    for (const statement of STATEMENTS) await context.sequelize.query(statement);
  },
};
