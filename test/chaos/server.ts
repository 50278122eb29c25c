// One process of a chaos run: `hookline start`, which also ends when whoever started it is gone.

import { start } from '../../src/cli/start.ts';

process.stdin.on('end', () => process.exit(1)).resume();
await start();
