// Executions that a program before 0006 accepted beside a newer one get their source. In a transaction of its own, so that the
// search for them does not hold the lock that adding a trigger takes.

import type { Migration } from './migration.ts';

const REPAIR: Readonly<Record<string, string>> = {
  sqlite: `UPDATE executions SET source = COALESCE(origin ->> 'source', 'webhook'), replay_of = COALESCE(replay_of, origin ->> 'replayOf')
    WHERE source IS NULL AND json_valid(origin)`,
  postgres: `UPDATE executions SET source = COALESCE(substring(origin from '^\\{"source":"([a-z]+)"'), 'webhook'),
    replay_of = COALESCE(replay_of, substring(origin from '^\\{"source":"[a-z]+","replayOf":"([0-9a-f-]{36})"'))
    WHERE source IS NULL`,
};

export const versionsRepair: Migration = {
  name: '0008-versions-repair',
  effect: 'expand',
  async up({ context }) {
    await context.sequelize.query(REPAIR[context.sequelize.getDialect()] ?? '');
  },
};
