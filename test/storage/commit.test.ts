// The group commit: what is committed together, what is not, and in which order.

import { join } from 'node:path';
import { QueryTypes } from 'sequelize';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import type { DeliveryChange, OutboundWrite } from '../../src/engine/outbound-ports.ts';
import type { ExecutionUpdate } from '../../src/engine/ports.ts';
import { createCommitter, type SqliteCommitter } from '../../src/storage/commit.ts';
import { connect } from '../../src/storage/connect.ts';
import { lowestIdAt } from '../../src/storage/execution-id.ts';
import { migrate } from '../../src/storage/migrate.ts';
import { makeExecution, makeJob, makeUpdate } from './contract.ts';
import { temporaryFolder } from './folder.ts';
import { makeAttempt, makeChange, makeDelivery, makeEndpoint, makeMessage, outboundId } from './outbound-fixture.ts';

const idOf = (number: number): string => lowestIdAt(1_700_000_000_000 + number);
const executionOf = (number: number, change = {}) => makeExecution(idOf(number), change);
const updateOf = (number: number, change: Partial<ExecutionUpdate> = {}): ExecutionUpdate =>
  makeUpdate(idOf(number), { status: 'running', startedAt: 1, finishedAt: null, ...change });

interface Opened {
  readonly committer: SqliteCommitter;
  readonly writer: Awaited<ReturnType<typeof connect>>['writer'];
  /** What went to the writer's connection, in order: rows of prepared statements as `2 rows`, the rest as SQL. */
  readonly sent: string[];
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

async function open(): Promise<Opened> {
  const folder = await temporaryFolder();
  const connections = await connect({ url: `sqlite:${join(folder, 'hookline.db')}`, durability: 'normal' });
  await migrate(connections.writer);
  const created = await createCommitter(connections.writerHandle, { checkpointPath: connections.file });
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= created.close();
    return closing;
  };
  const committer = { ...created, close };
  onTestFinished(async () => {
    await committer.close();
    await connections.close();
  });
  const sent: string[] = [];
  const execute = connections.writerHandle.exec.bind(connections.writerHandle);
  vi.spyOn(connections.writerHandle, 'exec').mockImplementation((sql, callback) => {
    sent.push(sql);
    return execute(sql, callback);
  });
  const originalPrepare = connections.writerHandle.prepare.bind(connections.writerHandle);
  vi.spyOn(connections.writerHandle, 'prepare').mockImplementation((sql: string) => {
    const statement = originalPrepare(sql);
    const runStatement = statement.run.bind(statement);
    const allOfStatement = statement.all.bind(statement);
    const note = (...parameters: (string | null)[]) => {
      if (sql.includes('outbound_batch')) {
        const rows = parameters.flatMap((json) => (json === null ? [] : [JSON.parse(json).length]));
        sent.push(`${rows.join(' and ')} rows of webhooks`);
        return;
      }
      const [parameter] = parameters;
      const [, verb, table] = /^(INSERT INTO|DELETE FROM|UPDATE|SELECT id FROM) (\w+)/.exec(sql) ?? [];
      const direction = verb === 'INSERT INTO' ? 'into' : verb?.split(' ')[0]?.toLowerCase();
      sent.push(`${JSON.parse(parameter ?? '').length} rows ${direction} ${table}`);
    };
    statement.run = ((...given: [...(string | null)[], () => void]) => {
      note(...(given.slice(0, -1) as (string | null)[]));
      return runStatement(...given);
    }) as typeof statement.run;
    statement.all = ((parameter: string, callback: () => void) => {
      note(parameter);
      return allOfStatement(parameter, callback);
    }) as typeof statement.all;
    return statement;
  });
  return {
    committer,
    writer: connections.writer,
    sent,
    rows: (sql) => connections.reader.query<Record<string, unknown>>(sql, { type: QueryTypes.SELECT }),
  };
}

afterEach(() => vi.restoreAllMocks());

const outcomes = async (promises: Promise<void>[]): Promise<string[]> =>
  (await Promise.allSettled(promises)).map((result) => (result.status === 'fulfilled' ? 'stored' : result.reason.code));

it('commits everything that waits in one statement, 128 rows at most', async () => {
  const { committer, sent, rows } = await open();
  const numbers = Array.from({ length: 300 }, (_, number) => number);
  await Promise.all(numbers.map((number) => committer.commit([{ insert: executionOf(number) }])));
  expect(sent).toEqual(['128 rows into executions', '128 rows into executions', '44 rows into executions']);
  expect(await rows('SELECT COUNT(*) AS count FROM executions')).toEqual([{ count: 300 }]);
});

