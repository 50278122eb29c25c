// What the scale-out queue is compared with: graphile-worker alone with an empty task. Usage: graphile.ts <GraphileParameters as JSON>.

import { Logger, run, runMigrations } from 'graphile-worker';
import pg from 'pg';
import { parameters, round, until } from './hookline.ts';

export interface GraphileParameters {
  readonly url: string;
  readonly count: number;
  readonly concurrency: number;
}

export interface GraphileRate {
  readonly workedOff: number;
}

const { url, count, concurrency } = parameters<GraphileParameters>();
// As the queue of Hookline has them: they do not wait for the disk.
const pgPool = new pg.Pool({ connectionString: url, max: 12, options: '-c synchronous_commit=off' });
pgPool.on('error', (error) => console.error(error.message));
pgPool.on('connect', (client) => void client.on('error', (error) => console.error(error.message)));
// It writes to the standard output, which belongs to the result.
const logger = new Logger(() => () => {});
await runMigrations({ pgPool, logger });
await pgPool.query(
  `SELECT count(*) FROM graphile_worker.add_jobs(ARRAY(
     SELECT ROW('empty', json_build_object('id', gen_random_uuid()), NULL, NULL, 25, gen_random_uuid()::text, 0, NULL)::graphile_worker.job_spec
     FROM generate_series(1, $1)))`,
  [count],
);
let done = 0;
let startedAt = 0;
const empty = (): void => {
  if (startedAt === 0) startedAt = performance.now();
  done += 1;
};
const runner = await run({ pgPool, concurrency, noHandleSignals: true, logger, pollInterval: 500, taskList: { empty } });
await until(() => done >= count, `${count} tasks`);
await until(async () => {
  const { rows } = await pgPool.query<{ left: boolean }>('SELECT EXISTS (SELECT FROM graphile_worker.jobs) AS left');
  return rows[0]?.left === false;
}, 'the last task to be deleted');
const rate: GraphileRate = { workedOff: round((count * 1_000) / (performance.now() - startedAt), 0) };
await runner.stop();
await pgPool.end();
console.log(JSON.stringify(rate));
