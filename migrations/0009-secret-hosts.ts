// The hosts that a named secret may be sent to.

import type { QueryInterface } from 'sequelize';
import type { RunnableMigration } from 'umzug';

export const secretHosts: RunnableMigration<QueryInterface> = {
  name: '0009-secret-hosts',
  async up({ context }) {
    // A JSON list; null, which older processes write, allows every use.
    await context.sequelize.query('ALTER TABLE secrets ADD COLUMN allowed_hosts TEXT');
  },
};
