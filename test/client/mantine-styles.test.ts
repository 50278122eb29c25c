// Each Mantine component that is used, by us or by another Mantine package, has its style sheet.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const CORE = at('node_modules/@mantine/core');

const read = (path: string): string => readFileSync(path, 'utf8');
const filesIn = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => ending.test(name))
    .map((name) => join(folder, name));

/** Names imported from `@mantine/core`. */
function namesIn(text: string): string[] {
  const lists = [...text.matchAll(/import\s*\{([^}]*)\}\s*from\s*['"]@mantine\/core['"]/g)].map(([, list = '']) => list);
  return lists.flatMap((list) => list.split(',').map((name) => name.trim().split(' ')[0] ?? ''));
}

/** Where the package has each of its exports. */
function readExports(): Map<string, string> {
  const imports = read(join(CORE, 'esm/index.mjs')).matchAll(/import \{([^}]*)\} from "([^"]+)"/g);
  const pairs = [...imports].flatMap(([, names = '', path = '']) =>
    names.split(',').map((name) => [name.trim().split(' as ').at(-1) ?? '', join(CORE, 'esm', path)] as const),
  );
  return new Map(pairs);
}

/** The style sheets that a module and all it imports belong to. */
function collectSheets(path: string, seen: Set<string>, sheets: Set<string>): void {
  if (seen.has(path) || !existsSync(path)) return;
  seen.add(path);
  const sheet = /([A-Za-z]+)\.module\.mjs$/.exec(path)?.[1];
  if (sheet !== undefined) sheets.add(sheet);
  for (const [, next = ''] of read(path).matchAll(/from "(\.[^"]+)"/g)) collectSheets(resolve(dirname(path), next), seen, sheets);
}

test('the style sheet of each component that is used is loaded', () => {
  const exports = readExports();
  const users = [
    ...filesIn(at('client/src'), /\.tsx?$/),
    ...filesIn(at('node_modules/@mantine/notifications/esm'), /\.mjs$/),
    ...filesIn(at('node_modules/@mantine/charts/esm'), /(AreaChart|BarChart|LineChart|ChartLegend|ChartTooltip)[^/]*\.mjs$/),
  ];
  const used = new Set(users.flatMap((path) => namesIn(read(path))));
  const sheets = new Set<string>();
  const seen = new Set<string>();
  for (const name of used) {
    const path = exports.get(name);
    if (path !== undefined) collectSheets(path, seen, sheets);
  }
  expect(sheets.size).toBeGreaterThan(30);
  const loaded = new Set([...read(at('client/src/mantine.css')).matchAll(/styles\/([A-Za-z-]+)\.css/g)].map(([, name]) => name));
  expect([...sheets].filter((sheet) => existsSync(join(CORE, `styles/${sheet}.css`)) && !loaded.has(sheet))).toEqual([]);
});
