// Rows that cannot be read are marked in every list and on their pages, and everything beside them works as ever.

import type { Locator } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { createDamagedWorld, type DamagedWorld } from './damaged-world.ts';
import { type Person, prepareDesigner } from './designer.ts';

const designer = prepareDesigner();
let person: Person;
let world: DamagedWorld;
beforeAll(async () => {
  world = await createDamagedWorld(designer.server);
  person = await designer.signedIn();
});

const marks = (within: Pick<Locator, 'getByText'>): Locator => within.getByText('Unreadable', { exact: true });

/** Opens a list, in which the rows of this name alone are marked. */
async function expectOneMark(path: string, damaged: RegExp | string): Promise<void> {
  const { page } = person;
  await person.open(path);
  const row = page.getByRole('row').filter({ has: marks(page) });
  await row.first().waitFor();
  expect(await row.count(), path).toBe(1);
  expect(await row.innerText(), path).toMatch(damaged);
  expect(await page.getByRole('row').count(), path).toBeGreaterThan(2);
  expect(await page.locator('body').innerText(), path).not.toMatch(/undefined|NaN|Invalid Date/);
}

test('every list marks the row that cannot be read, and shows the others', async () => {
  await expectOneMark('/workflows', /Damaged workflow/);
  await expectOneMark('/executions', /Sound workflow/);
  await expectOneMark('/webhooks', /Damaged endpoint/);
  await expectOneMark('/webhooks/messages', world.message);
  await expectOneMark('/webhooks/deliveries', /sound\.type/);
  await expectOneMark('/webhooks/event-types', /damaged\.type/);
  await expectOneMark('/settings/users', /Damaged User/);
  await expectOneMark('/settings/tokens', /damaged token/);
  await expectOneMark('/settings/audit', /Made a secret/);
  await person.open('/settings/secrets');
  await marks(person.page.getByRole('row', { name: /DAMAGED/ })).waitFor();
  await person.page.getByText('May be sent to no host').waitFor();
});

test('a page of such a row says so in a sentence', async () => {
  const { page } = person;
  const note = page.getByRole('note').getByText(/cannot read|cannot be read/);
  await person.open(`/executions/${world.execution}`);
  await note.first().waitFor();
  await page.getByRole('tab', { name: 'Request and reply' }).click();
  await page.getByRole('heading', { name: 'Reply' }).waitFor();
  await person.open(`/webhooks/endpoints/${world.endpoint}`);
  await page.getByText(/The settings of this endpoint cannot be read/).waitFor();
  await person.open(`/webhooks/messages/${world.message}`);
  await note.waitFor();
  await page.getByRole('button', { name: 'sound.type' }).click();
  const drawer = page.getByRole('dialog', { name: 'Delivery' });
  await drawer
    .getByRole('note')
    .getByText(/cannot read/)
    .first()
    .waitFor();
  await marks(drawer.getByRole('button', { name: /Attempt 1/ })).waitFor();
  await person.open('/overview');
  await page.getByRole('heading', { level: 1 }).waitFor();
});

test('a revision that cannot be read is said to be so, and the live one stays editable', async () => {
  const { page } = person;
  await person.open(`/workflows/${world.withOldRevision}?revision=1`);
  const old = page.getByRole('listitem').filter({ has: marks(page) });
  await old.getByText(/This revision cannot be read/).waitFor();
  expect(await old.getByRole('button', { name: /Activate|Edit a copy|Compare/ }).count()).toBe(0);
  await page.getByRole('button', { name: 'Back to editing' }).click();
  await page
    .locator('.hl-editor-canvas')
    .getByText(/Response|Answer/i)
    .first()
    .waitFor();
});

test('a workflow whose live revision cannot be read says so, until it is saved anew', async () => {
  const { page } = person;
  await person.open(`/workflows/${world.workflow}`);
  await page.getByText(/The live revision of this workflow cannot be read/).waitFor();
  await page.getByRole('tab', { name: /Variables/ }).click();
  await page.getByText(/kept as an example cannot be read/).waitFor();
  await page.getByRole('button', { name: 'Forget it' }).click();
  await page.getByText('The example is forgotten.').waitFor();
  const body = { trigger: { type: 'webhook', config: {} }, nodes: [], tags: [] };
  await designer.server.api('PATCH', `/api/workflows/${world.workflow}`, body);
  await page.getByText(/The live revision of this workflow cannot be read/).waitFor({ state: 'detached' });
});
