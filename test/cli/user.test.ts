// `hookline user reset` beside a running server, and what `hookline start` and `demo` say of the designer.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Secret, TOTP } from 'otpauth';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openBrowser } from '../http/browser.ts';
import { killCommands, listening, hookline as run } from './command.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-user-'));
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true, force: true });
});

const hookline = (args: readonly string[], env: Record<string, string> = {}) =>
  run(args, { HOOKLINE_DATABASE_URL: `sqlite:${join(folder, 'hookline.db')}`, ...env });

it('shows the designer and a setup link at the start, and after it was used the designer alone', async () => {
  const first = hookline(['start']);
  const base = await listening(first);
  const output = await first.until(/shown only this once/);
  expect(output).toContain(`Designer ${base}/designer/\n`);
  const link = /once and for 24 hours: (\S+#[\w-]{43})\n/.exec(output)?.[1] ?? '';
  expect(link).toContain(`${base}/designer/welcome#`);
  expect((await openBrowser(base).accept(link, { email: 'ada@example.com', name: 'Ada' })).status).toBe(200);
  await first.stop();

  const second = hookline(['start']);
  await listening(second);
  await second.until(/Designer /);
  const { stdout, code } = await second.stop();
  expect(code).toBe(0);
  expect(stdout).not.toContain('welcome#');
});

it('gives a link for a new password while the server runs; who has the old one is out', async () => {
  const server = hookline(['start']);
  const base = await listening(server);
  const output = await server.until(/shown only this once/);
  const ada = openBrowser(base);
  await ada.accept(/(\S+#[\w-]{43})/.exec(output)?.[1] ?? '', { email: 'ada@example.com', name: 'Ada' });

  const { secret } = (await ada.send('POST', '/api/me/second-factor')).body;
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate();
  expect((await ada.send('POST', '/api/me/second-factor/enable', { code })).status).toBe(200);

  const reset = await hookline(['user', 'reset', 'ADA@example.com'], { HOOKLINE_PUBLIC_URL: base }).ended;
  expect(reset).toMatchObject({ code: 0, stderr: '' });
  expect(reset.stdout).toMatch(/^ada@example\.com chooses a new password/);
  expect(reset.stdout).toContain('The second factor of this user was removed.\n');
  const link = /http\S+#[\w-]{43}/.exec(reset.stdout)?.[0] ?? '';
  expect(link).toContain(`${base}/designer/welcome#`);
  expect((await ada.send('GET', '/api/workflows')).status).toBe(200);
  const again = openBrowser(base);
  expect((await again.accept(link, { password: 'remembered this time' })).body.user).toMatchObject({ email: 'ada@example.com' });
  expect((await ada.send('GET', '/api/workflows')).status).toBe(401);
  const { body } = await again.send('GET', '/api/audit?actor=hookline%20user%20reset');
  const actor = { kind: 'nobody', name: 'hookline user reset' };
  expect(body.data).toMatchObject([
    { action: 'removeUserSecondFactor', actor },
    { action: 'createUserLink', actor },
  ]);
});

it('says in one sentence why there is no link', async () => {
  const missing = await hookline(['user', 'reset', 'ada@example.com']).ended;
  expect(missing).toMatchObject({ code: 1, stdout: '' });
  expect(missing.stderr).toMatch(/^hookline: There is no database at .+\n$/);
  await hookline(['migrate']).ended;
  const nobody = await hookline(['user', 'reset', 'ada@example.com']).ended;
  expect(nobody.stderr).toBe('hookline: There is no user ada@example.com. There are none yet.\n');
  expect(nobody.code).toBe(1);
});

it('a demo begins with the designer: the setup link, and with an old folder where to sign in', async () => {
  const data = ['demo', '--port', '0', '--data', folder];
  const first = hookline(data);
  const output = await first.until(/Ctrl-C stops/);
  const link = /The designer: open this link.*\n {2}(\S+#[\w-]{43})\n/.exec(output)?.[1] ?? '';
  expect(output.indexOf(link)).toBeLessThan(output.indexOf('Payment callback'));
  const base = link.replace(/\/designer.*/, '');
  expect((await openBrowser(base).accept(link, { email: 'ada@example.com', name: 'Ada' })).status).toBe(200);
  await first.stop();
  const second = hookline(data);
  expect(await second.until(/Ctrl-C stops/)).toMatch(/The designer: sign in\n {2}http:\S+\/designer\/\n/);
  await second.stop();
});
