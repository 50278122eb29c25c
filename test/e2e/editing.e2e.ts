// Editing a workflow with the mouse: moving, copying, undoing, leaving, and what happens when two people edit at once.

import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { type Person, prepareDesigner } from './designer.ts';
import { canvasOf, card, expectStep, panelOf, save, steps } from './editor.ts';

const designer = prepareDesigner();

const variable = (key: string, title: string) => ({ key, title, type: 'variable', config: { value: title } });

/** A workflow with a few steps in a row and a condition around two others. @returns its id */
async function makeWorkflow(title: string): Promise<string> {
  const workflow = await designer.server.api('POST', '/api/workflows', {
    title,
    mode: 'sync',
    trigger: { type: 'webhook', config: {} },
    nodes: [
      variable('first', 'First'),
      variable('second', 'Second'),
      {
        key: 'check',
        title: 'Check',
        type: 'condition',
        config: { engine: 'basic', test: { all: [{ left: '{{$nodes.first}}', operator: 'equal', right: 'First' }] } },
        branches: { true: [variable('inside', 'Inside')], false: [] },
      },
      { key: 'answer', title: 'Answer', type: 'response', config: { body: '{{$nodes.second}}' } },
    ],
  });
  return workflow.id;
}

/** The titles of the steps from top to bottom. */
async function titles(page: Page): Promise<string[]> {
  return (await steps(page)).slice(1).map((line) => /^\d+\. (?:Variable|Condition|Response) ([\w ]+)/.exec(line)?.[1] ?? line);
}

async function openWorkflow({ page, open }: Person, id: string): Promise<void> {
  await open(`/workflows/${id}`);
  await card(page, 'Answer').waitFor();
}

/** High enough for all of these flows: only cards in sight are drawn. */
const TALL = { height: 2000 };

async function drag(page: Page, title: string, place: string): Promise<void> {
  const target = page.getByRole('button', { name: `Add a step: ${place}`, exact: true });
  // Cards glide to their places: each waits until what it is about stands still.
  await target.hover({ trial: true });
  await card(page, title).hover({ position: { x: 10, y: 5 } });
  const [from, to] = [await card(page, title).boundingBox(), await target.boundingBox()];
  if (!from || !to) throw new Error('Nothing to drag.');
  await page.mouse.down();
  await page.mouse.move(from.x + 40, from.y + 40, { steps: 4 });
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 10 });
  await page.mouse.up();
}

async function act(page: Page, title: string, action: string | RegExp): Promise<void> {
  await card(page, title).click({ button: 'right' });
  await page.getByRole('menuitem', { name: action }).click();
  await page.getByRole('menu').waitFor({ state: 'detached' });
}

const undo = (page: Page) => page.getByRole('button', { name: /^Undo/ }).click();
const redo = (page: Page) => page.getByRole('button', { name: /^Redo/ }).click();

test('steps are moved by dragging, duplicated and deleted, and each of it can be undone and done again', async () => {
  const id = await makeWorkflow('Moving');
  const person = await designer.signedIn(TALL);
  const { page } = person;
  await openWorkflow(person, id);
  const order = ['First', 'Second', 'Check', 'Inside', 'Answer'];
  expect(await titles(page)).toEqual(order);

  await drag(page, 'Second', 'at the start');
  const swapped = ['Second', 'First', 'Check', 'Inside', 'Answer'];
  await expect.poll(() => titles(page)).toEqual(swapped);
  await drag(page, 'Second', 'at the start of branch False of “Check”');
  const inside = ['First', 'Check', 'Inside', 'Second', 'Answer'];
  await expect.poll(() => titles(page)).toEqual(inside);
  await expectStep(page, 4, /branch False of “Check”/);
  await undo(page);
  await undo(page);
  await expect.poll(() => titles(page)).toEqual(order);
  await page.getByText('Not saved').waitFor({ state: 'detached' });
  await redo(page);
  await redo(page);
  await expect.poll(() => titles(page)).toEqual(inside);
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await expect.poll(() => titles(page)).toEqual(order);

  await act(page, 'First', /^Duplicate/);
  await expect.poll(() => titles(page)).toEqual(['First', 'First', ...order.slice(1)]);
  await act(page, 'Inside', /^Delete/);
  await expect.poll(() => titles(page)).toEqual(['First', 'First', 'Second', 'Check', 'Answer']);
  await undo(page);
  await act(page, 'Check', /^Delete/);
  const question = page.getByRole('dialog', { name: 'Delete “Check”?' });
  await question.getByRole('button', { name: 'Cancel' }).click();
  await question.waitFor({ state: 'detached' });
  expect(await titles(page)).toContain('Check');
  await act(page, 'Check', /^Delete/);
  await question.getByRole('button', { name: 'Delete' }).click();
  await expect.poll(() => titles(page)).toEqual(['First', 'First', 'Second', 'Answer']);
  await save(page);
  await page.reload();
  await card(page, 'Answer').waitFor();
  expect(await titles(page)).toEqual(['First', 'First', 'Second', 'Answer']);
});

