// What this program is and knows, for the processes beside it.

import { migrations } from '../migrations/index.ts';
import type { Program } from './cluster/versions.ts';
import { version } from './version.ts';

export const program: Program = {
  version,
  migrations: migrations.map(({ name }) => name),
  formats: migrations.filter(({ effect }) => effect === 'format').map(({ name }) => name),
};
