// A payment callback from nothing, with the mouse: built, called, watched, broken, mended, and put back to how it was.

import { expect, test } from 'vitest';
import { OWNER, PASSWORD, prepareDesigner } from './designer.ts';
import {
  addStep,
  canvasOf,
  card,
  expectStep,
  expectWay,
  hookUrl,
  insertVariable,
  newWorkflow,
  panelOf,
  save,
  steps,
  switchOn,
} from './editor.ts';

const designer = prepareDesigner();

const SAMPLE = '{"payment":{"id":"pay_1","status":"paid","amount":4200}}';

test('a payment callback is built, called, broken, mended and put back, with the mouse', async () => {
  const { page, open, problems } = await designer.visitor();
  await open('/');
  await page.getByLabel('E-mail address').fill(OWNER.email);
  await page.getByLabel(/^Password/).fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();

  // What it takes from a call, out of a sample.
  await newWorkflow(page, 'Payment callback');
  const trigger = panelOf(page, 'Webhook event');
  await trigger.getByRole('tab', { name: 'Variables' }).click();
  await trigger.getByText('Paste JSON').click();
  await trigger.getByLabel('JSON body').fill(SAMPLE);
  await trigger.getByRole('button', { name: 'Find the variables' }).click();
  await trigger.getByRole('checkbox', { name: /payment\.id/ }).click();
  await trigger.getByRole('checkbox', { name: /payment\.status/ }).click();
  await trigger.getByRole('button', { name: 'Add 2 variables' }).click();
  await trigger.getByLabel('How payment.status is shown').fill('State of the payment');

  // Paid or not: two answers.
  await addStep(page, 'at the start', 'Condition');
  const condition = panelOf(page, 'Condition');
  await insertVariable(condition, 'Value 1', 'State of the payment');
  await expect.poll(() => condition.getByRole('combobox', { name: 'Comparison 1' }).inputValue()).toBe('is');
  await condition.getByRole('textbox', { name: 'Compared with 1' }).fill('paid');

  await addStep(page, 'at the start of branch True of “Condition”', 'Response');
  await panelOf(page, 'Response').getByLabel('Title').fill('Thanks');
  const thanks = panelOf(page, 'Thanks');
  const content = thanks.getByRole('textbox', { name: 'Content' });
  await thanks.getByRole('button', { name: /^Kind of Content/ }).click();
  await page.getByRole('menu').getByText('Object', { exact: true }).click();
  await content.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.type('{"received": "');
  await insertVariable(thanks, 'Content', 'payment.id');
  await page.keyboard.type('"}');
  await content.getByText('payment.id', { exact: true }).waitFor();
  expect(await content.innerText()).not.toContain('{{');
  await addStep(page, 'at the start of branch False of “Condition”', 'Response');
  await panelOf(page, 'Response').getByRole('textbox', { name: 'Status' }).fill('422');
  await panelOf(page, 'Response').getByLabel('Title').fill('Not paid');
  await page.getByText('No problems').waitFor();
  await save(page);
  await switchOn(page);

  // A test call from the panel.
  await card(page, 'Webhook event').click();
  await trigger.getByRole('tab', { name: 'Test call' }).click();
  await trigger.getByRole('textbox', { name: 'Body' }).fill('{"payment":{"id":"pay_7","status":"paid"}}');
  await trigger.getByRole('button', { name: 'Send the test call' }).click();
  const answer = trigger.getByRole('group', { name: 'The answer' });
  await answer.getByText('200', { exact: true }).waitFor();
  await answer.getByText('pay_7').waitFor();
  // The path that it took is drawn in the editor at once, and on the page of the execution.
  await page.getByRole('status').filter({ hasText: 'The path of one execution' }).getByText('Succeeded').waitFor();
  await answer.getByRole('link', { name: 'Open the execution' }).click();
  await page.getByRole('tab', { name: 'Path' }).waitFor();
  await expectStep(page, 2, /Thanks, branch True.*Succeeded/);
  await expectStep(page, 3, /Not paid, branch False.*did not run/);
  await expectWay(page, 'True', 'taken');
  await expectWay(page, 'False', 'faded');

  // A real call, with a payment that was not made.
  await page.getByRole('link', { name: 'Open the workflow' }).click();
  await page.getByRole('heading', { name: 'Payment callback', level: 1 }).waitFor();
  const url = await hookUrl(page, designer.server);
  const unpaid = { payment: { id: 'pay_8', status: 'open' } };
  expect(await designer.server.post(url, unpaid)).toMatchObject({ status: 422 });
  await page.getByRole('link', { name: 'Executions of this workflow' }).click();
  const rows = page.getByRole('table').getByRole('row', { name: /Payment callback/ });
  await expect.poll(() => rows.count()).toBe(2);
  await rows.first().getByRole('link', { name: 'Payment callback' }).click();
  await expectStep(page, 3, /Not paid, branch False.*Succeeded/);
  await expectStep(page, 2, /Thanks.*did not run/);
  await expectWay(page, 'False', 'taken');
  await expectWay(page, 'True', 'faded');
  await page.getByRole('tab', { name: 'Request and reply' }).click();
  await page.getByText('422', { exact: true }).waitFor();

  // Broken: said on the card, in the list and in the form; not saved, and nothing is lost.
  await page.getByRole('link', { name: 'Open the workflow' }).click();
  await card(page, 'Not paid').click();
  const refusal = panelOf(page, 'Not paid');
  await refusal.getByRole('textbox', { name: 'Status' }).fill('99');
  await canvasOf(page).getByText('1 problem', { exact: true }).first().waitFor();
  await expectStep(page, 3, /1 problem: must be at least 200/);
  await refusal.getByText('Must be at least 200.').waitFor();
  problems.expect(422);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  const list = page.getByRole('dialog', { name: 'What has to be looked at' });
  await list.getByRole('button', { name: /Not paid.*Must be at least 200/ }).waitFor();
  await page.getByText('Not saved').waitFor();
  expect(await refusal.getByRole('textbox', { name: 'Status' }).inputValue()).toBe('99');
  expect(await designer.server.post(url, unpaid)).toMatchObject({ status: 422 });

  // Mended, from the list to the field. What has run stays as revision 1.
  await list.getByRole('button', { name: /Not paid/ }).click();
  await expect.poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe('true');
  await refusal.getByRole('textbox', { name: 'Status' }).fill('409');
  await page.getByText('No problems').waitFor();
  await save(page);
  expect(await designer.server.post(url, unpaid)).toMatchObject({ status: 409 });

  // What changed since revision 1, and back to it.
  await page.getByRole('button', { name: 'More about this workflow' }).click();
  await page.getByRole('menuitem', { name: 'Revisions' }).click();
  const revisions = panelOf(page, 'Revisions');
  await revisions.getByRole('button', { name: 'Compare two revisions' }).click();
  await page.getByText('What changed from revision 1 to revision 2.').waitFor();
  await revisions.getByText('422').waitFor();
  await revisions.getByText('409').waitFor();
  await expectStep(page, 3, /Not paid.*Changed/);
  expect((await steps(page)).filter((line) => line.includes('Changed'))).toHaveLength(1);
  await revisions
    .getByRole('listitem')
    .filter({ hasText: 'Revision 1' })
    .getByRole('button', { name: 'Activate', exact: true })
    .click();
  await page.getByRole('dialog', { name: 'Make revision 1 live?' }).getByRole('button', { name: 'Activate' }).click();
  await page.getByText('Revision 1 is live.').waitFor();
  expect(await designer.server.post(url, unpaid)).toMatchObject({ status: 422 });
  await expectStep(page, 3, /Not paid.*422/);
});
