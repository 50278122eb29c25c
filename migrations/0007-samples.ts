// Pinned sample requests, and calls that one process hands to another while somebody listens.

import type { QueryInterface } from 'sequelize';
import type { RunnableMigration } from 'umzug';

// Plain SQL, the same for SQLite and PostgreSQL.
const STATEMENTS = [
  `CREATE TABLE samples (
    workflow_id TEXT NOT NULL PRIMARY KEY,
    request TEXT NOT NULL,
    created_at BIGINT NOT NULL
  )`,
  `CREATE TABLE captures (
    id TEXT NOT NULL PRIMARY KEY,
    workflow_id TEXT NOT NULL,
    capture TEXT NOT NULL,
    created_at BIGINT NOT NULL
  )`,
  'CREATE INDEX captures_created ON captures (created_at)',
];

export const samples: RunnableMigration<QueryInterface> = {
  name: '0007-samples',
  async up({ context }) {
    for (const statement of STATEMENTS) await context.sequelize.query(statement);
  },
};
