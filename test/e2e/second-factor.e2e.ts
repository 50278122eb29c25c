// The second factor in the designer: set it up by the key as text, sign in with a code and with a recovery code, and be made to have one.

import { Secret, TOTP } from 'otpauth';
import { beforeAll, expect, test } from 'vitest';
import { OWNER, PASSWORD, type Person, prepareDesigner } from './designer.ts';

const designer = prepareDesigner();
let person: Person;
let key = '';
let recoveryCode = '';
/** The last step whose code was used: each is taken once. */
let usedStep = 0;

beforeAll(async () => {
  person = await designer.signedIn();
});

/** A code that was not used yet: of this step, or of the next one, which the server takes, too. */
function freshCode(): string {
  const present = Math.floor(Date.now() / 30_000);
  usedStep = Math.max(present, usedStep + 1);
  return new TOTP({ secret: Secret.fromBase32(key) }).generate({ timestamp: usedStep * 30_000 });
}

async function typePassword({ page }: Person): Promise<void> {
  await page.getByLabel('E-mail address').fill(OWNER.email);
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'One more step' }).waitFor();
}

test('it is set up by typing the key, with the recovery codes shown once', async () => {
  const { page, open, problems } = person;
  await open('/settings/profile');
  await page.getByRole('button', { name: 'Set up a second factor' }).click();
  const dialog = page.getByRole('dialog', { name: 'Set up a second factor' });
  await dialog.getByRole('img', { name: 'QR code with the key for your app' }).waitFor();
  key = ((await dialog.locator('[data-second-factor-key]').textContent()) ?? '').replaceAll(' ', '');
  const field = dialog.getByRole('textbox', { name: 'Code' });
  problems.expect(403);
  await field.fill('000000');
  await page.keyboard.press('Enter');
  await dialog.getByText('This code is wrong, too old, or was used already.').waitFor();
  expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
  await field.fill(freshCode());
  await page.keyboard.press('Enter');
  const codes = dialog.locator('[data-recovery-code]');
  await codes.first().waitFor();
  expect(await codes.count()).toBe(10);
  recoveryCode = (await codes.first().textContent()) ?? '';
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText('10 recovery codes left').waitFor();
  await open('/settings/users');
  await page
    .getByRole('row', { name: /ada@example.com/ })
    .getByText('Second factor')
    .waitFor();
});

test('signing in takes a code of the app, or a recovery code', async () => {
  const visitor = await designer.visitor();
  const { page, open, problems } = visitor;
  await open('/sign-in');
  await typePassword(visitor);
  const field = page.getByRole('textbox', { name: 'Code' });
  expect(await field.evaluate((input) => input === document.activeElement)).toBe(true);
  problems.expect(403);
  await page.keyboard.type('123456');
  await page.keyboard.press('Enter');
  await page.getByText('This code is wrong, too old, or was used already.').waitFor();
  await page.keyboard.type(freshCode());
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Workflows', level: 1 }).waitFor();

  const other = await designer.visitor();
  await other.open('/sign-in');
  await typePassword(other);
  await other.page.keyboard.type(recoveryCode.toLowerCase());
  await other.page.keyboard.press('Enter');
  await other.page.getByRole('heading', { name: 'Workflows', level: 1 }).waitFor();
  await other.open('/settings/profile');
  await other.page.getByText('9 recovery codes left').waitFor();
});

test('where owners must have one, another owner sets it up before anything else', async () => {
  const { page, open } = person;
  await open('/settings/users');
  await page.getByRole('switch', { name: 'Owners must have a second factor' }).press('Space');
  await page.getByText('Saved.').waitFor();
  const email = await designer.invite('owner', 'Grace Hopper');
  const grace = await designer.visitor();
  await grace.open('/sign-in');
  await grace.page.getByLabel('E-mail address').fill(email);
  await grace.page.getByLabel(/^Password/).fill(PASSWORD);
  await grace.page.keyboard.press('Enter');
  await grace.page.getByRole('heading', { name: 'Set up a second factor' }).waitFor();
  const text = (await grace.page.locator('[data-second-factor-key]').textContent()) ?? '';
  const totp = new TOTP({ secret: Secret.fromBase32(text.replaceAll(' ', '')) });
  await grace.page.getByRole('textbox', { name: 'Code' }).fill(totp.generate());
  await grace.page.keyboard.press('Enter');
  await grace.page.getByRole('button', { name: 'I have kept them' }).click();
  await grace.page.getByRole('heading', { name: 'Workflows', level: 1 }).waitFor();
});
