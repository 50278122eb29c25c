// Forms of steps as somebody fills them in: what texts become, the lists of variables, secrets that are taken away, rounds of loops.

import { expect, test } from 'vitest';
import { prepareDesigner } from './designer.ts';
import { card, openTest, panelOf } from './editor.ts';
import { findBarriers, settled } from './page-checks.ts';

const designer = prepareDesigner();

const trigger = { type: 'webhook', config: {} };
const SIGNING = 'whsec_c2VjcmV0LW9mLXRoZS1ob29rLTAxMjM0NTY3ODk=';

test('a text shows what it becomes; the open list of variables is a barrier for nobody, and the tree is folded', async () => {
  await designer.server.api('POST', '/api/secrets', { name: 'SHOP_KEY', value: 'a long and secret value' });
  const { id, hookUrl } = await designer.server.api('POST', '/api/workflows', {
    title: 'Texts',
    mode: 'sync',
    trigger,
    enabled: true,
    nodes: [
      { key: 'greeting', title: 'Greeting', type: 'variable', config: { value: 'Hello {{$context.body.name}}' } },
      {
        key: 'tell',
        title: 'Tell the shop',
        type: 'http-request',
        config: {
          url: 'http://127.0.0.1:9/{{$context.body.name}}?key={{$secrets.SHOP_KEY}}',
          headers: [{ name: 'X-Name', value: '{{$nodes.greeting}}' }],
          body: { type: 'json', value: { text: '{{$nodes.greeting}}', items: '{{$context.body.items}}' } },
        },
        onFailure: 'continue',
      },
      { key: 'answer', title: 'Answer', type: 'response', config: { body: '{{$nodes.greeting}}' } },
    ],
  });
  const headers = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`x-header-${index}`, String(index)]));
  const items = Array.from({ length: 30 }, (_, index) => ({ sku: `SKU-${index}`, price: index }));
  expect(await designer.server.post(hookUrl, { name: 'Ada', items }, headers)).toMatchObject({ status: 200 });

  const { page, open } = await designer.signedIn({ height: 1_000 });
  await open(`/workflows/${id}`);
  await card(page, 'Tell the shop').click();
  const tell = panelOf(page, 'Tell the shop');
  await tell.getByText('http://127.0.0.1:9/Ada?key=[secret SHOP_KEY]').waitFor();
  await settled(page);
  expect(await findBarriers(page)).toEqual([]);
  await tell.getByRole('button', { name: 'Show all of the result of URL' }).click();
  await tell.getByText(/Values from the last run/).waitFor();
  expect(await findBarriers(page)).toEqual([]);

  await card(page, 'Greeting').click();
  const greeting = panelOf(page, 'Greeting');
  const value = greeting.getByRole('textbox', { name: 'Value' });
  await greeting.getByText('Hello Ada').waitFor();
  await value.press('Control+End');
  await value.pressSequentially(' {{');
  const offers = page.getByRole('listbox');
  await offers.getByRole('option').nth(12).waitFor();
  expect(await offers.evaluate((list) => list.scrollHeight > list.clientHeight)).toBe(true);
  expect(await findBarriers(page)).toEqual([]);
  expect(await value.evaluate((editor) => editor === document.activeElement)).toBe(true);
  await value.press('Escape');
  await offers.waitFor({ state: 'detached' });
  await value.press('Backspace');
  await value.press('Backspace');

  await greeting.getByRole('button', { name: 'Insert a variable into Value' }).click();
  const tree = page.getByRole('tree', { name: 'Variables' });
  const folded = tree.getByRole('treeitem', { name: /Headers.*entries, folded/ });
  expect(await folded.getAttribute('aria-expanded')).toBe('false');
  await tree.getByRole('treeitem', { name: /^name/ }).waitFor();
  expect(await findBarriers(page)).toEqual([]);
  await page.getByRole('textbox', { name: 'Search variables' }).fill('x-header-7');
  await tree.getByRole('treeitem').first().click();
  await greeting.getByText('Hello Ada 7').waitFor();
});

test('a signing key is taken away with the next save, and not before', async () => {
  const { id } = await designer.server.api('POST', '/api/workflows', {
    title: 'Signed',
    mode: 'async',
    trigger,
    nodes: [
      {
        key: 'send',
        title: 'Send it',
        type: 'send-webhook',
        config: { to: { type: 'url', url: 'https://example.com/', secret: SIGNING }, data: 1 },
      },
    ],
  });
  const stored = () => designer.server.api('GET', `/api/workflows/${id}/write-only`);
  const { page, open } = await designer.signedIn({ height: 1_000 });
  await open(`/workflows/${id}`);
  await card(page, 'Send it').click();
  const send = panelOf(page, 'Send it');
  const remove = send.getByRole('button', { name: 'Remove Signing key' });
  await remove.scrollIntoViewIfNeeded();
  await remove.click();
  const keep = send.getByRole('button', { name: 'Keep Signing key' });
  expect(await findBarriers(page)).toEqual([]);
  expect(await keep.evaluate((button) => button === document.activeElement)).toBe(true);
  await keep.click();
  await remove.click();
  expect((await stored()).nodes).toEqual({ send: ['to.secret'] });
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await expect.poll(async () => (await stored()).nodes).toEqual({});
  // What was saved is gone: there is nothing to be kept any more.
  await keep.waitFor({ state: 'detached' });
  expect(await send.getByLabel('Signing key', { exact: true }).inputValue()).toBe('');
});

test('a step in a loop is tried with what a round of a chosen run gave it', async () => {
  const { id, hookUrl } = await designer.server.api('POST', '/api/workflows', {
    title: 'Rounds',
    mode: 'sync',
    trigger,
    enabled: true,
    nodes: [
      {
        key: 'each',
        title: 'Every item',
        type: 'loop',
        config: { over: '{{$context.body.items}}' },
        branches: {
          body: [
            {
              key: 'line',
              title: 'Line',
              type: 'variable',
              config: { value: '{{$scopes.each.item.sku}} is {{$scopes.each.index}}' },
            },
          ],
        },
      },
      { key: 'answer', title: 'Answer', type: 'response', config: {} },
    ],
  });
  for (const skus of [['A', 'B'], ['C']]) {
    expect(await designer.server.post(hookUrl, { items: skus.map((sku) => ({ sku })) })).toMatchObject({ status: 200 });
  }
  const { page, open } = await designer.signedIn({ height: 1_000 });
  await open(`/workflows/${id}`);
  const line = await openTest(page, 'Line');
  const input = line.getByRole('textbox', { name: 'Input' });
  await input.getByText('"C"').waitFor();
  await line.getByRole('combobox', { name: 'Data of' }).click();
  await page
    .getByRole('option', { name: /Succeeded/ })
    .nth(1)
    .click();
  await input.getByText('"A"').waitFor();
  await line.getByRole('combobox', { name: 'Round of the loop' }).click();
  await page.getByRole('option', { name: 'Round 2 – Succeeded' }).click();
  await input.getByText('"B"').waitFor();
  await line.getByRole('button', { name: 'Test this step' }).click();
  await line.getByRole('region', { name: 'Result' }).getByText('B is 1').first().waitFor();
  expect(await findBarriers(page)).toEqual([]);
});