it('does not put large bodies into one statement', async () => {
  const { committer, sent } = await open();
  const request = {
    ...executionOf(1).request,
    method: 'POST',
    url: '/',
    headers: {},
    address: '',
    body: 'x'.repeat(9 * 1024 ** 2),
  };
  await Promise.all([1, 2, 3].map((number) => committer.commit([{ insert: executionOf(number, { request }) }])));
  expect(sent).toEqual(Array.from({ length: 3 }, () => '1 rows into executions'));
});

it('collects what comes while a batch is being written for the next one', async () => {
  const { committer, sent } = await open();
  const first = committer.commit([{ insert: executionOf(1) }]);
  await vi.waitUntil(() => sent.length === 1, { interval: 1 });
  const others = [2, 3, 4].map((number) => committer.commit([{ insert: executionOf(number) }]));
  await Promise.all([first, ...others]);
  expect(sent).toEqual(['1 rows into executions', '3 rows into executions']);
});

it('tells the callers in the order of their calls, and takes the writes of one execution in that order', async () => {
  const { committer, rows } = await open();
  const told: number[] = [];
  const writes = [
    committer.commit([{ insert: executionOf(1) }]),
    committer.commit([{ update: updateOf(1) }]),
    committer.commit([{ update: updateOf(1, { status: 'succeeded', finishedAt: 2 }) }]),
  ];
  await Promise.all(writes.map((write, index) => write.then(() => told.push(index))));
  expect(told).toEqual([0, 1, 2]);
  expect(await rows('SELECT status, finished_at FROM executions')).toEqual([{ status: 'succeeded', finished_at: 2 }]);
});

it.each([
  ['a value that is not JSON', { insert: executionOf(2, { context: 1n, request: null }) }],
  ['JSON nested deeper than SQLite reads', { insert: executionOf(2, { context: nested(3000), request: null }) }],
  ['a row that breaks a constraint', { update: updateOf(1, { jobs: [makeJob('again')] }) }],
])('stores the others of a batch when one unit is %s', async (_, bad) => {
  const { committer, rows } = await open();
  await committer.commit([{ insert: executionOf(1, { status: 'running', jobs: [makeJob('a')] }) }]);
  const good = [10, 11].map((number) => ({ insert: executionOf(number) }));
  const results = await outcomes([good[0], bad, good[1]].flatMap((unit) => (unit ? [committer.commit([unit])] : [])));
  expect(results).toEqual(['stored', 'storage_unavailable', 'stored']);
  expect(await rows('SELECT id FROM executions ORDER BY id')).toEqual([1, 10, 11].map((number) => ({ id: idOf(number) })));
  await committer.commit([{ insert: executionOf(12) }]);
});

function nested(levels: number): unknown {
  let value: unknown = 0;
  for (let level = 0; level < levels; level += 1) value = [value];
  return value;
}

it('keeps jobs of writes that are not final in the log, and those of the final one in the execution', async () => {
  const { committer, sent, rows } = await open();
  await committer.commit([{ insert: executionOf(1, { status: 'running', jobs: [makeJob('a')] }) }]);
  await committer.commit([{ update: updateOf(1, { status: 'waiting', jobs: [makeJob('b')], sequence: 1 }) }]);
  await committer.commit([{ update: updateOf(1, { status: 'succeeded', finishedAt: 2, jobs: [makeJob('c')], sequence: 2 }) }]);
  const transaction = ['BEGIN IMMEDIATE', '1 rows into executions', '1 rows into execution_jobs', 'COMMIT'];
  expect(sent).toEqual([...transaction, ...transaction, '1 rows into executions']);
  const log = await rows("SELECT sequence, jobs ->> '$[0].key' AS job FROM execution_jobs ORDER BY sequence");
  expect(log).toEqual([
    { sequence: 0, job: 'a' },
    { sequence: 1, job: 'b' },
  ]);
  expect(await rows("SELECT result ->> '$.jobs[0].key' AS job FROM executions")).toEqual([{ job: 'c' }]);
});

it('writes one update without signals in one statement, and a wait with its job and taken signals in one transaction', async () => {
  const { committer, sent } = await open();
  await committer.commit([{ insert: executionOf(1, { status: 'running' }) }]);
  await committer.commit([{ signal: { executionId: idOf(1), jobPath: 'a' } }]);
  sent.length = 0;
  await committer.commit([{ update: updateOf(1) }]);
  const wait = updateOf(1, { status: 'waiting', jobs: [makeJob('b')], takenSignals: ['a'] });
  await committer.commit([{ update: wait }]);
  expect(sent).toEqual([
    '1 rows into executions',
    'BEGIN IMMEDIATE',
    '1 rows delete signals',
    '1 rows into executions',
    '1 rows into execution_jobs',
    'COMMIT',
  ]);
});

