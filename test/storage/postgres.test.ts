// PostgreSQL against the storage contract.

import { afterAll, beforeAll } from 'vitest';
import { migrateStorage, type OpenStorage, openStorage } from '../../src/storage/storage.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { type ContractStorage, storageContract } from './contract.ts';
import { durableContract } from './durable-contract.ts';

const PROCESS = 'process-of-the-contract';

let postgres: TestPostgres;
let template: string;
beforeAll(async () => {
  postgres = await startPostgres();
  template = await postgres.createDatabase();
  await migrateStorage(template);
});
afterAll(() => postgres.stop());

async function open(): Promise<ContractStorage> {
  const url = await postgres.createDatabase({ template });
  const openAgain = () => openStorage({ url, durability: 'normal', autoMigrate: false, processId: () => PROCESS });
  const storage = await openAgain();
  let current: OpenStorage = storage;
  return {
    storage,
    async reopen() {
      current = await openAgain();
      return current;
    },
    async fillDisk() {
      // What the server says when its disk is full, for every new row with more than a little in it.
      await postgres.query(
        url,
        `CREATE FUNCTION fill_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
           IF length(NEW::text) < 10000 THEN RETURN NEW; END IF;
           RAISE 'could not extend file: No space left on device' USING ERRCODE = 'disk_full';
         END $$`,
      );
      for (const table of ['executions', 'revisions']) {
        await postgres.query(
          url,
          `CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION fill_disk()`,
        );
      }
      return async () => {
        await postgres.query(url, 'DROP FUNCTION fill_disk CASCADE');
      };
    },
    async countRows(table) {
      const [row] = await postgres.query<{ count: string }>(url, `SELECT count(*) AS count FROM ${table}`);
      return Number(row?.count);
    },
    async cleanUp() {
      await current.close();
      await postgres.dropDatabase(url);
    },
  };
}

storageContract('PostgreSQL', open);
durableContract('PostgreSQL', open);
