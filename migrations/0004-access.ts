// Who may use the admin API: users, their sessions, one-time links, API tokens, and the log of what was changed.

import type { QueryInterface } from 'sequelize';
import type { RunnableMigration } from 'umzug';

// Plain SQL, the same for SQLite and PostgreSQL. Of every secret there is only the SHA-256, or scrypt for passwords.
const STATEMENTS = [
  `CREATE TABLE users (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password TEXT,
    disabled BOOLEAN NOT NULL,
    last_seen_at BIGINT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  )`,
  'CREATE UNIQUE INDEX users_email ON users (email)',
  `CREATE TABLE sessions (
    hash TEXT NOT NULL PRIMARY KEY,
    user_id TEXT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
  )`,
  'CREATE INDEX sessions_user ON sessions (user_id)',
  `CREATE TABLE one_time_links (
    hash TEXT NOT NULL PRIMARY KEY,
    purpose TEXT NOT NULL,
    user_id TEXT,
    expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
  )`,
  'CREATE INDEX one_time_links_user ON one_time_links (user_id) WHERE user_id IS NOT NULL',
  `CREATE TABLE api_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    hint TEXT NOT NULL,
    permissions TEXT NOT NULL,
    user_id TEXT,
    created_by TEXT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    created_at BIGINT NOT NULL
  )`,
  'CREATE UNIQUE INDEX api_tokens_hash ON api_tokens (hash)',
  'CREATE INDEX api_tokens_user ON api_tokens (user_id) WHERE user_id IS NOT NULL',
  `CREATE TABLE audit_log (
    id TEXT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    actor_name TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT,
    fields TEXT NOT NULL,
    address TEXT NOT NULL
  )`,
  'CREATE INDEX audit_log_actor ON audit_log (actor_id, id)',
  'CREATE INDEX audit_log_action ON audit_log (action, id)',
  'CREATE INDEX audit_log_target ON audit_log (target, id) WHERE target IS NOT NULL',
];

export const access: RunnableMigration<QueryInterface> = {
  name: '0004-access',
  async up({ context }) {
    for (const statement of STATEMENTS) await context.sequelize.query(statement);
  },
};
