// `hookline copy`: everything from one database to another, such as from SQLite to PostgreSQL.

import { loadConfig } from '../config.ts';
import { HooklineError } from '../errors.ts';
import { type CopyProgress, copyStorage } from '../storage/copy.ts';
import { isPostgresUrl } from '../storage/postgres-url.ts';

export interface CopyCommandOptions {
  readonly from: string;
  /** Default: the configured database. */
  readonly to?: string;
}

const BAR_WIDTH = 30;

/** Copies and prints how far it is, and the counts. @throws HooklineError as `copyStorage` does */
export async function copyDatabase({ from, to = loadConfig().databaseUrl }: CopyCommandOptions): Promise<void> {
  if (from === to) throw new HooklineError('invalid_configuration', 'Source and target are the same database.');
  const isTerminal = process.stdout.isTTY === true;
  const tables = await copyStorage({ from, to, onProgress: isTerminal ? drawBar : createLines() }).finally(() => {
    if (isTerminal) process.stdout.write('\n');
  });
  for (const { table, rows } of tables) console.log(`${table.padEnd(16)}${format(rows).padStart(12)} rows in both`);
  console.log('Copied. Every table has the same count in the source and in the target.');
  console.log('Start with the same secret key as before: what is sealed was copied as it is. The admin token is the same, too.');
  console.log(`What was queued, running or waiting goes on at the next start${isPostgresUrl(to) ? ' of a worker' : ''}.`);
  console.log('Do not start a server on the source again: both would run what is unfinished.');
}

function drawBar({ table, allRows, allTotalRows }: CopyProgress): void {
  const part = allTotalRows === 0 ? 1 : allRows / allTotalRows;
  const bar = '#'.repeat(Math.floor(part * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
  const text = `[${bar}] ${Math.floor(part * 100)} %  ${format(allRows)} of ${format(allTotalRows)} rows  ${table}`;
  // Erases what a longer line before it has left.
  process.stdout.write(`\r${text}\x1b[K`);
}

/** A line at the end of each table, and one for each further tenth of a long one. */
function createLines(): (progress: CopyProgress) => void {
  let told = '';
  return ({ table, rows, totalRows }) => {
    const tenth = totalRows === 0 ? 10 : Math.floor((rows / totalRows) * 10);
    const state = `${table} ${tenth}`;
    if (rows < totalRows && (tenth === 0 || state === told)) return;
    told = state;
    console.log(`${table}: ${format(rows)} of ${format(totalRows)}`);
  };
}

function format(count: number): string {
  return count.toLocaleString('en');
}
