import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Command, killCommands, listening, REPOSITORY, hookline as runCommand } from './cli/command.ts';
import { PATIENCE } from './patience.ts';

const TOKEN = 'Bq8vT4nXk2Rz6WmP9hLc5yFj7sGd3aEu';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-main-'));
});

afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true, force: true });
});

/** On this test's own database; what the command logs by default. */
function hookline(args: readonly string[], env: Record<string, string> = {}): Command {
  const database = `sqlite:${join(folder, 'hookline.db')}`;
  return runCommand(args, { HOOKLINE_DATABASE_URL: database, HOOKLINE_LOG_LEVEL: '', ...env });
}

describe('hookline', () => {
  it('says its version', async () => {
    const { version } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
    expect(await hookline(['--version']).ended).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('names every command in its help', async () => {
    const { code, stdout } = await hookline(['--help']).ended;
    expect(code).toBe(0);
    for (const name of ['start', 'demo', 'export', 'import', 'migrate', 'copy', 'doctor', 'user', 'config'])
      expect(stdout).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  });

  it('names the command that was meant', async () => {
    const mistyped = await hookline(['exprot']).ended;
    expect(mistyped.code).toBe(1);
    expect(mistyped.stderr).toContain('there is no command "exprot"; did you mean "export"?');
    expect((await hookline(['frobnicate']).ended).stderr).toContain('there is no command "frobnicate"\n');
  });

  it('refuses a wrong configuration, lists every problem and exits with 1', async () => {
    const { code, stdout, stderr } = await hookline([], {
      HOOKLINE_PORT: 'abc',
      HOOKLINE_DURABILTY: 'normal',
      HOOKLINE_ADMIN_TOKEN: 'short',
    }).ended;
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toContain('HOOKLINE_PORT must be a whole number from 0 to 65535');
    expect(stderr).toContain('HOOKLINE_DURABILTY is not known; did you mean HOOKLINE_DURABILITY?');
    expect(stderr).toContain('HOOKLINE_ADMIN_TOKEN must have at least 32 characters');
    expect(stderr).not.toContain('short');
    expect(stderr).not.toMatch(/^\s+at /m);
  });

  it('says in one sentence that a database does not answer, without its password', async () => {
    const { code, stderr } = await hookline(['start'], { HOOKLINE_DATABASE_URL: 'postgres://me:hunter2@127.0.0.1:1/x' }).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^hookline: .+\n$/);
    expect(stderr).not.toContain('hunter2');
  });

  it('prints the configuration without secrets', async () => {
    const { code, stdout } = await hookline(['config'], { HOOKLINE_ADMIN_TOKEN: TOKEN, HOOKLINE_PREFIX: '/x' }).ended;
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ prefix: '/x', adminToken: '(set)', durability: 'full' });
    expect(stdout).not.toContain(TOKEN);
  });
});

describe('hookline start', () => {
  it('answers, prints the generated token on the very first start only, and stops with 0 on SIGTERM', async () => {
    const first = hookline(['start']);
    const base = await listening(first);
    const output = await first.until(/shown only this once: \S+\n/);
    const token = /shown only this once: (\S+)/.exec(output)?.[1];
    expect((await fetch(`${base}/healthz`)).status).toBe(200);
    expect((await fetch(`${base}/readyz`)).status).toBe(200);
    expect((await fetch(`${base}/api/workflows`)).status).toBe(401);
    const authorized = await fetch(`${base}/api/workflows`, { headers: { authorization: `Bearer ${token}` } });
    expect(authorized.status).toBe(200);
    expect(await authorized.json()).toEqual({ data: [], nextCursor: null });
    first.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);

    const second = hookline([]);
    await listening(second);
    second.child.kill('SIGINT');
    const { code, stdout } = await second.ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain('shown only this once');
  });

  it('says in one sentence that the port is taken, before it touches the database', async () => {
    const blocker = createServer();
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, '127.0.0.1', () => {
        const address = blocker.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const { code, stderr } = await hookline(['start'], { HOOKLINE_PORT: String(port) }).ended;
    await new Promise((resolve) => blocker.close(resolve));
    expect(code).toBe(1);
    expect(stderr).toBe(`hookline: Port ${port} on 127.0.0.1 is taken by another program. Choose another with HOOKLINE_PORT.\n`);
    expect(existsSync(join(folder, 'hookline.db'))).toBe(false);
  });

  it('refuses a database that another server uses', async () => {
    const first = hookline(['start']);
    await listening(first);
    const { code, stderr } = await hookline(['start']).ended;
    expect(code).toBe(1);
    expect(stderr).toContain('Another Hookline server is using the database');
  });
});

