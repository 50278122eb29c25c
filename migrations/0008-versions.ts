// Versions side by side: what each process knows, and rows of programs that do not know columns which came later.

import type { Migration } from './migration.ts';

// Plain SQL, the same for SQLite and PostgreSQL.
const STATEMENTS = [
  // The program's version, the newest migration that it knows and the oldest schema it can work on. Null: a program before this.
  'ALTER TABLE processes ADD COLUMN version TEXT',
  'ALTER TABLE processes ADD COLUMN schema_newest TEXT',
  'ALTER TABLE processes ADD COLUMN schema_oldest TEXT',
];

// Programs before 0006 write the source and the replayed execution as members of `origin`, and know nothing of the columns. A
// default would make a call of a subflow or a manual run a call of a webhook.
const POSTGRES_STATEMENTS = [
  `CREATE FUNCTION hookline_fill_source() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    NEW.source := COALESCE(substring(NEW.origin from '^\\{"source":"([a-z]+)"'), 'webhook');
    NEW.replay_of := COALESCE(NEW.replay_of, substring(NEW.origin from '^\\{"source":"[a-z]+","replayOf":"([0-9a-f-]{36})"'));
    RETURN NEW;
  END $$`,
  `CREATE TRIGGER executions_source BEFORE INSERT ON executions FOR EACH ROW WHEN (NEW.source IS NULL)
   EXECUTE FUNCTION hookline_fill_source()`,
];

export const versions: Migration = {
  name: '0008-versions',
  effect: 'expand',
  async up({ context }) {
    const statements = context.sequelize.getDialect() === 'postgres' ? [...STATEMENTS, ...POSTGRES_STATEMENTS] : STATEMENTS;
    for (const statement of statements) await context.sequelize.query(statement);
  },
};
