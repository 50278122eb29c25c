// The hosts that a named secret may be sent to.

import type { Migration } from './migration.ts';

export const secretHosts: Migration = {
  name: '0009-secret-hosts',
  effect: 'expand',
  async up({ context }) {
    // A JSON list; null, which older processes write, allows every use.
    await context.sequelize.query('ALTER TABLE secrets ADD COLUMN allowed_hosts TEXT');
  },
};
