// The order of test files: the longest first, so that no core has to wait for one that began last; then those that
// share their modules within a process, then the rest.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take more than ten seconds, the longest first. */
const LONGEST: readonly string[] = [
  'main.test.ts',
  'queue/graphile-worker.test.ts',
  'durable/bad-input.test.ts',
  'cli/user.test.ts',
  'bad-input.test.ts',
  'storage/postgres.test.ts',
  'durable/send-webhook.test.ts',
  'durable/failure-policy.test.ts',
  'durable/control-nodes.test.ts',
];
const TESTS = `${new URL('.', import.meta.url).pathname}`;

function rankOf({ moduleId, project }: TestSpecification): number {
  const place = LONGEST.indexOf(moduleId.slice(TESTS.length));
  if (place >= 0) return place;
  return LONGEST.length + (project.name === 'shared' ? 0 : 1);
}

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // By name within a rank: the same order on every machine.
    return files.toSorted((a, b) => rankOf(a) - rankOf(b) || a.moduleId.localeCompare(b.moduleId));
  }
}
