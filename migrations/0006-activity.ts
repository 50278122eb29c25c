// Tags and the trash of workflows, columns that executions are searched by, and the statistics of what has run.

import type { QueryInterface } from 'sequelize';
import type { RunnableMigration } from 'umzug';

// Plain SQL, the same for SQLite and PostgreSQL but for the members of `origin`.
const BEFORE = [
  // JSON array of texts.
  "ALTER TABLE workflows ADD COLUMN tags TEXT NOT NULL DEFAULT '[]'",
  // When it was put into the trash; null: it is not there.
  'ALTER TABLE workflows ADD COLUMN deleted_at BIGINT',
  'CREATE INDEX workflows_deleted ON workflows (deleted_at) WHERE deleted_at IS NOT NULL',
  // These two were members of `origin`. Always there, and not NOT NULL for the same reason as `origin`.
  'ALTER TABLE executions ADD COLUMN source TEXT',
  'ALTER TABLE executions ADD COLUMN replay_of TEXT',
];

// `origin` has always begun with these two, in this order. PostgreSQL does not parse a document with U+0000 anywhere in it.
const MOVE: Readonly<Record<string, string>> = {
  sqlite: "UPDATE executions SET source = origin ->> 'source', replay_of = origin ->> 'replayOf'",
  postgres: `UPDATE executions SET source = substring(origin from '^\\{"source":"([a-z]+)"'),
    replay_of = substring(origin from '^\\{"source":"[a-z]+","replayOf":"([0-9a-f-]{36})"')`,
};

const BEHIND = [
  // What did not succeed, with all that its list can be narrowed by: a search walks the index alone.
  'DROP INDEX executions_status',
  "CREATE INDEX executions_status ON executions (status, id, workflow_id, source) WHERE status <> 'succeeded'",
  // Nothing for the usual case.
  "CREATE INDEX executions_source ON executions (source, id, workflow_id) WHERE source <> 'webhook'",
  'CREATE INDEX executions_replay ON executions (replay_of, id) WHERE replay_of IS NOT NULL',
  // What has ended is counted in this order.
  'CREATE INDEX executions_finished ON executions (finished_at) WHERE finished_at IS NOT NULL',
  // Counts of a span of time that begins at `at`, of one workflow or ('') of all together.
  `CREATE TABLE statistics (
    span_ms INTEGER NOT NULL,
    workflow_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    calls INTEGER NOT NULL,
    succeeded INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    durations TEXT NOT NULL,
    last_failure TEXT,
    queue_age_ms BIGINT,
    PRIMARY KEY (span_ms, workflow_id, at)
  )`,
  'CREATE INDEX statistics_failed ON statistics (span_ms, at, workflow_id, failed) WHERE failed > 0',
];

export const activity: RunnableMigration<QueryInterface> = {
  name: '0006-activity',
  async up({ context }) {
    const move = MOVE[context.sequelize.getDialect()] ?? '';
    for (const statement of [...BEFORE, move, ...BEHIND]) await context.sequelize.query(statement);
  },
};
