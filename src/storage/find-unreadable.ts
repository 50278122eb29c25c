// Looks for rows that cannot be read, as the server would meet them in its lists.

import type { Sequelize } from 'sequelize';
import type { Page } from '../engine/ports.ts';
import { accessStore } from './access.ts';
import type { Database } from './database.ts';
import { executionStore } from './executions.ts';
import { defineModels } from './models.ts';
import { outboundStore } from './outbound/store.ts';
import { createRowReader, type UnreadableRow } from './row-reader.ts';
import { secretStore } from './secrets.ts';
import { workflowStore } from './workflows.ts';

/** Most rows of one table that are looked at, the newest first: a log may have millions. */
const MAX_ROWS = 1_000;
const PAGE_SIZE = 100;

/** Reads workflows with their live revisions, executions (those that have not ended, and the newest), webhooks, secrets and users. */
export async function findUnreadable(reader: Sequelize): Promise<UnreadableRow[]> {
  const found: UnreadableRow[] = [];
  const refuse = () => Promise.reject(new TypeError('This storage was opened to read only.'));
  const rows = createRowReader((row) => found.push(row));
  const database: Database = { read: defineModels(reader), rows, write: refuse };
  const workflows = workflowStore(database);
  const executions = executionStore(reader, database, { commit: refuse, claim: refuse, reopen: refuse });
  const outbound = outboundStore(reader, database, { take: refuse, release: refuse });
  const access = accessStore(database);
  for (const { id, revision } of await pagesOf((page) => workflows.list(page))) await workflows.getRevision(id, revision);
  const unfinished = await pagesOf((page) => executions.list({ ...page, statuses: ['queued', 'running', 'waiting'] }));
  for (const { id } of unfinished) await executions.get(id);
  await pagesOf((page) => executions.list(page));
  await pagesOf((page) => outbound.endpoints.list(page));
  await outbound.eventTypes.listAll();
  await pagesOf((page) => outbound.messages.list(page));
  await pagesOf((page) => outbound.deliveries.list(page));
  await secretStore(database).list();
  await access.users.list();
  await access.tokens.list();
  await pagesOf((page) => access.audit.list(page));
  return found;
}

async function pagesOf<Item>(read: (page: { limit: number; cursor?: string }) => Promise<Page<Item>>): Promise<Item[]> {
  const items: Item[] = [];
  for (let cursor: string | undefined; items.length < MAX_ROWS; ) {
    const page = await read({ limit: PAGE_SIZE, ...(cursor === undefined ? {} : { cursor }) });
    items.push(...page.items);
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  return items;
}
