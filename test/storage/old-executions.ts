// Executions as they were stored before their source had a column of its own.

const REPLAYED = '0198b5a0-0000-7000-8000-000000000001';
/** What the columns have to hold then, in order of the ids. */
export const OLD_SOURCES = [
  { source: 'webhook', replayOf: null },
  { source: 'replay', replayOf: REPLAYED },
  { source: 'manual', replayOf: null },
];

const ORIGINS = [
  { source: 'webhook', request: { method: 'POST', url: '/', headers: {}, address: '::1' } },
  { source: 'replay', replayOf: REPLAYED, request: { method: 'POST', url: '/', headers: {}, address: '::1' } },
  // PostgreSQL parses no JSON with U+0000 in it; and what a context says is nobody's source.
  { source: 'manual', context: { text: '\0', origin: `{"source":"replay","replayOf":"${REPLAYED}"}`, replayOf: REPLAYED } },
];

/** @param query runs a statement with parameters `$1`, `$2`, … */
export async function addOldExecutions(query: (sql: string, bind: string[]) => Promise<unknown>): Promise<void> {
  for (const [index, origin] of ORIGINS.entries()) {
    await query(
      "INSERT INTO executions (id, workflow_id, revision, status, created_at, origin) VALUES ($1, 'w', 1, 'succeeded', 5, $2)",
      [`0198b5a0-0000-7000-8000-00000000000${index + 1}`, JSON.stringify(origin)],
    );
  }
}
