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

/** What is closing takes a moment: sockets that end, timers of connections that are gone. What was left open stays. */
const PATIENCE_MS = 30_000;

afterAll(async () => {
  const deadline = performance.now() + PATIENCE_MS;
  const left = (): [string, number][] => [...countOpen()].filter(([kind, count]) => count > (before.get(kind) ?? 0));
  while (left().length > 0 && performance.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
  if (left().length === 0) return;
  const names = left().map(([kind, count]) => `${count} ${kind}`);
  throw new Error(`This file left something open: ${names.join(', ')}`);
});
