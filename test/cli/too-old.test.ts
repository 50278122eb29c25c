// A running server whose database is migrated beyond what it can work on ends in good order, and says so.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { hookline, KEY, killCommands, listening } from './command.ts';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await killCommands();
  await postgres.stop();
});

test('it stops by itself with exit code 3, and a start is refused with 1', { timeout: 120_000 }, async () => {
  const url = await postgres.createDatabase();
  const env = { HOOKLINE_DATABASE_URL: url, HOOKLINE_SECRET_KEY: KEY, HOOKLINE_RECOVERY_MS: '1000' };
  const server = hookline(['start'], env);
  await listening(server);
  await postgres.query(url, "INSERT INTO migrations (name, requires) VALUES ('9001-later', '')");
  await postgres.query(url, "INSERT INTO migrations (name, requires) VALUES ('9002-contract', '9002-contract')");
  const { code, stdout, stderr } = await server.ended;
  expect(code).toBe(3);
  expect(stderr).toContain('migrated beyond what version');
  expect(stderr).toContain('9002-contract');
  expect(stderr).not.toContain('9001-later');
  expect(stdout).toContain('it stops');
  expect(await postgres.query(url, 'SELECT id FROM processes')).toEqual([]);
  const refused = await hookline(['start'], env).ended;
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('does not know: 9002-contract') });
});
