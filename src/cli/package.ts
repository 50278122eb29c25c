// What the command knows of the package it came in: its version and its example workflows.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

// By the package's own name, since the sources and the compiled files lie at different depths.
const manifest = createRequire(import.meta.url).resolve('hookline/package.json');

/** The version in package.json. */
export function packageVersion(): string {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  return version;
}

/** An example workflow document, such as `payment-callback`. */
export function readExample(name: string): unknown {
  return JSON.parse(readFileSync(join(dirname(manifest), 'examples', `${name}.json`), 'utf8'));
}
