// From the link that the server printed to the first page; then out and in again.

import { expect, test } from 'vitest';
import { OWNER, PASSWORD, prepareDesigner } from './designer.ts';

const designer = prepareDesigner({ isSetUp: false });

test('before there is an owner the sign-in page says how to begin', async () => {
  const { page, open } = await designer.visitor();
  await open('/');
  await page.getByRole('heading', { name: 'Hookline is not set up yet' }).waitFor();
  expect(await page.getByLabel('Password').count()).toBe(0);
});

test('the one-time link makes the owner, by keyboard alone, and works once', async () => {
  const { page, problems } = await designer.visitor();
  await page.goto(designer.server.setupLink ?? '');
  await page.getByRole('heading', { name: 'Welcome to Hookline' }).waitFor();
  await page.getByLabel('Your name').focus();
  for (const text of [OWNER.name, OWNER.email, PASSWORD]) {
    await page.keyboard.type(text);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.type(`${PASSWORD}!`);
  await page.keyboard.press('Enter');
  await page.getByText('The two passwords are not the same.').waitFor();
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Workflows', level: 1 }).waitFor();
  await page.getByText('No workflows yet').waitFor();

  const later = await designer.visitor();
  later.problems.expect(404);
  await later.page.goto(designer.server.setupLink ?? '');
  await later.page.getByRole('heading', { name: 'This link does not work any more' }).waitFor();
  expect(problems.take()).toEqual([]);
});

test('signing out ends the session; signing in leads to the page that was wanted', async () => {
  const { page, open, problems } = await designer.signedIn();
  await open('/executions?status=failed');
  await page.getByRole('heading', { name: 'Executions', level: 1 }).waitFor();
  await page.getByRole('button', { name: `Menu of ${OWNER.name}` }).click();
  await page.getByRole('menuitem', { name: 'Sign out' }).click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await open('/executions?status=failed');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();

  problems.expect(401);
  await page.getByLabel('E-mail address').fill(OWNER.email);
  await page.getByLabel(/^Password/).fill('not the password');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('The e-mail address or the password is wrong.').waitFor();

  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Executions', level: 1 }).waitFor();
  expect(page.url()).toContain('/designer/executions?status=failed');
});

test('an invited user chooses a password and sees what the role allows', async () => {
  const owner = await designer.signedIn();
  await owner.open('/settings/users');
  await owner.page.getByRole('button', { name: 'Invite somebody' }).click();
  const dialog = owner.page.getByRole('dialog', { name: 'Invite somebody' });
  await dialog.getByLabel('E-mail address').fill('grace@example.com');
  await dialog.getByRole('textbox', { name: 'Name', exact: true }).fill('Grace Hopper');
  await dialog.getByRole('button', { name: 'Make the invitation' }).click();
  const link = await owner.page.getByRole('dialog', { name: 'One-time link' }).locator('pre').innerText();

  const invited = await designer.visitor();
  await invited.page.goto(link);
  await invited.page.getByRole('heading', { name: 'You are invited to Hookline' }).waitFor();
  const field = invited.page.getByRole('textbox', { name: 'Choose a password' });
  const choose = async (password: string): Promise<void> => {
    await field.fill(password);
    await invited.page.getByLabel('The same password again').fill(password);
    await invited.page.getByRole('button', { name: 'Continue' }).click();
  };
  invited.problems.expect(422);
  await choose('GraceHopper2026');
  await invited.page.getByText('This password is among the first that others would try').waitFor();
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
  await choose(PASSWORD);
  await invited.page.getByRole('heading', { name: 'Workflows', level: 1 }).waitFor();
  await invited.page.getByRole('button', { name: 'Menu of Grace Hopper' }).waitFor();

  await invited.open('/settings/profile');
  invited.problems.expect(422);
  await invited.page.getByLabel('Present password').fill(PASSWORD);
  await invited.page.getByRole('textbox', { name: 'New password' }).fill('1qaz2wsx3edc');
  await invited.page.getByRole('button', { name: 'Change the password' }).click();
  await invited.page.getByText('This password is among the first that others would try').waitFor();

  await owner.page.reload();
  await owner.page
    .getByRole('row', { name: /grace@example.com/ })
    .getByText('Active')
    .waitFor();
});

test('whoever guesses too often has to wait', async () => {
  const { page, open, problems } = await designer.visitor();
  await open('/sign-in');
  await page.getByLabel('E-mail address').fill('eve@example.com');
  await page.getByLabel(/^Password/).fill('another guess');
  // Each guess makes the wait longer, until it outlasts the way from the key to the server, however slow the machine is.
  await expect
    .poll(async () => {
      for (let tries = 0; tries < 10; tries += 1) {
        await designer.server.post(`${designer.server.url}/api/session`, { email: 'eve@example.com', password: 'guess' });
      }
      const answered = page.waitForResponse(
        (reply) => reply.url().endsWith('/api/session') && reply.request().method() === 'POST',
      );
      await page.keyboard.press('Enter');
      return (await answered).status();
    })
    .toBe(429);
  await page.getByRole('alert').getByText('Too many tries.').waitFor();
  expect(problems.take().filter((problem) => !/^(401|429) for POST .*\/api\/session$/.test(problem))).toEqual([]);
});
