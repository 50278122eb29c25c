// Writes the README's configuration table from the schema in src/config/fields.ts; with --check it only fails when they differ.

import { readFileSync, writeFileSync } from 'node:fs';
import { CONFIG_FIELDS } from '../src/config.ts';

const README = new URL('../README.md', import.meta.url);
const BEGIN = '<!-- configuration table: made by `npm run docs`, do not edit -->';
const END = '<!-- end of configuration table -->';

function table(): string {
  const rows = CONFIG_FIELDS.map((field) => {
    const isWords = field.defaultText.includes('`');
    const standard = field.defaultText === '' ? 'empty' : isWords ? field.defaultText : `\`${field.defaultText}\``;
    return `| \`${field.env}\` | ${field.values} | ${standard} | ${field.description} |`;
  });
  return ['| variable | value | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

const before = readFileSync(README, 'utf8');
const begin = before.indexOf(BEGIN);
const end = before.indexOf(END);
if (begin < 0 || end < begin) {
  console.error(`README.md lacks the markers of the configuration table:\n${BEGIN}\n${END}`);
  process.exit(1);
}
const after = `${before.slice(0, begin + BEGIN.length)}\n\n${table()}\n\n${before.slice(end)}`;
if (process.argv.includes('--check')) {
  if (after !== before) {
    console.error("README.md's configuration table differs from src/config/fields.ts. Run `npm run docs` and commit the result.");
    process.exit(1);
  }
} else if (after !== before) {
  writeFileSync(README, after);
  console.log('README.md: configuration table written.');
}
