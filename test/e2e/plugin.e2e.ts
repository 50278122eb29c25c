// Hookline below a path of somebody else's app, with a node type of theirs: its form and its runs, with no code for it in the designer.

import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { prepareDesigner } from './designer.ts';
import { addStep, card, expectStep, hookUrl, insertVariable, newWorkflow, panelOf, save, switchOn } from './editor.ts';

const designer = prepareDesigner({ program: fileURLToPath(new URL('./embedding-app.mjs', import.meta.url)) });

test('a node type of a plugin is offered, gets a form from its schema, is checked and runs', async () => {
  const { page, open } = await designer.signedIn();
  await open('/workflows');
  await newWorkflow(page, 'Points for orders');
  const trigger = panelOf(page, 'Webhook event');
  await trigger.getByRole('tab', { name: 'Variables' }).click();
  await trigger.getByText('Paste JSON').click();
  await trigger.getByLabel('JSON body').fill('{"customer":"Ada"}');
  await trigger.getByRole('button', { name: 'Find the variables' }).click();
  await trigger.getByRole('checkbox', { name: /customer/ }).click();
  await trigger.getByRole('button', { name: 'Add 1 variable' }).click();

  await addStep(page, 'at the start', 'Loyalty points');
  const form = panelOf(page, 'Loyalty points');
  await form.getByText('Gives a customer points for an order.').waitFor();
  await form.getByText('Who gets the points.').waitFor();
  // What is missing and what is out of range is said beside the field.
  await form.getByRole('textbox', { name: 'Points' }).fill('5000');
  await expectStep(page, 1, /2 problems/);
  await insertVariable(form, 'Customer', 'customer');
  await form.getByRole('textbox', { name: 'Points' }).fill('25');
  await form
    .getByText('gold', { exact: true })
    .or(form.getByText('Gold', { exact: true }))
    .click();
  await form.getByRole('switch', { name: 'Twice on Sundays' }).click();
  await form.getByLabel('Title').fill('Give points');

  await addStep(page, 'behind “Give points”', 'Response');
  await panelOf(page, 'Response').getByRole('textbox', { name: 'Content' }).fill('"{{$nodes.loyalty_points.points}} points"');
  await page.getByText('No problems').waitFor();
  await save(page);
  await switchOn(page);
  const url = await hookUrl(page, designer.server);
  expect(url).toContain('/automation/hooks/');
  expect(await designer.server.post(url, { customer: 'Ada' })).toMatchObject({ status: 200 });

  await card(page, 'Give points').click();
  await panelOf(page, 'Give points').getByRole('tab', { name: 'Last run' }).click();
  await panelOf(page, 'Give points').getByText('Ada').first().waitFor();
});