test('steps are copied within a workflow and into another one; leaving unsaved changes asks first', async () => {
  const [id, otherId] = [await makeWorkflow('Copying from'), await makeWorkflow('Copying to')];
  const person = await designer.signedIn(TALL);
  const { page } = person;
  await openWorkflow(person, id);
  await card(page, 'Check').click();
  await page.keyboard.press('Control+c');
  await card(page, 'First').click();
  await page.keyboard.press('Control+v');
  await expect.poll(() => titles(page)).toEqual(['First', 'Check', 'Inside', 'Second', 'Check', 'Inside', 'Answer']);
  await act(page, 'Answer', /^Copy/);
  await act(page, 'Second', /^Paste behind/);
  await expect.poll(() => titles(page)).toEqual(['First', 'Check', 'Inside', 'Second', 'Answer', 'Check', 'Inside', 'Answer']);

  const question = page.getByRole('dialog', { name: 'Leave without saving?' });
  await page.getByRole('link', { name: 'Workflows', exact: true }).click();
  await question.getByRole('button', { name: 'Stay here' }).click();
  await question.waitFor({ state: 'detached' });
  expect(await titles(page)).toHaveLength(8);
  // Closing the window asks too.
  const asked = page.waitForEvent('dialog');
  const reloading = page.reload().catch(() => undefined);
  const dialog = await asked;
  expect(dialog.type()).toBe('beforeunload');
  await dialog.dismiss();
  await reloading;
  expect(await titles(page)).toHaveLength(8);

  await page.getByRole('link', { name: 'Workflows', exact: true }).click();
  await question.getByRole('button', { name: 'Save and leave' }).click();
  await page.getByRole('heading', { name: 'Workflows', level: 1 }).waitFor();
  expect((await designer.server.api('GET', `/api/workflows/${id}`)).nodes).toHaveLength(6);

  await page.getByRole('link', { name: 'Copying to' }).click();
  await card(page, 'Second').click();
  await page.keyboard.press('Control+v');
  await expect.poll(() => titles(page)).toEqual(['First', 'Second', 'Answer', 'Check', 'Inside', 'Answer']);
  await page.getByRole('link', { name: 'Workflows', exact: true }).click();
  await question.getByRole('button', { name: 'Leave without saving' }).click();
  await page.getByRole('heading', { name: 'Workflows', level: 1 }).waitFor();
  expect((await designer.server.api('GET', `/api/workflows/${otherId}`)).nodes).toHaveLength(4);
});

test('what somebody else has saved meanwhile is neither lost nor lost sight of', async () => {
  const id = await makeWorkflow('Two at once');
  const email = await designer.invite('editor', 'Grace Hopper');
  const [ada, grace] = [await designer.signedIn(TALL), await designer.signedIn(TALL, email)];
  await openWorkflow(ada, id);
  await openWorkflow(grace, id);

  await card(ada.page, 'First').click();
  await panelOf(ada.page, 'First').getByLabel('Title').fill('Mine');
  await card(grace.page, 'Second').click();
  await panelOf(grace.page, 'Second').getByLabel('Title').fill('Theirs');
  await save(grace.page);
  await ada.page.getByText('Somebody else has saved a newer version while you were editing.').waitFor();
  ada.problems.expect(409);
  await ada.page.getByRole('button', { name: 'Save', exact: true }).click();
  const conflict = ada.page.getByRole('dialog', { name: 'Somebody else has saved this workflow' });
  await conflict.getByRole('button', { name: 'Decide later' }).click();
  await conflict.waitFor({ state: 'detached' });
  expect(await titles(ada.page)).toEqual(['Mine', 'Second', 'Check', 'Inside', 'Answer']);

  ada.problems.expect(409);
  await ada.page.getByRole('button', { name: 'Save', exact: true }).click();
  await conflict.getByRole('button', { name: 'Save mine over it' }).click();
  await ada.page.getByText('Not saved').waitFor({ state: 'detached' });
  // Grace has changed nothing since: she sees what is saved.
  await expect.poll(() => titles(grace.page)).toEqual(['Mine', 'Second', 'Check', 'Inside', 'Answer']);

  await panelOf(grace.page, 'Second').getByLabel('Title').fill('Theirs again');
  await panelOf(ada.page, 'Mine').getByLabel('Title').fill('Newest');
  await save(ada.page);
  grace.problems.expect(409);
  await grace.page.getByRole('button', { name: 'Save', exact: true }).click();
  const hers = grace.page.getByRole('dialog', { name: 'Somebody else has saved this workflow' });
  await hers.getByRole('button', { name: 'Load theirs' }).click();
  await expect.poll(() => titles(grace.page)).toEqual(['Newest', 'Second', 'Check', 'Inside', 'Answer']);
  await grace.page.getByText('Not saved').waitFor({ state: 'detached' });
});

