import { configDefaults, defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

/** They replace modules or have a document of their own, which nobody else may see. */
const ALONE = ['test/storage-failure.test.ts', 'test/client/variables/editor/json-language.test.ts'];

export default defineConfig({
  test: {
    reporters: ['default', './scripts/plain-summary.ts'],
    globalSetup: ['./test/global-setup.ts'],
    setupFiles: ['./test/setup.ts'],
    // Tests start real servers and child processes; two cores run three files at a time well: some of them wait.
    maxWorkers: 3,
    // Bounds for a machine that is ten times slower than ours, beside other work; no test asserts them.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 60_000 } },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, 'test/e2e/**', 'test/**/*.long.test.ts', ...ALONE],
          // Loading the same modules anew for each file took a third of the time of all tests.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ['test/**/*.test.tsx', ...ALONE],
          exclude: [...configDefaults.exclude, 'test/**/*.long.test.tsx'],
        },
      },
    ],
  },
});
