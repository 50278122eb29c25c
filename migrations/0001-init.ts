// The first schema: workflows with their revisions, executions with their jobs, settings.

import type { QueryInterface } from 'sequelize';
import type { RunnableMigration } from 'umzug';

// Times are milliseconds since 1970. Plain SQL, the same for SQLite and PostgreSQL.
const STATEMENTS = [
  `CREATE TABLE workflows (
    id TEXT NOT NULL PRIMARY KEY,
    title TEXT NOT NULL,
    mode TEXT NOT NULL,
    enabled BOOLEAN NOT NULL,
    hook_key TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    removed_executions BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  )`,
  `CREATE TABLE revisions (
    workflow_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    document TEXT NOT NULL,
    executed BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (workflow_id, revision),
    FOREIGN KEY (workflow_id) REFERENCES workflows (id) ON DELETE CASCADE
  )`,
  // No foreign key here, and no index beyond these: each costs on every accepted request. `origin` is always there; it may not
  // be NOT NULL, since SQLite checks that before ON CONFLICT turns the insert of a changed execution into an update.
  `CREATE TABLE executions (
    id TEXT NOT NULL PRIMARY KEY,
    workflow_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    status TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    origin TEXT,
    body TEXT,
    result TEXT
  )`,
  'CREATE INDEX executions_workflow ON executions (workflow_id, id)',
  "CREATE INDEX executions_status ON executions (status, id) WHERE status <> 'succeeded'",
  `CREATE TABLE execution_jobs (
    execution_id TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    jobs TEXT NOT NULL,
    PRIMARY KEY (execution_id, sequence)
  )`,
  `CREATE TABLE settings (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
  )`,
];

export const init: RunnableMigration<QueryInterface> = {
  name: '0001-init',
  async up({ context }) {
    for (const statement of STATEMENTS) await context.sequelize.query(statement);
  },
};
