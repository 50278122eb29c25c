// The audit log as a chain of hashes with refusals and details; what users see of their sessions; notices about their account.

import type { Migration } from './migration.ts';

// Plain SQL, the same for SQLite and PostgreSQL. Every new column is nullable: a process of the version before leaves them out.
const STATEMENTS = [
  // Null: derived from the hash.
  'ALTER TABLE sessions ADD COLUMN id TEXT',
  'ALTER TABLE sessions ADD COLUMN address TEXT',
  'ALTER TABLE sessions ADD COLUMN user_agent TEXT',
  // When the password was last confirmed; null: when the session began.
  'ALTER TABLE sessions ADD COLUMN confirmed_at BIGINT',
  // JSON object of lists of texts; null: written by a process of the version before.
  'ALTER TABLE audit_log ADD COLUMN details TEXT',
  // `refused` or `failed`; null: it was done.
  'ALTER TABLE audit_log ADD COLUMN outcome TEXT',
  // Position in the chain from 1, hash of the entry and of the one before; null: not chained yet.
  'ALTER TABLE audit_log ADD COLUMN sequence BIGINT',
  'ALTER TABLE audit_log ADD COLUMN hash TEXT',
  'ALTER TABLE audit_log ADD COLUMN previous TEXT',
  'CREATE UNIQUE INDEX audit_log_sequence ON audit_log (sequence) WHERE sequence IS NOT NULL',
  'CREATE INDEX audit_log_unchained ON audit_log (id) WHERE sequence IS NULL',
  'CREATE INDEX audit_log_outcome ON audit_log (outcome, id) WHERE outcome IS NOT NULL',
  // One row: the last entry of the chain, and the last one that retention has deleted, under one signature.
  `CREATE TABLE audit_chain (
    id INTEGER NOT NULL PRIMARY KEY,
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL,
    start_sequence BIGINT NOT NULL,
    start_hash TEXT NOT NULL,
    signature TEXT
  )`,
  "INSERT INTO audit_chain (id, sequence, hash, start_sequence, start_hash) VALUES (1, 0, '', 0, '')",
  `CREATE TABLE notices (
    id TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    subject TEXT NOT NULL,
    at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    read_at BIGINT
  )`,
  'CREATE INDEX notices_user ON notices (user_id, id)',
];

export const auditAndSessions: Migration = {
  name: '0010-audit-and-sessions',
  effect: 'expand',
  async up({ context }) {
    for (const statement of STATEMENTS) await context.sequelize.query(statement);
  },
};
