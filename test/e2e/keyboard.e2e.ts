// The payment callback once more, by keyboard alone: everything can be reached, and the focus is never lost.

import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { OWNER, PASSWORD, prepareDesigner } from './designer.ts';
import { expectStep, hookUrl, panelOf, steps } from './editor.ts';

const designer = prepareDesigner();

/** More stops of the Tab key than any page has. */
const MOST_STOPS = 80;

/** What has the focus, as a screen reader says it: `button "Save"`. */
async function focused(page: Page): Promise<string> {
  const snapshot = await page.locator(':focus').ariaSnapshot();
  return snapshot.split('\n')[0]?.replace(/^- '?/, '') ?? '';
}

/** Whenever a key is pressed, before it and after, something has the focus. */
async function press(page: Page, ...keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    await expectAnyFocus(page, `before ${key}`);
    await page.keyboard.press(key);
    await expectAnyFocus(page, `after ${key}`);
  }
}

function expectAnyFocus(page: Page, when: string): Promise<void> {
  return expect.poll(() => isNowhere(page), { message: when }).toBe(false);
}

async function type(page: Page, text: string): Promise<void> {
  await page.keyboard.type(text);
  await press(page, 'Shift');
}

function isNowhere(page: Page): Promise<boolean> {
  return page.evaluate(() => document.activeElement === document.body);
}

/** Goes on with Tab until the focus is there. @param target such as `button "Save"` or a pattern */
async function tabTo(page: Page, target: string | RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const trail: string[] = [];
  for (let count = 0; count < MOST_STOPS; count += 1) {
    await expectAnyFocus(page, `before ${key}, behind ${trail.at(-1)}`);
    await page.keyboard.press(key);
    // Behind the last stop come those of the browser itself, once around.
    if (await isNowhere(page)) await page.keyboard.press(key);
    const now = await focused(page);
    if (typeof target === 'string' ? now.startsWith(target) : target.test(now)) return;
    trail.push(now);
  }
  throw new Error(`${target} cannot be reached:\n${trail.join('\n')}`);
}

/** Waits until something has the focus by itself. */
async function expectFocus(page: Page, target: string | RegExp): Promise<void> {
  await expect.poll(() => focused(page)).toMatch(target);
}

/** Adds a step behind the active one of the canvas; afterwards its form is open. */
async function pickStep(page: Page, name: string): Promise<void> {
  await expectFocus(page, /combobox "Search steps"/);
  await type(page, name);
  await press(page, 'Enter');
  await panelOf(page, name).waitFor();
}

