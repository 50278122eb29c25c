// `hookline audit verify`: the exit code and the sentence say whether the audit log is as it was written.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Sequelize } from 'sequelize';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { killCommands, listening, hookline as run } from './command.ts';

const TOKEN = 'Hd8sV3nKw6Rt2XbQ9zLc5yFj7mGp4aEu';
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-audit-'));
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true, force: true });
});

const hookline = (args: readonly string[], env: Record<string, string> = {}) =>
  run(args, {
    HOOKLINE_DATABASE_URL: `sqlite:${join(folder, 'hookline.db')}`,
    HOOKLINE_SECRET_KEY_FILE: join(folder, 'secret.key'),
    HOOKLINE_ADMIN_TOKEN: TOKEN,
    ...env,
  });

/** Has the server write one entry for each name. */
async function createSecrets(base: string, names: readonly string[]) {
  for (const name of names) {
    const response = await fetch(`${base}/api/secrets`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ name, value: 'value-of-the-secret' }),
    });
    expect(response.ok, await response.text()).toBe(true);
  }
}

async function change(sql: string) {
  const database = new Sequelize({ dialect: 'sqlite', storage: join(folder, 'hookline.db'), logging: false });
  try {
    await database.query(sql);
  } finally {
    await database.close();
  }
}

it('finds an untouched log intact beside a running server, and ends with 1 when a row was changed', async () => {
  const server = hookline(['start']);
  await createSecrets(await listening(server), ['ONE', 'TWO', 'THREE']);
  const intact = await hookline(['audit', 'verify']).ended;
  expect(intact).toMatchObject({ code: 0, stderr: '' });
  expect(intact.stdout).toMatch(/^The audit log is intact: [3-9] entries were checked\.\nLast entry: number \d+, hash \S+\.\n$/);
  await server.stop();

  await change("UPDATE audit_log SET actor_name = 'eve' WHERE sequence = 2");
  const changed = await hookline(['audit', 'verify']).ended;
  expect(changed).toMatchObject({ code: 1, stderr: '' });
  expect(changed.stdout).toMatch(/^The audit log was changed\. Entry \S+ \(number 2, .+\) .+ it was changed\.\n/);
  const asJson = await hookline(['audit', 'verify', '--json']).ended;
  expect(asJson.code).toBe(1);
  expect(JSON.parse(asJson.stdout)).toMatchObject({ isIntact: false, problem: expect.stringContaining('number 2'), checked: 1 });
});

it('stays intact when a command writes an entry with a newer key than the server before it', async () => {
  const [old, newer] = ['a1'.repeat(32), 'b2'.repeat(32)];
  const server = hookline(['start'], { HOOKLINE_SECRET_KEY: old });
  const base = await listening(server);
  await createSecrets(base, ['ONE']);
  const made = await fetch(`${base}/api/users`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: 'ada@example.com', name: 'Ada', role: 'owner' }),
  });
  expect(made.status).toBe(201);
  await server.stop();

  const both = { HOOKLINE_SECRET_KEY: newer, HOOKLINE_OTHER_SECRET_KEYS: old };
  expect(await hookline(['user', 'reset', 'ada@example.com'], both).ended).toMatchObject({ code: 0 });
  expect(await hookline(['audit', 'verify'], both).ended).toMatchObject({ code: 0, stderr: '' });
});

it('says in one sentence that there is no secret key, and makes none', async () => {
  const missing = await hookline(['audit', 'verify']).ended;
  expect(missing).toMatchObject({ code: 1, stdout: '' });
  expect(missing.stderr).toMatch(/^hookline: The chain of the audit log is signed with the secret key, and there is none: .+\n$/);
});
