// Waiting for a real call: shown with its answer also while the workflow is off, its values offered, kept as the example.

import { expect, test } from 'vitest';
import { prepareDesigner } from './designer.ts';
import { expectStep, hookUrl, newWorkflow, panelOf, save } from './editor.ts';

const designer = prepareDesigner();

test('a call to a workflow that is off is shown with what it was answered, and becomes the example', async () => {
  const { page, open } = await designer.signedIn();
  await open('/workflows');
  await newWorkflow(page, 'Orders', 'Async');
  const url = await hookUrl(page, designer.server);
  const trigger = panelOf(page, 'Webhook event');
  await trigger.getByRole('tab', { name: 'Variables' }).click();
  await trigger.getByRole('button', { name: 'Listen for a call' }).click();
  await trigger.getByText('Waiting for a call…').waitFor();

  const order = { order: { number: 17, lines: [{ sku: 'A' }, { sku: 'B' }] } };
  expect(await designer.server.post(`${url}?shop=north`, order, { 'X-Shop': 'North' })).toMatchObject({ status: 404 });
  await trigger.getByText('answered 404').waitFor();
  await trigger.getByRole('checkbox', { name: /^order\.number/ }).click();
  await trigger.getByRole('checkbox', { name: /^shop/ }).click();
  await trigger.getByRole('checkbox', { name: /^x-shop/i }).click();
  await trigger.getByRole('button', { name: 'Add 3 variables' }).click();
  await expectStep(page, 0, /Takes 3 values/);
  await trigger.getByRole('button', { name: 'Keep as the example' }).click();
  await trigger.getByRole('button', { name: 'Kept as the example' }).waitFor();
  await save(page);

  // The next one comes in while the first is looked at; it was refused for another reason.
  const plain = await fetch(url, { method: 'POST', body: 'order=18', headers: { 'Content-Type': 'text/plain' } });
  expect(plain.status).toBe(404);
  await trigger.getByRole('combobox', { name: '2 calls came in' }).waitFor();
  await trigger.getByRole('button', { name: 'Stop' }).click();

  // What was kept is what a test call sends, also after the page was left.
  await page.reload();
  await page.getByRole('tree', { name: 'Steps of the workflow' }).waitFor();
  await trigger.getByRole('tab', { name: 'Test call' }).click();
  await trigger.getByText('"number": 17').waitFor();
  await trigger.getByRole('button', { name: 'Send the test call' }).click();
  await trigger.getByRole('group', { name: 'The answer' }).getByText('200', { exact: true }).waitFor();
  await trigger.getByText('Run by hand, because the workflow is switched off.').waitFor();
});
