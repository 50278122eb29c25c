// The example workflows that come with the package.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** The document of an example, such as `payment-callback`. */
export function readExample(name: string): unknown {
  // By the package's own name, since the sources and the compiled files lie at different depths.
  const manifest = createRequire(import.meta.url).resolve('hookline/package.json');
  return JSON.parse(readFileSync(join(dirname(manifest), 'examples', `${name}.json`), 'utf8'));
}