it('commits units of every kind that wait in one transaction, and undoes only what was refused', async () => {
  const { committer, sent, rows } = await open();
  const results = await outcomes([
    committer.commit([{ insert: executionOf(1, { status: 'waiting' }) }]),
    committer.commit([{ insert: executionOf(2) }]),
    committer.commit([{ signal: { executionId: idOf(1), jobPath: 'a' } }]),
    committer.commit([{ insert: executionOf(3) }, { signal: { executionId: idOf(9), jobPath: 'a' } }]),
    committer.commit([{ insert: executionOf(4) }]),
    committer.commit([{ insert: executionOf(5) }]),
    committer.commit([{ update: updateOf(5) }]),
  ]);
  expect(results).toEqual(['stored', 'stored', 'stored', 'execution_ended', 'stored', 'stored', 'stored']);
  expect(sent).toEqual([
    'BEGIN IMMEDIATE',
    '2 rows into executions',
    ...['SAVEPOINT unit', '1 rows into signals', '1 rows update executions', 'RELEASE unit'],
    ...['SAVEPOINT unit', '1 rows into executions', '1 rows into signals', '1 rows select executions'],
    ...['ROLLBACK TO unit', 'RELEASE unit'],
    '2 rows into executions',
    '1 rows into executions',
    'COMMIT',
  ]);
  expect(await rows('SELECT id, status FROM executions ORDER BY id')).toEqual([
    { id: idOf(1), status: 'queued' },
    { id: idOf(2), status: 'queued' },
    { id: idOf(4), status: 'queued' },
    { id: idOf(5), status: 'running' },
  ]);
});

it('leaves no job in the log of an execution that was deleted while it ran', async () => {
  const { committer, writer, rows } = await open();
  await committer.commit([{ insert: executionOf(1) }]);
  await committer.exclusive(() => writer.query('DELETE FROM executions'));
  const late = committer.commit([{ update: updateOf(1, { jobs: [makeJob('a')] }) }]);
  await expect(late).rejects.toMatchObject({ code: 'ownership_lost' });
  expect(await rows('SELECT * FROM execution_jobs UNION ALL SELECT id, 0, 0 FROM executions')).toEqual([]);
});

it('claims everything that waits to be claimed in one statement', async () => {
  const { committer, sent } = await open();
  const numbers = Array.from({ length: 200 }, (_, number) => number);
  const stored = numbers.map((number) =>
    committer.commit([{ insert: executionOf(number, { status: number % 2 === 0 ? 'queued' : 'waiting', wakeAt: number }) }]),
  );
  await Promise.all(stored);
  sent.length = 0;
  const claimed = await Promise.all(numbers.map((number) => committer.claim(idOf(number), 99)));
  expect(claimed).toEqual(numbers.map((number) => number % 2 === 0 || number <= 99));
  expect(sent).toEqual(['128 rows update executions', '72 rows update executions']);
});

const messageOf = (number: number): OutboundWrite => {
  const [message, endpoint] = [outboundId('msg', number), outboundId('ep', 0)];
  return { messages: [makeMessage(message, { deliveries: [makeDelivery(outboundId('dlv', number), message, endpoint)] })] };
};
const endOf = (number: number, change: Partial<DeliveryChange> = {}): OutboundWrite => ({
  attempts: [makeAttempt(outboundId('atm', number), outboundId('ep', 0), [outboundId('dlv', number)])],
  deliveries: [makeChange(outboundId('dlv', number), change)],
});

it('writes webhooks in one statement, 512 units at most, and with executions in one transaction', async () => {
  const { committer, sent, rows } = await open();
  const url = makeEndpoint(outboundId('ep', 0), { kind: 'url' });
  await committer.commit([{ outbound: { endpoints: [url] } }]);
  const numbers = Array.from({ length: 600 }, (_, number) => number);
  await Promise.all(numbers.map((number) => committer.commit([{ outbound: messageOf(number) }])));
  await Promise.all(numbers.slice(1).map((number) => committer.commit([{ outbound: endOf(number) }])));
  expect(sent).toEqual([
    ...['1 rows of webhooks', '512 and 512 rows of webhooks', '88 and 88 rows of webhooks'],
    ...['512 and 512 rows of webhooks', '87 and 87 rows of webhooks'],
  ]);
  expect(await rows('SELECT status, COUNT(*) AS count FROM deliveries GROUP BY status')).toEqual([
    { status: 'pending', count: 1 },
    { status: 'succeeded', count: 599 },
  ]);
  sent.length = 0;
  await Promise.all([
    committer.commit([{ insert: executionOf(1), outbound: messageOf(700) }]),
    committer.commit([{ outbound: endOf(0) }]),
  ]);
  expect(sent).toEqual(['BEGIN IMMEDIATE', '1 rows into executions', '1 and 1 and 1 and 1 rows of webhooks', 'COMMIT']);
});

