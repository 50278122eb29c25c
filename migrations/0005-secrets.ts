// Named secrets, and what a message holds of them.

import type { QueryInterface } from 'sequelize';
import type { RunnableMigration } from 'umzug';

// Plain SQL, the same for SQLite and PostgreSQL.
const STATEMENTS = [
  `CREATE TABLE secrets (
    name TEXT NOT NULL PRIMARY KEY,
    description TEXT NOT NULL,
    sealed_value TEXT NOT NULL,
    updated_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  )`,
  // What is sent of a message with secrets in it, where its other columns show their names; else null.
  'ALTER TABLE messages ADD COLUMN sealed TEXT',
];

export const secrets: RunnableMigration<QueryInterface> = {
  name: '0005-secrets',
  async up({ context }) {
    for (const statement of STATEMENTS) await context.sequelize.query(statement);
  },
};
