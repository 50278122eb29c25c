// The version of this package, for the OpenAPI document and the command line.

import { createRequire } from 'node:module';

/** From package.json, which stands one level up in the sources and two in the build. */
function readVersion(): string {
  const require = createRequire(import.meta.url);
  const { version } = require('hookline/package.json') as { version: string };
  return version;
}

export const version: string = readVersion();
