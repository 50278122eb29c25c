// What operators see of roles: who prints the admin token, what a worker says, which keys are refused.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { hookline, KEY, killCommands, listening } from './command.ts';

let postgres: TestPostgres;
let url: string;
let folder: string;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  url = await postgres.createDatabase();
  folder = await mkdtemp(join(tmpdir(), 'hookline-roles-'));
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true, force: true });
});

function start(role: string, env: Record<string, string> = {}) {
  return hookline(['start', '--role', role], { HOOKLINE_DATABASE_URL: url, HOOKLINE_SECRET_KEY: KEY, ...env });
}

describe('hookline start --role', () => {
  it('shows the generated token once, although two web processes and a worker start together', async () => {
    const webs = [start('web'), start('web')];
    const worker = start('worker');
    const bases = await Promise.all(webs.map(listening));
    const ready = await worker.until(/Health .+\n/);
    const health = /Health (\S+)\/healthz/.exec(ready)?.[1];
    expect((await fetch(`${health}/readyz`)).status).toBe(200);
    expect((await fetch(`${health}/hooks/anything`, { method: 'POST' })).status).toBe(404);
    expect(ready).toContain('Role worker: runs what web processes accept');
    expect(ready).not.toContain('Admin');

    const shown = await Promise.any(webs.map((web) => web.until(/once: \S+\n/)));
    const token = /once: (\S+)/.exec(shown)?.[1];
    for (const base of bases) {
      const reply = await fetch(`${base}/api/workflows`, { headers: { authorization: `Bearer ${token}` } });
      expect(reply.status).toBe(200);
    }
    const metrics = await fetch(`${health}/metrics`, { headers: { authorization: `Bearer ${token}` } });
    expect(metrics.status).toBe(200);
    const ended = await Promise.all([...webs, worker].map((one) => one.stop()));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(
      ended
        .map(({ stdout }) => stdout)
        .join('')
        .match(/shown only this once/g),
    ).toHaveLength(1);
  });

  it('takes the role from the environment too, and refuses one that there is not', async () => {
    const web = hookline(['start'], { HOOKLINE_DATABASE_URL: url, HOOKLINE_SECRET_KEY: KEY, HOOKLINE_ROLE: 'web' });
    expect(await web.until(/Admin API/)).toContain('Role web');
    const { code, stderr } = await start('boss').ended;
    expect(code).toBe(1);
    expect(stderr).toContain('Allowed choices are all, web, worker');
  });

  it('needs PostgreSQL for web and worker', async () => {
    const { code, stderr } = await start('worker', { HOOKLINE_DATABASE_URL: `sqlite:${join(folder, 'a.db')}` }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^hookline: The role "worker" needs PostgreSQL .+\n$/);
  });

  it('needs a key that all machines share for web and worker', async () => {
    const { code, stderr } = await start('web', { HOOKLINE_SECRET_KEY: '' }).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('HOOKLINE_SECRET_KEY is missing');
    expect(stderr).toContain('HOOKLINE_SECRET_KEY_FILE');
  });

  it('refuses a PostgreSQL database that was used with another key, for a server and for an import', async () => {
    const first = start('all', { HOOKLINE_SECRET_KEY: '', HOOKLINE_SECRET_KEY_FILE: join(folder, 'one.key') });
    await listening(first);
    expect((await first.stop()).code).toBe(0);
    const other = { HOOKLINE_SECRET_KEY: '', HOOKLINE_SECRET_KEY_FILE: join(folder, 'two.key') };
    const refused = await start('all', other).ended;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/^hookline: This database was used with another secret key.+\n$/);
    const imported = await hookline(['import', 'examples/payment-callback.json'], { HOOKLINE_DATABASE_URL: url, ...other }).ended;
    expect(imported.code).toBe(1);
    expect(imported.stderr).toContain('another secret key');
  });

  it('starts on SQLite with another key, and says what that means', async () => {
    const env = { HOOKLINE_DATABASE_URL: `sqlite:${join(folder, 'a.db')}` };
    const first = start('all', { ...env, HOOKLINE_SECRET_KEY: '' });
    await listening(first);
    await first.stop();
    const second = start('all', env);
    await listening(second);
    expect((await second.stop()).stdout).toContain('This database was used with another secret key. Bring back that key');
    const third = start('all', env);
    await listening(third);
    expect((await third.stop()).stdout).not.toContain('another secret key');
  });
});

describe('hookline migrate on PostgreSQL', () => {
  it('makes the tables of the storage and of the queue, and then has nothing to do', async () => {
    const env = { HOOKLINE_DATABASE_URL: url };
    expect(await hookline(['migrate'], env).ended).toMatchObject({
      code: 0,
      stderr: '',
      stdout: expect.stringMatching(/^Migrated: 0001/),
    });
    const tables = await postgres.query<{ name: string }>(
      url,
      "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables",
    );
    const names = tables.map(({ name }) => name);
    expect(names).toContain('public.executions');
    expect(names).toContain('graphile_worker._private_jobs');
    expect((await hookline(['migrate'], env).ended).stdout).toBe('The database is up to date.\n');
  });
});
