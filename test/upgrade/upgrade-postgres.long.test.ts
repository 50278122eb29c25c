// PostgreSQL databases of older versions, opened by this one.

import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { namesOf, openOldDatabase } from './open-old-database.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const names = await namesOf('sql');

test('there is a database of every landed schema since PostgreSQL is supported', () => {
  expect(names).toEqual(expect.arrayContaining(['0002-durable', '0003-outbound', '0007-samples']));
});

for (const name of names) {
  openOldDatabase(name, {
    kind: 'sql',
    async restore(contents) {
      const url = await postgres.createDatabase();
      await postgres.query(url, contents.toString());
      return url;
    },
    // And back, so that each direction has old data to copy.
    targets: async (folder) => [
      await postgres.createDatabase(),
      `sqlite:${join(folder, 'hookline.db')}`,
      await postgres.createDatabase(),
    ],
  });
}
