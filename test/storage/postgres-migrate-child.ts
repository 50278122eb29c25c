// A process that stops in the middle of a migration and waits there to be killed.

import { migratePostgres } from '../../src/storage/postgres/migrate.ts';

const [, , url = ''] = process.argv;

await migratePostgres(url, [
  {
    name: 'half',
    async up({ context }) {
      await context.sequelize.query('CREATE TABLE thalf (a TEXT)');
      process.send?.('in the middle');
      await context.sequelize.query('SELECT pg_sleep(600)');
    },
  },
]);
