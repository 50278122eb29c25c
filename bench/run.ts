// `npm run bench`: measures Hookline, in ratios of one run. Sections: http, queue, delays, loops, waiting, deliveries, lists; default all.
// Usage: npm run bench -- [section …] [--rounds 3 --seconds 4 --connections 64 for http]

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { measureDelays } from './delays.ts';
import { measureDeliveries } from './deliveries.ts';
import { measureHttp } from './http.ts';
import { measureLists } from './lists.ts';
import { measureLoops } from './loops.ts';
import { measureQueue } from './queue.ts';
import { openStores, type Stores } from './stores.ts';
import { delaysTable, deliveriesTable, httpTable, listsTables, loopsTables, queueTable, waitingTable } from './tables.ts';
import { measureWaiting } from './waiting.ts';

const SECTIONS = ['http', 'queue', 'delays', 'loops', 'waiting', 'deliveries', 'lists'] as const;
type Section = (typeof SECTIONS)[number];

/** What a section adds to the report, and the tables of it in Markdown. */
interface Measured {
  readonly report: object;
  readonly tables: readonly string[];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    connections: { type: 'string', default: '64' },
  },
});
const unknown = positionals.filter((name) => !SECTIONS.some((section) => section === name));
if (unknown.length > 0) {
  console.error(`There is no section ${unknown.join(', ')}; the sections are ${SECTIONS.join(', ')}.`);
  process.exit(1);
}
const wanted = SECTIONS.filter((section) => positionals.length === 0 || positionals.includes(section));

let stores: Stores | undefined;
async function storesOnce(): Promise<Stores> {
  stores ??= await openStores();
  return stores;
}

const MEASURES: Readonly<Record<Section, () => Promise<Measured>>> = {
  async http() {
    const options = {
      rounds: Number(values.rounds),
      secondsPerRound: Number(values.seconds),
      connections: Number(values.connections),
    };
    const measured = await measureHttp(options);
    return { report: { ...options, ...measured }, tables: [httpTable(measured)] };
  },
  async queue() {
    const queue = await measureQueue(await storesOnce());
    return { report: { queue }, tables: [queueTable(queue)] };
  },
  async delays() {
    const delays = await measureDelays(await storesOnce());
    return { report: { delays }, tables: [delaysTable(delays)] };
  },
  async loops() {
    const loops = await measureLoops(await storesOnce());
    return { report: { loops }, tables: loopsTables(loops) };
  },
  async waiting() {
    const waiting = await measureWaiting(await storesOnce());
    return { report: { waiting }, tables: [waitingTable(waiting)] };
  },
  async deliveries() {
    const deliveries = await measureDeliveries(await storesOnce());
    return { report: { deliveries }, tables: [deliveriesTable(deliveries)] };
  },
  async lists() {
    const lists = await measureLists(await storesOnce());
    return { report: { lists }, tables: listsTables(lists) };
  },
};

const folder = fileURLToPath(new URL('results/', import.meta.url));
const path = `${folder}latest.json`;
const machine = { node: process.version, cpu: os.cpus()[0]?.model ?? 'unknown', cores: os.cpus().length };

/** Sections that are not measured this time stay as they were. */
async function keep(report: object): Promise<void> {
  const before = await readFile(path, 'utf8').then(
    (text) => JSON.parse(text) as object,
    () => ({}),
  );
  await mkdir(folder, { recursive: true });
  await writeFile(path, `${JSON.stringify({ ...before, ...machine, ...report }, null, 2)}\n`);
}

try {
  for (const section of wanted) {
    const { report, tables } = await MEASURES[section]();
    await keep(report);
    console.log(`\n## ${section}\n\n${tables.join('\n\n')}`);
  }
} finally {
  await stores?.close();
}
