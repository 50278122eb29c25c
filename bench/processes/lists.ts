// Fills a database with executions of 30 days and measures every combination of filters of their list, the statistics and the
// activity. Usage: lists.ts <ListsParameters as JSON>.

import { type ExecutionSource, type ExecutionStatus, isFinal } from '../../src/engine/model.ts';
import type { ExecutionFilter } from '../../src/engine/ports.ts';
import { createStatistics } from '../../src/engine/statistics.ts';
import { lowestIdAt } from '../../src/storage/execution-id.ts';
import { type OpenStorage, openStorage } from '../../src/storage/storage.ts';
import { parameters, quantile, round } from './hookline.ts';

export interface ListsParameters {
  readonly url: string;
  readonly rows: number;
}

/** In milliseconds. */
interface Times {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface ListTimes {
  readonly rows: number;
  /** Combinations of filters, each with its first page and with pages deep inside. */
  readonly pages: number;
  readonly page: Times;
  /** The slowest pages. */
  readonly slowest: readonly { readonly name: string; readonly ms: number }[];
  readonly stats: Times;
  readonly activity: Times;
  /** To count all of them for the first time, as after an update. */
  readonly firstCountMs: number;
}

const DAY_MS = 24 * 3_600_000;
const DAYS = 30;
const WORKFLOWS = 200;
const CHUNK = 5_000;
/** One workflow has failed so many times in a row, in the middle of it all. */
const STORM = 0.03;

const { url, rows } = parameters<ListsParameters>();
const storage = await openStorage({ url, durability: 'normal' });
const now = Date.now();
const begin = now - DAYS * DAY_MS;

/** The same numbers each time (mulberry32). */
let seed = 1;
function random(): number {
  seed = (seed + 0x6d2b79f5) | 0;
  let bits = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
  return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
}

function pick<Value>(shares: readonly (readonly [Value, number])[]): Value {
  let rest = random();
  for (const [value, share] of shares) {
    rest -= share;
    if (rest < 0) return value;
  }
  const [last] = shares.at(-1) ?? [];
  return last as Value;
}

const STATUSES: readonly (readonly [ExecutionStatus, number])[] = [
  ['failed', 0.05],
  ['error', 0.03],
  ['timed_out', 0.01],
  ['canceled', 0.01],
  ['waiting', 0.01],
  ['queued', 0.002],
  ['running', 0.0001],
  ['succeeded', 1],
];
const SOURCES: readonly (readonly [ExecutionSource, number])[] = [
  ['subflow', 0.1],
  ['event', 0.03],
  ['replay', 0.02],
  ['manual', 0.005],
  ['failure', 0.01],
  ['trigger', 0.02],
  ['webhook', 1],
];

const workflowId = (index: number): string => `workflow-${String(index).padStart(4, '0')}`;
const idOf = (index: number, at: number): string => lowestIdAt(at).slice(0, -12) + index.toString(16).padStart(12, '0');
const timeOf = (index: number): number => Math.floor(begin + (index * DAYS * DAY_MS) / rows);

function makeRow(index: number) {
  const at = timeOf(index);
  const isStorm = index > rows / 2 && index < rows * (0.5 + STORM);
  // A few workflows have most of the executions.
  const workflow = isStorm ? workflowId(WORKFLOWS - 1) : workflowId(Math.floor(random() ** 4 * WORKFLOWS));
  const status = isStorm ? 'error' : pick(STATUSES);
  const source = isStorm ? 'webhook' : pick(SOURCES);
  const durationMs = Math.round(Math.exp(random() * 9));
  const isOver = isFinal(status);
  const headers = {
    'content-type': 'application/json',
    'user-agent': 'a-shop/1.0',
    'x-request-id': `${index}-${'x'.repeat(60)}`,
  };
  return {
    id: idOf(index, at),
    workflow_id: workflow,
    revision: 1,
    status,
    created_at: at,
    started_at: status === 'queued' ? null : at + 3,
    finished_at: isOver ? Math.min(now, at + 3 + durationMs) : null,
    source,
    replay_of: source === 'replay' && index > 0 ? idOf(Math.floor(index / 2), timeOf(Math.floor(index / 2))) : null,
    origin: JSON.stringify({ request: { method: 'POST', url: '/hooks/x', headers, address: '203.0.113.9' } }),
    body: JSON.stringify({ order: { id: index, note: 'y'.repeat(200) } }),
    result: isOver
      ? JSON.stringify({
          response: { status: 200, headers: {}, body: 'ok' },
          error: status === 'succeeded' ? null : { code: 'request_failed', message: 'The receiver did not answer.' },
          jobs: [
            {
              key: 'a',
              path: 'a',
              type: 'calculation',
              status: 'succeeded',
              output: 'z'.repeat(120),
              startedAt: at,
              finishedAt: at,
            },
          ],
        })
      : null,
    wake_at: status === 'waiting' ? now + DAY_MS : null,
  };
}

async function fill({ connections: { writer } }: OpenStorage): Promise<void> {
  for (let index = 0; index < WORKFLOWS; index += 1) {
    const id = workflowId(index);
    await storage.workflows.insert(
      {
        ...{ id, title: `Workflow ${index}`, mode: 'async', enabled: false, hookKey: `key-${id}`, revision: 1 },
        ...{ tags: [], deletedAt: null, createdAt: begin, updatedAt: begin },
      },
      { trigger: { type: 'webhook', config: {} }, nodes: [] },
    );
  }
  const columns = Object.keys(makeRow(0));
  seed = 1;
  const list = columns.join(', ');
  const values =
    writer.getDialect() === 'postgres'
      ? `SELECT ${list} FROM json_populate_recordset(NULL::executions, $1::json)`
      : `SELECT ${columns.map((column) => `value ->> '${column}'`).join(', ')} FROM json_each($1)`;
  for (let first = 0; first < rows; first += CHUNK) {
    const chunk = Array.from({ length: Math.min(CHUNK, rows - first) }, (_, offset) => makeRow(first + offset));
    await writer.query(`INSERT INTO executions (${list}) ${values}`, { bind: [JSON.stringify(chunk)] });
  }
  // PostgreSQL does both by itself a minute later.
  if (writer.getDialect() === 'postgres') await writer.query('VACUUM ANALYZE');
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

function timesOf(values: number[]): Times {
  return {
    p50Ms: round(quantile(values, 0.5), 1),
    p99Ms: round(quantile(values, 0.99), 1),
    maxMs: round(Math.max(...values), 1),
  };
}

type Filter = Omit<ExecutionFilter, 'limit' | 'cursor'>;

/** Every combination of these, with names. */
function combinations(): [name: string, filter: Filter][] {
  const failed: ExecutionStatus[] = ['failed', 'error', 'timed_out'];
  const parts: readonly (readonly [string, Filter][])[] = [
    [
      ['', {}],
      ['busy workflow', { workflowId: workflowId(0) }],
      ['quiet workflow', { workflowId: workflowId(WORKFLOWS - 40) }],
      ['failing workflow', { workflowId: workflowId(WORKFLOWS - 1) }],
      ['no workflow', { workflowId: 'nobody' }],
    ],
    [
      ['', {}],
      ['succeeded', { statuses: ['succeeded'] }],
      ['failed', { statuses: ['failed'] }],
      ['failures', { statuses: failed }],
      ['waiting', { statuses: ['waiting'] }],
      ['running', { statuses: ['running'] }],
      ['unfinished', { statuses: ['queued', 'running', 'waiting'] }],
      ['final', { statuses: ['succeeded', 'canceled', ...failed] }],
    ],
    [
      ['', {}],
      ['webhook', { sources: ['webhook'] }],
      ['subflow', { sources: ['subflow'] }],
      ['manual', { sources: ['manual'] }],
      ['manual or replay', { sources: ['manual', 'replay'] }],
      ['not webhook', { sources: ['manual', 'replay', 'subflow', 'event', 'failure', 'trigger'] }],
    ],
    [
      ['', {}],
      ['a week', { from: now - 16 * DAY_MS, to: now - 9 * DAY_MS }],
    ],
  ];
  return parts.reduce<[string, Filter][]>(
    (all, part) =>
      all.flatMap(([name, filter]) =>
        part.map(([more, also]): [string, Filter] => [`${name} ${more}`.trim(), { ...filter, ...also }]),
      ),
    [['', {}]],
  );
}

const cursorAt = (share: number): string =>
  Buffer.from(JSON.stringify(['executions', lowestIdAt(begin + share * DAYS * DAY_MS)])).toString('base64url');

async function measurePages() {
  const found: { name: string; ms: number }[] = [];
  const replayed = idOf(Math.floor(rows / 4), timeOf(Math.floor(rows / 4)));
  for (const [name, filter] of [...combinations(), ['replays', { replayOf: replayed }] satisfies [string, Filter]]) {
    for (const [place, cursor] of [
      ['first page', undefined],
      ['in the middle', cursorAt(0.51)],
      ['near the end', cursorAt(0.05)],
    ] as const) {
      const read = async () => {
        const page = await storage.executions.list({ ...filter, limit: 50, cursor });
        await storage.workflows.titles(page.items.map((item) => item.workflowId));
      };
      // Once for the pages of the database, as whoever clicks a second time has them.
      await read();
      const turns = [await timed(read), await timed(read), await timed(read)];
      found.push({ name: `${name || 'all'}, ${place}`, ms: round(quantile(turns, 0.5), 1) });
    }
  }
  return found.sort((a, b) => b.ms - a.ms);
}

await fill(storage);
const firstCountMs = Math.round(await timed(() => storage.statistics.count(now)));
// As above.
if (storage.connections.writer.getDialect() === 'postgres') await storage.connections.writer.query('ANALYZE statistics');
const pages = await measurePages();
const statistics = createStatistics({
  statistics: storage.statistics,
  executions: storage.executions,
  workflows: storage.workflows,
  now: Date.now,
});
const stats: number[] = [];
for (const days of [1 / 24, 1, 7, 30, 365]) {
  for (const of of [undefined, workflowId(0), workflowId(WORKFLOWS - 1)]) {
    const read = () => statistics.overview({ from: Date.now() - days * DAY_MS, workflowId: of });
    await read();
    for (let turn = 0; turn < 3; turn += 1) stats.push(await timed(read));
  }
}
const activity: number[] = [];
const shown = Array.from({ length: 100 }, (_, index) => workflowId(index));
for (let turn = 0; turn < 10; turn += 1) activity.push(await timed(() => statistics.activity(shown)));
await storage.close();
const result: ListTimes = {
  ...{ rows, pages: pages.length, page: timesOf(pages.map(({ ms }) => ms)), slowest: pages.slice(0, 8) },
  ...{ stats: timesOf(stats), activity: timesOf(activity), firstCountMs },
};
console.log(JSON.stringify(result));
