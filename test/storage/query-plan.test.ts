// The queries that grow with the number of executions walk an index and sort nothing.

import { join } from 'node:path';
import { QueryTypes } from 'sequelize';
import { expect, test } from 'vitest';
import { type OpenStorage, openStorage } from '../../src/storage/storage.ts';
import { closing, temporaryFolder } from './folder.ts';

const cursor = Buffer.from('["executions","0198b5a0-0000-7000-8000-000000000000"]').toString('base64url');

const cases: [name: string, index: RegExp, query: (storage: OpenStorage) => Promise<unknown>][] = [
  ['the list', /autoindex_executions/, ({ executions }) => executions.list({ limit: 9 })],
  ['the list from a time on', /autoindex_executions/, ({ executions }) => executions.list({ limit: 9, from: 5, to: 9, cursor })],
  ['a workflow’s list', /executions_workflow/, ({ executions }) => executions.list({ limit: 9, workflowId: 'w', cursor })],
  ['a status’s list', /executions_status/, ({ executions }) => executions.list({ limit: 9, statuses: ['failed'], cursor })],
  [
    'the list of what succeeded',
    /autoindex_executions/,
    ({ executions }) => executions.list({ limit: 9, statuses: ['succeeded'] }),
  ],
  ['the backlog', /executions_status/, ({ executions }) => executions.listOldest('queued', 9)],
  ['the backlog of a lane', /executions_lane/, ({ executions }) => executions.listOldest('queued', 9, { only: 'a' })],
  [
    'the backlog outside lanes',
    /executions_status/,
    ({ executions }) => executions.listOldest('queued', 9, { without: ['a', 'b'] }),
  ],
  ['what is due', /executions_wake/, ({ executions }) => executions.listDue(5, 9)],
  ['the next time to wake', /executions_wake/, ({ executions }) => executions.nextWakeAt()],
  ['the age of the backlog', /executions_status/, ({ executions }) => executions.oldestQueuedAt()],
  ['counting statuses', /COVERING INDEX executions_status/, ({ executions }) => executions.countByStatus()],
  ['retention of failures', /executions_status/, ({ executions }) => executions.deleteOld('failed', 5, 9)],
  ['retention of successes', /autoindex_executions/, ({ executions }) => executions.deleteOld('succeeded', 5, 9)],
  ['a workflow’s count', /COVERING INDEX executions_workflow/, ({ workflows }) => workflows.executionCounts(['w', 'v'])],
];

test.each(cases)('%s uses an index', async (_, index, query) => {
  const storage = closing(
    await openStorage({ url: `sqlite:${join(await temporaryFolder(), 'hookline.db')}`, durability: 'normal' }),
  );
  const { reader } = storage.connections;
  const statements: string[] = [];
  reader.addHook('afterQuery', (_options, sent) => {
    if ('sql' in sent) statements.push(String(sent.sql));
  });
  await query(storage);
  const onExecutions = [...statements].filter((sql) => /FROM `?executions\b/.test(sql));
  expect(onExecutions).not.toEqual([]);
  for (const [n, sql] of onExecutions.entries()) {
    const plan = await reader.query<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, { type: QueryTypes.SELECT });
    const details = plan.map(({ detail }) => detail).join('\n');
    // Further statements only fetch the rows that the first one found.
    expect(details, sql).toMatch(n === 0 ? index : /autoindex_executions/);
    expect(details, sql).not.toMatch(/TEMP B-TREE|SCAN executions$/m);
  }
});
