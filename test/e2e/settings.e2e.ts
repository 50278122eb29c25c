// The settings: secrets that nobody reads again, tokens that are shown once, roles, the log of changes, language and appearance.

import { beforeAll, expect, test } from 'vitest';
import { OWNER, type Person, prepareDesigner } from './designer.ts';
import { walkTo } from './keyboard.ts';

const designer = prepareDesigner();
let person: Person;
beforeAll(async () => {
  person = await designer.signedIn();
});

const SECRET = 'open sesame, and quickly';

test('a secret is kept by keyboard alone, used by name, and never shown again', async () => {
  const { page } = person;
  const replies: string[] = [];
  await page.route('**/api/secrets*', async (route) => {
    const response = await route.fetch();
    replies.push(await response.text());
    await route.fulfill({ response });
  });
  await person.open('/settings/secrets');
  await walkTo(page, page.getByRole('button', { name: 'New secret' }), 'Tab');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New secret' });
  await walkTo(page, dialog.getByRole('textbox', { name: 'Name' }), 'Tab');
  await page.keyboard.type('SHOP_API_KEY');
  await walkTo(page, dialog.getByLabel(/^Value/), 'Tab');
  await page.keyboard.type(SECRET);
  await page.keyboard.press('Enter');
  await page.getByText('SHOP_API_KEY was saved.').waitFor();
  await page.getByRole('row', { name: /\$secrets\.SHOP_API_KEY/ }).waitFor();
  await page.reload();
  await page
    .getByRole('row', { name: /\$secrets\.SHOP_API_KEY/ })
    .getByRole('button', { name: 'Change' })
    .click();
  const change = page.getByRole('dialog', { name: 'Change SHOP_API_KEY' });
  expect(await change.getByLabel(/^Value/).inputValue()).toBe('');
  await page.keyboard.press('Escape');
  expect(replies.length).toBeGreaterThan(2);
  expect(replies.join() + (await page.content())).not.toContain(SECRET);
});

test('a secret in use says by whom, and is deleted only after a question', async () => {
  const { page } = person;
  await designer.server.api('POST', '/api/workflows', {
    title: 'Keyed',
    mode: 'sync',
    trigger: { type: 'webhook', config: {} },
    nodes: [{ key: 'answer', type: 'response', config: { body: '{{$secrets.SHOP_API_KEY}}' } }],
  });
  await person.open('/settings/secrets');
  const row = page.getByRole('row', { name: /SHOP_API_KEY/ });
  await row.getByRole('link', { name: 'Keyed' }).waitFor();
  await row.getByRole('button', { name: 'Delete' }).click();
  const question = page.getByRole('dialog', { name: 'Delete SHOP_API_KEY?' });
  await question.getByText('These workflows use it and will fail: Keyed.').waitFor();
  await question.getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No secrets yet').waitFor();
});

