// Executions that wait, belong to processes and call each other.

import type { QueryInterface } from 'sequelize';
import type { RunnableMigration } from 'umzug';

// Plain SQL, the same for SQLite and PostgreSQL.
const STATEMENTS = [
  // The process that runs it (PostgreSQL only); null when nobody does.
  'ALTER TABLE executions ADD COLUMN owner TEXT',
  // While it waits: when it goes on by itself. The row says `waiting` only while it does.
  'ALTER TABLE executions ADD COLUMN wake_at BIGINT',
  // The name of its lane, for the queue; the rest of the lane is in `origin`.
  'ALTER TABLE executions ADD COLUMN lane TEXT',
  'CREATE INDEX executions_wake ON executions (wake_at) WHERE wake_at IS NOT NULL',
  "CREATE INDEX executions_lane ON executions (lane, status, id) WHERE lane IS NOT NULL AND status <> 'succeeded'",
  `CREATE TABLE signals (
    execution_id TEXT NOT NULL,
    job_path TEXT NOT NULL,
    value TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (execution_id, job_path)
  )`,
  // Processes that share the database (PostgreSQL only). `beat` rises as long as the process lives.
  `CREATE TABLE processes (
    id TEXT NOT NULL PRIMARY KEY,
    role TEXT NOT NULL,
    host TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    beat BIGINT NOT NULL,
    beat_at BIGINT NOT NULL
  )`,
  // The latest transaction of each writing connection (PostgreSQL only): tells what became of one whose answer was lost.
  `CREATE TABLE commits (
    connection TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    at BIGINT NOT NULL
  )`,
];

export const durable: RunnableMigration<QueryInterface> = {
  name: '0002-durable',
  async up({ context }) {
    for (const statement of STATEMENTS) await context.sequelize.query(statement);
  },
};
