// The tests in a real browser against the built server, one file at a time: `npm run test:e2e`.

import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    reporters: ['default', './scripts/plain-summary.ts'],
    setupFiles: ['./test/setup.ts'],
    include: ['test/e2e/**/*.e2e.ts'],
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