test('a token is shown once, may what was chosen, and nothing after it was revoked', async () => {
  const { page } = person;
  await person.open('/settings/tokens');
  await page.getByRole('button', { name: 'New token' }).click();
  const dialog = page.getByRole('dialog', { name: 'New token' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('shop backend');
  await dialog.getByRole('checkbox', { name: 'see executions' }).check();
  await dialog.getByRole('button', { name: 'Make the token' }).click();
  const shown = page.getByRole('dialog', { name: 'Your new token' });
  const token = await shown.getByText(/^hlk_/).innerText();
  await shown.getByRole('button', { name: 'Done' }).click();
  const row = page.getByRole('row', { name: /shop backend/ });
  await row.getByText(`…${token.slice(-4)}, made by`).waitFor();
  await page.reload();
  await row.waitFor();
  expect(await page.content()).not.toContain(token);

  const status = async (path: string): Promise<number> =>
    (await fetch(designer.server.url + path, { headers: { Authorization: `Bearer ${token}` } })).status;
  expect(await status('/api/executions')).toBe(200);
  expect(await status('/api/workflows')).toBe(403);
  await row.getByRole('button', { name: 'Revoke' }).click();
  await page.getByRole('dialog', { name: 'Revoke “shop backend”?' }).getByRole('button', { name: 'Revoke' }).click();
  await page.getByText('The token was revoked.').waitFor();
  expect(await status('/api/executions')).toBe(401);
});

test('an owner sees where another user is signed in, ends one session and then all', async () => {
  const { page } = person;
  const email = await designer.invite('viewer', 'Grace Hopper');
  const grace = await designer.signedIn({}, email);
  await person.open('/settings/users');
  const row = page.getByRole('row', { name: /Grace Hopper/ });
  await row.getByRole('button', { name: 'More about Grace Hopper' }).click();
  await page.getByRole('menuitem', { name: 'Sessions…' }).click();
  const dialog = page.getByRole('dialog', { name: 'Sessions of Grace Hopper' });
  const browser = dialog.getByRole('row', { name: /Chrome/ });
  await browser.getByText('127.0.0.1').waitFor();
  expect(await browser.innerText()).toMatch(/\d{1,2}:\d{2}/);
  await browser.getByRole('button', { name: /^End the session of Chrome/ }).click();
  await browser.waitFor({ state: 'detached' });
  const session = async () => (await grace.context.request.get(`${designer.server.url}/api/session`)).json();
  expect(await session()).toMatchObject({ user: null });
  await dialog.getByRole('button', { name: 'Sign out everywhere' }).click();
  const question = page.getByRole('dialog', { name: 'Sign Grace Hopper out everywhere?' });
  await question.getByRole('button', { name: 'Sign out everywhere' }).click();
  await dialog.getByText('Grace Hopper is not signed in anywhere.').waitFor();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await designer.leave(grace);
});

test('the log of changes says who changed what', async () => {
  const { page } = person;
  await person.open('/settings/audit');
  const revoked = page.getByRole('row', { name: /Revoked a token/ });
  await revoked.getByText(OWNER.email).waitFor();
  await page
    .getByRole('row', { name: /Made a secret/ })
    .getByText(/\bvalue\b/)
    .waitFor();
  await page
    .getByRole('row', { name: /Made a workflow/ })
    .getByText('admin token')
    .first()
    .waitFor();
  expect(await page.content()).not.toContain(SECRET);
});

test('how long executions are kept is changed, and goes back to the default', async () => {
  const { page } = person;
  await person.open('/settings/retention');
  const kept = page.getByRole('combobox', { name: 'Executions that succeeded' });
  const usual = await kept.inputValue();
  await kept.click();
  await page.getByRole('option', { name: 'For ever' }).click();
  await page.getByText('Saved. It holds within a minute.').waitFor();
  await page.getByRole('button', { name: 'Back to the default' }).click();
  await expect.poll(() => kept.inputValue()).toBe(usual);
});

test('language and appearance are chosen in the menu, by keyboard, and stay', async () => {
  const { page } = person;
  await person.open('/overview');
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await walkTo(page, page.getByRole('button', { name: `Menu of ${OWNER.name}` }), 'Tab');
  await page.keyboard.press('Enter');
  await walkTo(page, page.getByRole('menuitemradio', { name: 'Dark' }), 'ArrowDown');
  await page.keyboard.press('Enter');
  await page.locator('html[data-mantine-color-scheme=dark]').waitFor();
  await walkTo(page, page.getByRole('menuitemradio', { name: 'Nederlands' }), 'ArrowUp');
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: 'Uitvoeringen' }).waitFor();
  await page.reload();
  await page.getByRole('link', { name: 'Uitvoeringen' }).waitFor();
  await page.locator('html[lang=nl][data-mantine-color-scheme=dark]').waitFor();
});

test('a viewer sees everything but people and tokens, and can change nothing', async () => {
  const { hookUrl } = await designer.server.api('POST', '/api/workflows', {
    title: 'Looked at',
    mode: 'sync',
    enabled: true,
    trigger: { type: 'webhook', config: {} },
    nodes: [{ key: 'answer', type: 'response', config: { body: 'yes' } }],
  });
  await designer.server.post(hookUrl, {});
  const { page, open } = await designer.signedIn({}, await designer.invite('viewer', 'Edsger Dijkstra'));
  await open('/workflows');
  await page.getByRole('link', { name: 'Looked at', exact: true }).waitFor();
  expect(await page.getByRole('button', { name: /New workflow|Import/ }).count()).toBe(0);
  expect(await page.getByRole('switch', { name: '“Looked at” takes calls' }).isDisabled()).toBe(true);
  await page.getByRole('button', { name: 'More about Looked at' }).click();
  await page.getByRole('menuitem', { name: 'Executions' }).click();
  await page.getByRole('row').getByRole('link', { name: 'Looked at', exact: true }).click();
  await page.getByRole('heading', { name: 'Looked at', level: 1 }).waitFor();
  expect(await page.getByRole('button', { name: 'Replay' }).count()).toBe(0);
  await open('/webhooks');
  await page.getByText('No endpoints yet').waitFor();
  expect(await page.getByRole('button', { name: 'New endpoint' }).count()).toBe(0);
  await open('/settings/secrets');
  await page.getByText('No secrets yet').waitFor();
  expect(await page.getByRole('button', { name: 'New secret' }).count()).toBe(0);
  const sections = page.getByRole('navigation', { name: 'Sections' });
  expect(await sections.getByRole('link').allInnerTexts()).toEqual([
    'Your profile',
    'Secrets',
    'How long things are kept',
    'This installation',
  ]);
  await open('/settings/users');
  await page.getByRole('heading', { name: 'Users' }).waitFor({ state: 'detached' });
});
