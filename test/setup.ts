// For every test file: it fails when it leaves a server, a child process or a timer behind.

import { afterAll, beforeAll } from 'vitest';

const WATCHED: ReadonlySet<string> = new Set(['TCPServerWrap', 'ProcessWrap', 'Timeout']);

/** What keeps the process alive, by kind. */
function countOpen(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (WATCHED.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

let before = new Map<string, number>();
// In a hook, as below: the test runner has a timer of its own around each.
beforeAll(() => {
  before = countOpen();
});

afterAll(async () => {
  // Handles that were closed just now go away at the end of the turn.
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const left = [...countOpen()].filter(([kind, count]) => count > (before.get(kind) ?? 0));
  if (left.length > 0)
    throw new Error(`This file left something open: ${left.map(([kind, count]) => `${count} ${kind}`).join(', ')}`);
});
