// Outgoing webhooks: endpoints, the event catalogue, messages with their deliveries, attempts.

import type { QueryInterface } from 'sequelize';
import type { RunnableMigration } from 'umzug';

// Plain SQL, the same for SQLite and PostgreSQL. No foreign keys: each costs on every delivery.
const STATEMENTS = [
  `CREATE TABLE endpoints (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    url TEXT NOT NULL,
    workspace TEXT NOT NULL,
    description TEXT NOT NULL,
    status TEXT NOT NULL,
    config TEXT NOT NULL,
    sealed_secrets TEXT NOT NULL,
    state TEXT NOT NULL,
    state_sequence BIGINT NOT NULL,
    probe_at BIGINT,
    owner TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  )`,
  'CREATE INDEX endpoints_status ON endpoints (status, id)',
  `CREATE TABLE event_types (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    schema TEXT,
    example TEXT,
    down_conversion TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (name, version)
  )`,
  `CREATE TABLE messages (
    id TEXT NOT NULL PRIMARY KEY,
    type TEXT NOT NULL,
    version INTEGER,
    data TEXT NOT NULL,
    timestamp BIGINT NOT NULL,
    user_id TEXT,
    idempotency_key TEXT,
    source TEXT,
    awaited BOOLEAN NOT NULL,
    settled_at BIGINT,
    created_at BIGINT NOT NULL
  )`,
  'CREATE UNIQUE INDEX messages_idempotency_key ON messages (idempotency_key) WHERE idempotency_key IS NOT NULL',
  'CREATE INDEX messages_type ON messages (type, id)',
  'CREATE INDEX messages_unsettled ON messages (id) WHERE awaited AND settled_at IS NULL',
  `CREATE TABLE deliveries (
    id TEXT NOT NULL PRIMARY KEY,
    message_id TEXT NOT NULL,
    endpoint_id TEXT NOT NULL,
    event_type TEXT NOT NULL,
    status TEXT NOT NULL,
    due_at BIGINT NOT NULL,
    attempts INTEGER NOT NULL,
    attempts_before INTEGER NOT NULL,
    ordering_key TEXT,
    batch_id TEXT,
    url TEXT,
    last_status INTEGER,
    error TEXT,
    created_at BIGINT NOT NULL,
    finished_at BIGINT
  )`,
  "CREATE INDEX deliveries_pending ON deliveries (endpoint_id, due_at, id) WHERE status = 'pending'",
  "CREATE INDEX deliveries_ordered ON deliveries (endpoint_id, ordering_key, id) WHERE status = 'pending' AND ordering_key IS NOT NULL",
  'CREATE INDEX deliveries_message ON deliveries (message_id)',
  'CREATE INDEX deliveries_endpoint ON deliveries (endpoint_id, id)',
  'CREATE INDEX deliveries_type ON deliveries (event_type, id)',
  // What is looked for when something is wrong. The queue has an index of its own, and what succeeded is nearly everything.
  "CREATE INDEX deliveries_status ON deliveries (status, id) WHERE status NOT IN ('pending', 'succeeded')",
  `CREATE TABLE attempts (
    id TEXT NOT NULL PRIMARY KEY,
    endpoint_id TEXT NOT NULL,
    delivery_id TEXT,
    kind TEXT NOT NULL,
    number INTEGER NOT NULL,
    succeeded BOOLEAN NOT NULL,
    status INTEGER,
    error TEXT,
    started_at BIGINT NOT NULL,
    duration_ms DOUBLE PRECISION NOT NULL,
    detail TEXT NOT NULL,
    body TEXT,
    response_body TEXT
  )`,
  'CREATE INDEX attempts_delivery ON attempts (delivery_id) WHERE delivery_id IS NOT NULL',
  // The log of an endpoint; with what its rates and durations are counted from, so that no row has to be read for them.
  'CREATE INDEX attempts_endpoint ON attempts (endpoint_id, started_at, id, succeeded, duration_ms)',
  "CREATE INDEX attempts_test ON attempts (started_at) WHERE kind <> 'delivery'",
  // Of attempts of several deliveries alone.
  `CREATE TABLE attempt_batches (
    attempt_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    delivery_id TEXT NOT NULL,
    PRIMARY KEY (attempt_id, position)
  )`,
  'CREATE INDEX attempt_batches_delivery ON attempt_batches (delivery_id)',
];

export const outbound: RunnableMigration<QueryInterface> = {
  name: '0003-outbound',
  async up({ context }) {
    for (const statement of STATEMENTS) await context.sequelize.query(statement);
  },
};