describe('hookline demo', () => {
  interface Announced {
    readonly title: string;
    readonly status: number;
    readonly body: string;
    readonly url: string;
    readonly init: RequestInit;
  }

  /** Reads `# paid -> 200 {…}` and the curl line under it. */
  function announcements(output: string): Announced[] {
    return [...output.matchAll(/^# (.+?) -> (\d{3}) ?(.*)\n(curl .+)$/gm)].map(
      ([, title = '', status = '', body = '', line = '']) => {
        const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
        const following = (flag: string): string | undefined =>
          words.includes(flag) ? words[words.indexOf(flag) + 1] : undefined;
        const [name = '', value = ''] = following('-H')?.split(': ') ?? [];
        const data = following('-d');
        const init: RequestInit = {
          headers: name === '' ? {} : { [name]: value },
          ...(data === undefined ? {} : { method: 'POST', body: data }),
        };
        return { title, status: Number(status), body, url: words.find((word) => word.startsWith('http')) ?? '', init };
      },
    );
  }

  it('prints requests that give the announced answers, and removes its temporary folder at the end', async () => {
    const demo = hookline(['demo', '--port', '0'], { HOOKLINE_DATABASE_URL: '' });
    const output = await demo.until(/Ctrl-C stops/);
    const data = /Data in (\S+)/.exec(output)?.[1] ?? '';
    expect(existsSync(join(data, 'hookline.db'))).toBe(true);
    const announced = announcements(output);
    expect(announced.map(({ title, status }) => `${title} ${status}`)).toEqual([
      'paid 200',
      'failed 422',
      'GET 405',
      'order 200',
      'executions 200',
    ]);
    for (const { title, status, body, url, init } of announced) {
      const reply = await fetch(url, init);
      expect(reply.status, title).toBe(status);
      if (body === '') await reply.text();
      else expect(await reply.text(), title).toBe(body);
    }
    const list = announced.at(-1);
    const order = await vi.waitFor(async () => {
      const reply = await fetch(`${list?.url}?status=succeeded&limit=1`, list?.init);
      const { data } = (await reply.json()) as { data: { id: string }[] };
      const detail = await fetch(`${list?.url}/${data[0]?.id}`, list?.init);
      const execution = (await detail.json()) as { request: { url: string }; jobs: { key: string; output: unknown }[] };
      expect(execution.request.url).toContain('channel=shop');
      return execution;
    }, PATIENCE);
    expect(order.jobs.map(({ key, output }) => [key, output])).toEqual([
      ['skus', ['TEA-1', 'CUP-7']],
      ['total', 110],
      ['summary', 'Order A-1001 of Ada: 110'],
      ['large', true],
      ['mark', 'LARGE: Order A-1001 of Ada: 110'],
    ]);
    demo.child.kill('SIGINT');
    expect((await demo.ended).code).toBe(0);
    expect(existsSync(data)).toBe(false);
  });

  it('keeps a named folder and does not import the examples twice', async () => {
    const urls: (string | undefined)[] = [];
    for (let round = 0; round < 2; round++) {
      const demo = hookline(['demo', '--port', '0', '--data', folder]);
      const output = await demo.until(/Ctrl-C stops/);
      urls.push(/\/hooks\/\S+/.exec(output)?.[0]);
      const list = announcements(output).find(({ title }) => title === 'executions');
      const workflows = await fetch(list?.url.replace('/executions', '/workflows') ?? '', list?.init);
      expect(((await workflows.json()) as { data: unknown[] }).data).toHaveLength(2);
      demo.child.kill('SIGINT');
      expect((await demo.ended).code).toBe(0);
    }
    expect(urls[0]).toBe(urls[1]);
  });
});

describe('hookline export and import', () => {
  const example = join(REPOSITORY, 'examples/payment-callback.json');

  it('moves a workflow to another database, with its key if wished', async () => {
    const imported = await hookline(['import', example, '--enable']).ended;
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout).toContain('Payment callback (sync, enabled)');
    const key = /\/hooks\/(\S+)/.exec(imported.stdout)?.[1];

    const file = join(folder, 'all.json');
    expect(await hookline(['export', '--out', file]).ended).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const all = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>[];
    expect(all).toHaveLength(1);
    const { nodes, trigger } = JSON.parse(await readFile(example, 'utf8')) as Record<string, unknown>;
    expect(all[0]).toMatchObject({ hookline: 1, title: 'Payment callback', mode: 'sync', trigger, nodes });

    const other = { HOOKLINE_DATABASE_URL: `sqlite:${join(folder, 'other.db')}` };
    const moved = await hookline(['import', file, '--keep-key'], other).ended;
    expect(moved.stdout).toContain(`/hooks/${key}\n`);
    const again = await hookline(['import', file, '--keep-key'], other).ended;
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^hookline: .+\n$/);
  });

  it('exports while a server runs on the database', async () => {
    const { stdout } = await hookline(['import', example]).ended;
    const id = stdout.split(' ')[0] ?? '';
    await listening(hookline(['start']));
    const exported = await hookline(['export', id]).ended;
    expect(exported.stderr).toBe('');
    expect(JSON.parse(exported.stdout)).toMatchObject({ title: 'Payment callback' });
  });

  it('exports and imports workflows with secrets, which stay behind', async () => {
    const file = join(folder, 'guarded.json');
    const auth = { type: 'basic', username: 'bob', password: 'swordfish' };
    const nodes = [{ key: 'sum', type: 'calculation', config: { engine: 'mathjs', expression: '1 + 1' } }];
    const guarded = { hookline: 1, title: 'Guarded', mode: 'async', trigger: { type: 'webhook', config: { auth } }, nodes };
    await writeFile(file, JSON.stringify(guarded));
    expect(await hookline(['import', file, '--enable']).ended).toMatchObject({ code: 0, stderr: '' });

    const exported = await hookline(['export']).ended;
    expect(exported.stderr).toBe('');
    expect(exported.stdout).not.toContain('swordfish');
    await writeFile(file, exported.stdout);
    const imported = await hookline(['import', file, '--enable']).ended;
    expect(imported.code).toBe(1);
    expect(imported.stdout).toContain('Guarded (async, disabled)');
    expect(imported.stderr).toMatch(/^hookline: .+trigger\.config\.auth\.username: the secret is missing.+\n$/);
  });

  it('tells what is wrong with an expression', async () => {
    const file = join(folder, 'wrong.json');
    const nodes = [{ key: 'sum', type: 'calculation', config: { engine: 'mathjs', expression: '1 + (' } }];
    await writeFile(file, JSON.stringify({ hookline: 1, title: 'x', mode: 'async', trigger: { type: 'webhook' }, nodes }));
    const { code, stderr } = await hookline(['import', file]).ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/^hookline: .+nodes\[0\]\.config\.expression: .+\n$/);
  });

  it('says what is wrong with a file in one sentence and adds nothing', async () => {
    const file = join(folder, 'wrong.json');
    await writeFile(file, '{"title": ');
    const broken = await hookline(['import', file]).ended;
    expect(broken.code).toBe(1);
    expect(broken.stderr).toMatch(/^hookline: .+line 1.+\n$/);
    expect((await hookline(['import', join(folder, 'missing.json')]).ended).stderr).toMatch(
      /^hookline: The file .+ cannot be read/,
    );
    expect((await hookline(['export', 'nope']).ended).code).toBe(1);
  });
});

describe('hookline migrate', () => {
  it('migrates once, then has nothing to do, and is what a start without automatic migration asks for', async () => {
    const refused = await hookline(['start'], { HOOKLINE_AUTO_MIGRATE: 'false' }).ended;
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain('0001');
    expect((await hookline(['migrate']).ended).stdout).toMatch(/^Migrated: 0001/);
    expect((await hookline(['migrate']).ended).stdout).toBe('The database is up to date.\n');
    const started = hookline(['start'], { HOOKLINE_AUTO_MIGRATE: 'false' });
    await listening(started);
    started.child.kill('SIGTERM');
    expect((await started.ended).code).toBe(0);
  });
});
