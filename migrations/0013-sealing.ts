// Encrypted values are bound to their place and name their key (format v2); each process says which keys it has.

import type { Migration } from './migration.ts';

/** Programs without it cannot decrypt the format v2. */
export const SEALING = '0013-sealing';

export const sealing: Migration = {
  name: SEALING,
  effect: 'format',
  async up({ context }) {
    // JSON array of key ids. Null: a program before this, which has one key and does not say which.
    await context.sequelize.query('ALTER TABLE processes ADD COLUMN key_ids TEXT');
  },
};
