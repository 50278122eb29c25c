// The connections that queue, bus and leader share: giving one back twice does no harm.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClusterPool } from '../../src/cluster/pool.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { silent } from './database.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

it('a connection that is given back twice is neither an error nor taken from whoever has it by then', async () => {
  const pool = createClusterPool({ url: await postgres.createDatabase(), max: 1, log: silent });
  const first = await pool.connect();
  const releaseFirst = first.release;
  releaseFirst();
  const second = await pool.connect();
  releaseFirst();
  expect(pool.idleCount).toBe(0);
  expect((await second.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  second.release();
  second.release();
  expect(pool.idleCount).toBe(1);
  await pool.end();
});
