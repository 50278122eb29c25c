// SQLite databases of older versions, opened by this one.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { namesOf, openOldDatabase } from './open-old-database.ts';

const names = await namesOf('db');

test('there is a database of every landed schema', () => {
  expect(names).toEqual(expect.arrayContaining(['0001-init', '0002-durable', '0003-outbound', '0007-samples']));
});

for (const name of names) {
  openOldDatabase(name, {
    kind: 'db',
    async restore(contents, folder) {
      const file = join(folder, 'hookline.db');
      await writeFile(file, contents);
      return `sqlite:${file}`;
    },
    targets: async (folder) => [`sqlite:${join(folder, 'hookline.db')}`],
  });
}