test('a viewer sees everything and can change nothing', async () => {
  const id = await makeWorkflow('To look at');
  const email = await designer.invite('viewer', 'Alan Turing');
  const person = await designer.signedIn(TALL, email);
  const { page } = person;
  await openWorkflow(person, id);
  await page.getByRole('switch', { name: 'Takes calls', disabled: true }).waitFor();
  expect(await page.getByRole('button', { name: /^Add a step/ }).count()).toBe(0);
  await page.getByRole('button', { name: 'Save', exact: true }).hover();
  await page.getByText('You may look, but not change anything.').first().waitFor();

  await card(page, 'First').click();
  const form = panelOf(page, 'First');
  await expect.poll(() => form.getByLabel('Title').getAttribute('readonly')).not.toBe(null);
  // The panel has its editor, and the canvas stands still beside it.
  await form.getByRole('textbox', { name: 'Value' }).waitFor();
  await card(page, 'Check').click({ button: 'right' });
  await expect
    .poll(() => page.getByRole('menuitem').allInnerTexts())
    .toEqual([expect.stringContaining('Open'), expect.stringContaining('Copy')]);
  await page.keyboard.press('Escape');
  await card(page, 'First').click();
  for (const key of ['Delete', '+', 'Control+v', 'Control+d', 'Alt+ArrowDown']) await page.keyboard.press(key);
  expect(await titles(page)).toEqual(['First', 'Second', 'Check', 'Inside', 'Answer']);
  await card(page, 'Webhook event').click();
  await panelOf(page, 'Webhook event').getByRole('tab', { name: 'Test call' }).click();
  await panelOf(page, 'Webhook event').getByRole('button', { name: 'Send the test call', disabled: true }).waitFor();
});

test('loops, parallel branches and other workflows are drawn, with each round of a run', async () => {
  const helper = await designer.server.api('POST', '/api/workflows', {
    title: 'Helper',
    mode: 'async',
    trigger: { type: 'subflow', config: {} },
    nodes: [{ key: 'out', type: 'output', config: { value: 'helped' } }],
    enabled: true,
  });
  const workflow = await designer.server.api('POST', '/api/workflows', {
    title: 'All kinds of branches',
    mode: 'async',
    trigger: { type: 'webhook', config: {} },
    enabled: true,
    nodes: [
      {
        key: 'each',
        title: 'Each item',
        type: 'loop',
        config: { over: '{{$context.body.items}}' },
        branches: {
          body: [{ key: 'inner', title: 'In the round', type: 'variable', config: { value: '{{$scopes.each.item}}' } }],
        },
      },
      {
        key: 'both',
        title: 'Both at once',
        type: 'parallel',
        config: {
          branches: [
            { key: 'left', label: 'Left way' },
            { key: 'right', label: 'Right way' },
          ],
        },
        branches: { left: [variable('a', 'A')], right: [variable('b', 'B')] },
      },
      { key: 'call', title: 'Ask the helper', type: 'subflow', config: { workflow: helper.id, input: {} } },
      { key: 'end', title: 'All done', type: 'end', config: {} },
    ],
  });
  const reply = await designer.server.post(workflow.hookUrl, { items: ['x', 'y', 'z'] });
  expect(reply.status).toBe(200);

  const { page, open } = await designer.signedIn(TALL);
  await open('/executions');
  await page
    .getByRole('row', { name: /All kinds of branches/ })
    .getByRole('link')
    .click();
  const canvas = canvasOf(page);
  await card(page, 'Each item').waitFor();
  const rounds = canvas.getByRole('group', { name: 'Rounds' });
  await rounds.getByText('Round 3 of 3').waitFor();
  await rounds.getByRole('button', { name: 'Previous round' }).click();
  await rounds.getByText('Round 2 of 3').waitFor();
  for (const label of ['Each round', 'Left way', 'Right way']) await canvas.getByText(label, { exact: true }).waitFor();
  for (const title of ['In the round', 'A', 'B', 'Ask the helper', 'All done']) {
    await expect.poll(async () => (await steps(page)).find((line) => line.includes(` ${title}`))).toMatch(/Succeeded/);
  }
});