it('writes changes of one delivery that come in the same batch one after the other, in one transaction', async () => {
  const { committer, sent, rows } = await open();
  await committer.commit([{ outbound: { endpoints: [makeEndpoint(outboundId('ep', 0))] } }]);
  await committer.commit([{ outbound: messageOf(1) }]);
  sent.length = 0;
  await Promise.all([
    committer.commit([{ outbound: endOf(1, { status: 'pending', finishedAt: null }) }]),
    committer.commit([{ outbound: { deliveries: [makeChange(outboundId('dlv', 1), { knownAttempts: 1, attempts: 2 })] } }]),
  ]);
  expect(sent).toEqual(['BEGIN IMMEDIATE', '1 and 1 rows of webhooks', '1 rows of webhooks', 'COMMIT']);
  expect(await rows('SELECT status, attempts FROM deliveries')).toEqual([{ status: 'succeeded', attempts: 2 }]);
});

it('keeps nothing of a statement with a row of a webhook that breaks a constraint, and all of the others', async () => {
  const { committer, rows } = await open();
  await committer.commit([{ outbound: { endpoints: [makeEndpoint(outboundId('ep', 0))] } }]);
  await Promise.all([1, 2, 3].map((number) => committer.commit([{ outbound: messageOf(number) }])));
  const broken = endOf(2, { dueAt: Number.NaN });
  const results = await outcomes([endOf(1), broken, endOf(3)].map((outbound) => committer.commit([{ outbound }])));
  expect(results).toEqual(['stored', 'storage_unavailable', 'stored']);
  expect(await rows('SELECT status FROM deliveries ORDER BY id')).toEqual(
    ['succeeded', 'pending', 'succeeded'].map((status) => ({ status })),
  );
  expect(await rows('SELECT id FROM attempts ORDER BY id')).toEqual([1, 3].map((number) => ({ id: outboundId('atm', number) })));
});

it('never lets a batch into an exclusive section, and lets batches and sections take turns', async () => {
  const { committer, sent } = await open();
  const work = (name: string) => async (): Promise<void> => {
    sent.push(`${name} begins`);
    // Commits that come now have to wait.
    writes.push(committer.commit([{ insert: executionOf(writes.length) }]));
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    sent.push(`${name} ends`);
  };
  const writes = [committer.commit([{ insert: executionOf(0) }])];
  await Promise.all([committer.exclusive(work('one')), committer.exclusive(work('two'))]);
  await Promise.all(writes);
  const section = (name: string) => ['BEGIN IMMEDIATE', `${name} begins`, `${name} ends`, 'COMMIT'];
  const batch = '1 rows into executions';
  expect(sent).toEqual([batch, ...section('one'), batch, ...section('two'), batch]);
});

it('rolls an exclusive section back when its work throws, and goes on', async () => {
  const { committer, writer, rows } = await open();
  const broken = committer.exclusive(async () => {
    await writer.query("INSERT INTO settings (name, value) VALUES ('a', 'b')");
    throw new Error('changed its mind');
  });
  await expect(broken).rejects.toThrow('changed its mind');
  await committer.commit([{ insert: executionOf(1) }]);
  expect(await rows('SELECT name FROM settings')).toEqual([]);
  expect(await rows('SELECT COUNT(*) AS count FROM executions')).toEqual([{ count: 1 }]);
});

it('waits at its close for what is pending, and refuses what comes later', async () => {
  const { committer, rows } = await open();
  const pending = [committer.commit([{ insert: executionOf(1) }]), committer.exclusive(async () => {})];
  const closed = committer.close();
  const late = [committer.commit([{ insert: executionOf(2) }]), committer.exclusive(async () => {})];
  const results = await Promise.all([outcomes(pending), outcomes(late)]);
  expect(results).toEqual([
    ['stored', 'stored'],
    ['storage_unavailable', 'storage_unavailable'],
  ]);
  await closed;
  expect(await rows('SELECT id FROM executions')).toEqual([{ id: idOf(1) }]);
});
