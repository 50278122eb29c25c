// The list of executions and one of them: filters, what is new as it happens, replay, retry, cancel.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Receiver, startReceiver } from '../outbound/receivers.ts';
import { type Person, prepareDesigner } from './designer.ts';

const designer = prepareDesigner();
let person: Person;
let receiver: Receiver;
/** What the receiver answers with. */
let status = 200;
let hooks: { payment: string; asking: string; waiting: string };

beforeAll(async () => {
  receiver = await startReceiver((response) => response.writeHead(status).end('{}'));
  const make = async (document: object): Promise<string> =>
    (await designer.server.api('POST', '/api/workflows', { enabled: true, trigger, ...document })).hookUrl;
  hooks = {
    payment: await make({
      title: 'Payment',
      mode: 'sync',
      nodes: [
        {
          key: 'paid',
          type: 'condition',
          title: 'Paid?',
          config: { engine: 'basic', test: { all: [{ left: '{{$context.body.paid}}', operator: 'equal', right: true }] } },
          branches: {
            true: [{ key: 'yes', type: 'response', title: 'Thanks', config: { status: 200, body: 'thanks' } }],
            false: [{ key: 'no', type: 'end', title: 'Not paid', config: { status: 'failed' } }],
          },
        },
      ],
    }),
    asking: await make({
      title: 'Asking',
      mode: 'async',
      nodes: [{ key: 'ask', type: 'http-request', title: 'Ask', config: { method: 'GET', url: `${receiver.url}/stock` } }],
    }),
    waiting: await make({
      title: 'Waiting',
      mode: 'async',
      nodes: [{ key: 'pause', type: 'delay', title: 'Pause', config: { duration: 1, unit: 'hours' } }],
    }),
  };
  person = await designer.signedIn();
});
afterAll(() => receiver.close());

const trigger = { type: 'webhook', config: { body: [{ path: 'paid' }] } };
const call = (url: string, body: object = {}) => designer.server.post(url, body);
const rows = () => person.page.getByRole('row').filter({ has: person.page.getByRole('link') });

test('a call shows up in the open list by itself', async () => {
  const { page } = person;
  await person.open('/executions');
  await page.getByText('Nothing has run yet').waitFor();
  await call(hooks.payment, { paid: true });
  await rows().getByText('Succeeded').waitFor();
  expect(await rows().getByRole('link').innerText()).toBe('Payment');
  await call(hooks.payment, { paid: false });
  await rows().getByText('Failed').waitFor();
  expect(await rows().count()).toBe(2);
});

test('the filter is in the address, and stays when the page is loaded anew', async () => {
  const { page } = person;
  await person.open('/executions');
  await page.getByRole('combobox', { name: 'Status' }).click();
  await page.getByRole('option', { name: 'Failed' }).click();
  await page.keyboard.press('Escape');
  await expect.poll(() => rows().count()).toBe(1);
  expect(page.url()).toMatch(/executions\?status=failed$/);
  await page.getByRole('combobox', { name: 'When' }).click();
  await page.getByRole('option', { name: 'Last hour' }).click();
  await page.waitForURL(/status=failed&range=hour/);
  await page.reload();
  await expect.poll(() => rows().count()).toBe(1);
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await expect.poll(() => rows().count()).toBe(2);
  await page.goBack();
  await expect.poll(() => rows().count()).toBe(1);
  await person.open('/executions?source=replay');
  await page.getByText('No execution fits').waitFor();
});

test('one is opened, shown with its request and reply, and replayed', async () => {
  const { page } = person;
  await person.open('/executions?status=succeeded');
  await rows().getByRole('link').first().click();
  await page.getByRole('heading', { name: 'Payment', level: 1 }).waitFor();
  const original = page.url();
  await page.getByRole('tab', { name: 'Steps' }).click();
  await page.getByRole('button', { name: 'Thanks' }).waitFor();
  await page.getByRole('tab', { name: 'Request and reply' }).click();
  await page.getByText('thanks', { exact: true }).waitFor();

  await page.getByRole('button', { name: 'Replay' }).click();
  await page.getByRole('menuitem', { name: 'On the live revision' }).click();
  await page.getByText('The request runs once more.').waitFor();
  await page.getByText('Replay of').waitFor();
  expect(page.url()).not.toBe(original);
  await page.getByRole('link', { name: 'the original' }).click();
  await page.waitForURL(original);
});

test('one that failed is retried from where it failed', async () => {
  const { page } = person;
  status = 503;
  await call(hooks.asking);
  await person.open('/executions?status=error');
  await rows().getByRole('link').click();
  await page.getByRole('alert').getByText('127.0.0.1 answered with status 503.').waitFor();
  status = 200;
  await page.getByRole('button', { name: 'Retry from the failed step' }).click();
  await page.getByText('It goes on from where it failed.').waitFor();
  // Not by loading it anew.
  await page.getByText('Succeeded').first().waitFor();
});

test('one that waits is canceled', async () => {
  const { page } = person;
  await call(hooks.waiting);
  await person.open('/executions?status=waiting');
  await rows().getByRole('link').click();
  await page.getByText('Goes on').waitFor();
  await page.getByRole('button', { name: 'Cancel execution' }).click();
  const question = page.getByRole('dialog', { name: 'Cancel this execution?' });
  await question.getByRole('button', { name: 'Cancel execution' }).click();
  await page.getByText('The execution was canceled.').waitFor();
  await page.getByText('Canceled', { exact: true }).first().waitFor();
});
