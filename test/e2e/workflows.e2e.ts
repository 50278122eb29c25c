// The list of workflows: made, found, copied, exported, switched, thrown away and brought back.

import { readFile } from 'node:fs/promises';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { type Person, prepareDesigner } from './designer.ts';
import { walkTo } from './keyboard.ts';

const designer = prepareDesigner();
let person: Person;
beforeAll(async () => {
  person = await designer.signedIn();
});
beforeEach(async () => {
  // Nothing may be open of what is about to go.
  await person.page.goto('about:blank');
  const { data } = await designer.server.api('GET', '/api/workflows?limit=100');
  for (const { id } of data) await designer.server.api('DELETE', `/api/workflows/${id}?forever=true`);
  await person.open('/workflows');
});

const answering = {
  title: 'Answering',
  mode: 'sync',
  enabled: true,
  trigger: { type: 'webhook', config: {} },
  nodes: [{ key: 'answer', type: 'response', config: { status: 200, body: 'yes' } }],
};

const make = (fields: object = {}) => designer.server.api('POST', '/api/workflows', { ...answering, ...fields });

/** A row of the list by the title of its workflow. */
const row = (title: string) => person.page.getByRole('row').filter({ has: person.page.getByText(title, { exact: true }) });

const inMenu = async (title: string, item: string): Promise<void> => {
  await person.page.getByRole('button', { name: `More about ${title}`, exact: true }).click();
  await person.page.getByRole('menuitem', { name: item }).click();
};

test('a workflow is made from a template by keyboard alone', async () => {
  const { page } = person;
  await walkTo(page, page.getByRole('button', { name: 'New workflow' }).first(), 'Tab');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'New workflow' });
  const name = dialog.getByRole('textbox', { name: 'Name' });
  await expect.poll(() => name.evaluate((element) => element === document.activeElement)).toBe(true);
  await walkTo(page, dialog.getByRole('radio', { name: 'Nothing' }), 'Shift+Tab');
  await page.keyboard.press('ArrowRight');
  expect(await dialog.getByRole('radio', { name: 'Payment callback' }).isChecked()).toBe(true);
  expect(await name.inputValue()).toBe('Payment callback');
  await walkTo(page, name, 'Tab');
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/designer\/workflows\/[^/]+$/);
  const [made] = (await designer.server.api('GET', '/api/workflows')).data;
  expect(made).toMatchObject({ title: 'Payment callback', mode: 'sync', enabled: false, tags: ['payments'] });
});

test('an empty workflow says how it answers; the dialog closes with Escape and gives the focus back', async () => {
  const { page } = person;
  const open = page.getByRole('button', { name: 'New workflow' }).first();
  await open.click();
  const dialog = page.getByRole('dialog', { name: 'New workflow' });
  await dialog.getByText('The caller waits, and the workflow decides the answer.').waitFor();
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  await expect.poll(() => open.evaluate((element) => element === document.activeElement)).toBe(true);
  await open.click();
  await dialog.getByRole('radio', { name: 'Async' }).click();
  await dialog.getByRole('textbox', { name: 'Name' }).fill('In the background');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page.waitForURL(/\/designer\/workflows\/[^/]+$/);
  expect((await designer.server.api('GET', '/api/workflows')).data).toMatchObject([
    { title: 'In the background', mode: 'async' },
  ]);
});

test('one is switched off and on, and its URL follows', async () => {
  const { page } = person;
  const { hookUrl } = await make();
  const toggle = page.getByRole('switch', { name: '“Answering” takes calls' });
  // It was made while the list was open, which follows by itself.
  await toggle.click();
  await page.getByText('“Answering” takes no calls any more.').waitFor();
  expect((await designer.server.post(hookUrl, {})).status).toBe(404);
  await toggle.click();
  await page.getByText('“Answering” takes calls now.').waitFor();
  expect((await designer.server.post(hookUrl, {})).status).toBe(200);
  await row('Answering').getByText('Succeeded', { exact: true }).waitFor();
});

test('one is duplicated, exported to a file, and imported from it', async () => {
  const { page } = person;
  await make({ tags: ['shop'] });
  await row('Answering').waitFor();
  await inMenu('Answering', 'Duplicate');
  await expect.poll(() => page.getByRole('switch').count()).toBe(2);

  const coming = page.waitForEvent('download');
  await inMenu('Answering', 'Export as a file');
  const download = await coming;
  expect(download.suggestedFilename()).toMatch(/answering.*\.json$/i);
  const file = await download.path();
  expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ title: 'Answering', tags: ['shop'] });

  await page.locator('input[type=file]').setInputFiles(file);
  await page.waitForURL(/\/designer\/workflows\/[^/]+$/);
  await page.getByText('“Answering” was imported.').waitFor();
  expect((await designer.server.api('GET', '/api/workflows')).data).toHaveLength(3);

  await person.open('/workflows');
  await page
    .locator('input[type=file]')
    .setInputFiles({ name: 'holiday.json', mimeType: 'application/json', buffer: Buffer.from('not JSON') });
  await page.getByText('holiday.json is not an exported workflow.').waitFor();
});

test('one is deleted and brought back at once, and later from the trash', async () => {
  const { page } = person;
  await make();
  await row('Answering').waitFor();
  await inMenu('Answering', 'Delete');
  await page.getByText('No workflows yet').waitFor();
  await page.getByRole('button', { name: 'Undo' }).click();
  await row('Answering').waitFor();

  await inMenu('Answering', 'Delete');
  await page.getByText('No workflows yet').waitFor();
  await page.getByText('Trash', { exact: true }).click();
  await row('Answering').getByRole('button', { name: 'Put back' }).click();
  await page.getByText('The trash is empty').waitFor();
  await page.getByText('All', { exact: true }).click();
  await inMenu('Answering', 'Delete');
  await page.getByText('Trash', { exact: true }).click();
  await row('Answering').getByRole('button', { name: 'Delete for ever' }).click();
  const question = page.getByRole('dialog', { name: 'Delete “Answering” for ever?' });
  await question.getByRole('button', { name: 'Cancel' }).click();
  await row('Answering').getByRole('button', { name: 'Delete for ever' }).click();
  await question.getByRole('button', { name: 'Delete for ever' }).click();
  await page.getByText('The trash is empty').waitFor();
});

test('they are found by title, tag, kind of answer and state', async () => {
  const { page } = person;
  await make({ title: 'Pay', tags: ['money'] });
  await make({ title: 'Refund', tags: ['money', 'customers'], enabled: false });
  await make({ title: 'Greet', mode: 'async', nodes: [], tags: ['customers'] });
  const titles = () =>
    page
      .getByRole('row')
      .getByRole('link', { name: /^(Pay|Refund|Greet)$/ })
      .allInnerTexts();
  await expect.poll(async () => (await titles()).sort()).toEqual(['Greet', 'Pay', 'Refund']);
  await page.getByRole('searchbox', { name: 'Search by name' }).fill('ref');
  await expect.poll(titles).toEqual(['Refund']);
  await page.getByRole('searchbox', { name: 'Search by name' }).fill('nothing like it');
  await page.getByText('No workflow fits').waitFor();
  await page.getByRole('searchbox', { name: 'Search by name' }).fill('');
  await page.getByRole('combobox', { name: 'Tag' }).click();
  await page.getByRole('option', { name: 'customers' }).click();
  await expect.poll(async () => (await titles()).sort()).toEqual(['Greet', 'Refund']);
  await page.getByText('Off', { exact: true }).click();
  await expect.poll(titles).toEqual(['Refund']);
  await page.getByText('On', { exact: true }).first().click();
  await expect.poll(titles).toEqual(['Greet']);
});