test('a payment callback is built, called, broken, mended and put back, by keyboard alone', async () => {
  const { page, open, problems } = await designer.visitor();
  await open('/');
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
  await expectFocus(page, 'textbox "E-mail address"');
  await type(page, OWNER.email);
  await tabTo(page, 'textbox "Password"');
  await type(page, PASSWORD);
  await press(page, 'Enter');
  await page.getByRole('heading', { name: 'Workflows', level: 1 }).waitFor();

  await tabTo(page, 'button "New workflow"');
  await press(page, 'Enter');
  await expectFocus(page, 'textbox "Name"');
  await type(page, 'Payment callback');
  await press(page, 'Enter');
  await page.getByRole('heading', { name: 'Payment callback', level: 1 }).waitFor();
  const trigger = panelOf(page, 'Webhook event');
  await trigger.waitFor();

  // The sample.
  await tabTo(page, 'tab "Address"');
  await press(page, 'ArrowRight');
  await tabTo(page, /radio "Wait for a call"/);
  await press(page, 'ArrowRight');
  await tabTo(page, 'textbox "JSON body"');
  await type(page, '{"payment":{"id":"pay_1","status":"paid","amount":4200}}');
  await tabTo(page, 'button "Find the variables"');
  await press(page, 'Enter');
  await trigger.getByRole('group', { name: 'What the example holds' }).waitFor();
  await tabTo(page, /checkbox "payment\.id/);
  await press(page, 'Space');
  await tabTo(page, /checkbox "payment\.status/);
  await press(page, 'Space');
  await tabTo(page, 'button "Add 2 variables"');
  await press(page, 'Enter');
  await tabTo(page, 'textbox "How payment.status is shown"', 'Shift+Tab');
  await type(page, 'State of the payment');

  // To the canvas, and two answers.
  await press(page, 'Escape');
  await expectFocus(page, 'tree "Steps of the workflow"');
  await press(page, '+');
  await pickStep(page, 'Condition');
  await tabTo(page, 'button "Insert a variable into Value 1"');
  await press(page, 'Enter');
  await expectFocus(page, 'textbox "Search variables"');
  await press(page, 'ArrowDown');
  await tabTo(page, 'textbox "Search variables"', 'Shift+Tab');
  await type(page, 'State of');
  await press(page, 'Enter');
  await expectFocus(page, /Value 1/);
  await tabTo(page, 'textbox "Compared with 1"');
  await type(page, 'paid');

  await press(page, 'Escape');
  await expectFocus(page, 'tree "Steps of the workflow"');
  await press(page, 'F10');
  await expectFocus(page, 'menuitem "Open');
  await press(page, 'ArrowDown', 'ArrowDown');
  await expectFocus(page, 'menuitem "Add to branch True"');
  await press(page, 'Enter');
  await pickStep(page, 'Response');
  await tabTo(page, 'textbox "Content"');
  // An offer that has only just appeared is not taken: as people do, until it is.
  const chip = page.getByRole('textbox', { name: 'Content' }).getByText('payment.id', { exact: true });
  await expect
    .poll(async () => {
      await press(page, 'Control+a');
      await type(page, '/payment.id');
      await page.getByRole('option', { name: /payment\.id/, selected: true }).waitFor();
      await press(page, 'Enter');
      return chip.isVisible();
    })
    .toBe(true);
  await tabTo(page, 'textbox "Title"');
  await type(page, 'Thanks');

  await press(page, 'Escape');
  await expectFocus(page, 'tree "Steps of the workflow"');
  await press(page, 'ArrowUp', 'F10');
  await expectFocus(page, 'menuitem "Open');
  await press(page, 'ArrowDown', 'ArrowDown', 'ArrowDown');
  await expectFocus(page, 'menuitem "Add to branch False"');
  await press(page, 'Enter');
  await pickStep(page, 'Response');
  await tabTo(page, 'textbox "Status"');
  await press(page, 'Control+a');
  await type(page, '422');
  await tabTo(page, 'textbox "Title"');
  await type(page, 'Not paid');
  await page.getByText('No problems').waitFor();
  await press(page, 'Control+s');
  await page.getByText('Not saved').waitFor({ state: 'detached' });
  await tabTo(page, 'switch "Takes calls"', 'Shift+Tab');
  await press(page, 'Space');
  await page.getByRole('switch', { name: 'Takes calls', checked: true }).waitFor();

  // A test call, watched.
  await tabTo(page, 'tree "Steps of the workflow"');
  await press(page, 'Home', 'Enter');
  await trigger.waitFor();
  await tabTo(page, /tab "Variables/);
  await press(page, 'ArrowRight');
  await tabTo(page, 'textbox "Body"');
  await press(page, 'Control+a');
  await type(page, '{"payment":{"id":"pay_7","status":"paid"}}');
  await tabTo(page, 'button "Send the test call"');
  await press(page, 'Enter');
  const answer = trigger.getByRole('group', { name: 'The answer' });
  await answer.getByText('200', { exact: true }).waitFor();
  await answer.getByText('pay_7').waitFor();
  await expectStep(page, 2, /Thanks.*Succeeded/);
  await expectStep(page, 3, /Not paid.*did not run/);

  // A real call, found in the list.
  const url = await hookUrl(page, designer.server);
  const unpaid = { payment: { id: 'pay_8', status: 'open' } };
  expect(await designer.server.post(url, unpaid)).toMatchObject({ status: 422 });
  await tabTo(page, 'link "Executions of this workflow"', 'Shift+Tab');
  await press(page, 'Enter');
  await page.getByRole('heading', { name: 'Executions', level: 1 }).waitFor();
  await expect.poll(() => page.getByRole('row', { name: /Payment callback/ }).count()).toBe(2);
  await tabTo(page, 'link "Payment callback"');
  await press(page, 'Enter');
  await page.getByRole('tab', { name: 'Path' }).waitFor();
  await expectStep(page, 3, /Not paid.*Succeeded/);
  await tabTo(page, 'tree "Steps of the workflow"');
  await press(page, 'End', 'Enter');
  await page.getByText('What it gave').waitFor();
  await tabTo(page, 'link "Open the workflow"', 'Shift+Tab');
  await press(page, 'Enter');
  await page.getByRole('switch', { name: 'Takes calls' }).waitFor();

  // Broken and mended.
  await tabTo(page, 'tree "Steps of the workflow"');
  await press(page, 'End', 'Enter');
  const refusal = panelOf(page, 'Not paid');
  await refusal.waitFor();
  await tabTo(page, 'textbox "Status"');
  await press(page, 'Control+a');
  await type(page, '99');
  await expectStep(page, 3, /1 problem: must be at least 200/);
  problems.expect(422);
  await press(page, 'Control+s');
  await page.getByRole('dialog', { name: 'What has to be looked at' }).waitFor();
  await expectFocus(page, /Not paid.*Must be at least 200/);
  await press(page, 'Enter');
  await expectFocus(page, 'textbox "Status"');
  await press(page, 'Control+a');
  await type(page, '409');
  await page.getByText('No problems').waitFor();
  await press(page, 'Control+s');
  await page.getByText('Not saved').waitFor({ state: 'detached' });
  expect(await designer.server.post(url, unpaid)).toMatchObject({ status: 409 });

  // Compared, and put back.
  await tabTo(page, 'button "More about this workflow"', 'Shift+Tab');
  await press(page, 'Enter');
  await expectFocus(page, 'menuitem "Revisions"');
  await press(page, 'Enter');
  await page.getByRole('button', { name: 'Compare two revisions' }).waitFor();
  await tabTo(page, 'button "Compare two revisions"');
  await press(page, 'Enter');
  await page.getByText('What changed from revision 1 to revision 2.').waitFor();
  await expect.poll(async () => (await steps(page)).filter((line) => line.includes('Changed'))).toHaveLength(1);
  await tabTo(page, 'button "Activate"');
  await press(page, 'Enter');
  await expectFocus(page, 'button "Activate"');
  await page.getByRole('dialog', { name: 'Make revision 1 live?' }).waitFor();
  await press(page, 'Enter');
  await page.getByText('Revision 1 is live.').waitFor();
  expect(await designer.server.post(url, unpaid)).toMatchObject({ status: 422 });
  await expectAnyFocus(page, 'at the end');
});

test('steps are moved, copied, undone and deleted with keys', async () => {
  const variable = (key: string, title: string) => ({ key, title, type: 'variable', config: { value: title } });
  const condition = {
    key: 'check',
    title: 'Check',
    type: 'condition',
    config: { engine: 'basic', test: { all: [{ left: '{{$nodes.one}}', operator: 'equal', right: 'One' }] } },
    branches: { true: [variable('inside', 'Inside')] },
  };
  const { id } = await designer.server.api('POST', '/api/workflows', {
    title: 'With keys',
    mode: 'async',
    trigger: { type: 'webhook', config: {} },
    nodes: [variable('one', 'One'), variable('two', 'Two'), condition],
  });
  const { page, open } = await designer.signedIn();
  await open(`/workflows/${id}`);
  await page.getByRole('tree', { name: 'Steps of the workflow' }).waitFor();
  const titles = async (): Promise<string> =>
    (await steps(page))
      .slice(1)
      .map((line) => /^\d+\. \w+ (\w+)/.exec(line)?.[1])
      .join(' ');
  const expectTitles = (wanted: string): Promise<void> => expect.poll(titles).toBe(wanted);

  // Past the navigation at once; the page stays the one it was.
  await page.keyboard.press('Tab');
  await expectFocus(page, 'button "Skip to the content"');
  await press(page, 'Enter');
  await expectFocus(page, 'main');
  expect(page.url()).toContain(id);

  await tabTo(page, 'tree "Steps of the workflow"');
  await press(page, 'ArrowDown', 'Alt+ArrowDown');
  await expectTitles('Two One Check Inside');
  // Picked up, carried into the branch, put down.
  await press(page, 'Space', 'ArrowDown', 'Enter');
  await expectTitles('Two Check Inside One');
  await press(page, 'Control+z');
  await expectTitles('Two One Check Inside');
  await press(page, 'Control+d');
  await expectTitles('Two One One Check Inside');
  await press(page, 'Control+c', 'End', 'Control+v');
  await expectTitles('Two One One Check Inside One');
  await press(page, 'Control+x');
  await expectTitles('Two One One Check Inside');
  await press(page, 'End', 'ArrowUp', 'Delete');
  await page.getByRole('dialog', { name: 'Delete “Check”?' }).waitFor();
  await expectFocus(page, 'button "Delete"');
  await press(page, 'Enter');
  await expectTitles('Two One One');
  await expectFocus(page, 'tree "Steps of the workflow"');

  // The button keeps the focus to the last.
  await tabTo(page, /button "Undo/, 'Shift+Tab');
  while ((await focused(page)).includes('Undo:')) await press(page, 'Enter');
  await expectTitles('One Two Check Inside');
  await expectFocus(page, 'button "Undo"');
});
