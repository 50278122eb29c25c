// An endpoint from its making to its first failure and back: test, block, unblock, send once more, all seen in the browser.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Receiver, startReceiver } from '../outbound/receivers.ts';
import { type Person, prepareDesigner } from './designer.ts';

const designer = prepareDesigner();
let person: Person;
let receiver: Receiver;
/** What the receiver answers with. */
let status = 200;

beforeAll(async () => {
  receiver = await startReceiver((response) => response.writeHead(status).end('answered'));
  person = await designer.signedIn();
});
afterAll(() => receiver.close());

const publish = (id: number) => designer.server.api('POST', '/api/messages', { type: 'order.created', data: { id: `A-${id}` } });
const rows = () => person.page.getByRole('row').filter({ has: person.page.getByRole('button', { name: 'order.created' }) });

test('an event type is put into the catalogue', async () => {
  const { page } = person;
  await person.open('/webhooks/event-types');
  await page.getByText('The catalogue is empty').waitFor();
  await page.getByRole('button', { name: 'New event type' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New event type' });
  await dialog.getByRole('textbox', { name: 'Name' }).fill('order.created');
  await dialog.getByRole('textbox', { name: 'Title' }).fill('An order was placed');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByText('order.created was saved.').waitFor();
  await page.getByRole('row', { name: /An order was placed/ }).waitFor();
});

test('an endpoint that cannot be is refused with a reason; another is made, and shows its secret once', async () => {
  const { page, problems } = person;
  await person.open('/webhooks');
  await page.getByRole('button', { name: 'New endpoint' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New endpoint' });
  await dialog.getByRole('textbox', { name: 'URL' }).fill('https://10.0.0.1/');
  problems.expect(422);
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByRole('alert').waitFor();

  await dialog.getByRole('textbox', { name: 'URL' }).fill(`${receiver.url}/hook`);
  await dialog.getByRole('textbox', { name: 'Description' }).fill('Warehouse');
  await dialog.getByRole('combobox', { name: 'Events' }).fill('order.*');
  await page.keyboard.press('Enter');
  await dialog.getByRole('button', { name: 'Create' }).click();
  const shown = page.getByRole('dialog', { name: 'The signing secret' });
  const secret = await shown.getByText(/^whsec_/).innerText();
  await shown.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('heading', { name: 'Warehouse', level: 1 }).waitFor();
  expect(await page.content()).not.toContain(secret);
});

test('it is tested: what was sent and what came back are shown', async () => {
  const { page } = person;
  await page.getByRole('button', { name: 'Send a test' }).click();
  await page.getByText('The receiver took the test (200)').waitFor();
  expect(receiver.requests.at(-1)?.headers['webhook-signature']).toMatch(/^v1,/);
  await page.getByText('answered', { exact: true }).waitFor();
  status = 500;
  await page.getByRole('button', { name: 'Send a test' }).click();
  await page.getByText('The receiver did not take the test').waitFor();
});

test('it is blocked after too many failures; once it is unblocked, what was held is delivered', async () => {
  const { page } = person;
  status = 500;
  const before = receiver.requests.length;
  for (let id = 1; id <= 8; id += 1) await publish(id);
  // The page is told; nobody loads it anew.
  await page.getByText('This endpoint is blocked').waitFor();
  await expect.poll(() => rows().filter({ hasText: 'Held' }).count()).toBe(8);
  expect(receiver.requests.length - before).toBeLessThan(8 + 2);

  status = 200;
  await page.getByRole('button', { name: 'Unblock' }).click();
  await page.getByText('The endpoint is unblocked. What was held is being sent.').waitFor();
  await page.getByText('This endpoint is blocked').waitFor({ state: 'detached' });
  await expect.poll(() => rows().filter({ hasText: 'Delivered' }).count()).toBe(8);
});

test('a delivery is opened with its attempts', async () => {
  const { page } = person;
  await rows().getByRole('button').last().click();
  const drawer = page.getByRole('dialog', { name: 'Delivery' });
  await drawer.getByText('Attempt 1', { exact: true }).click();
  await drawer.getByText('webhook-id', { exact: true }).filter({ visible: true }).waitFor();
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
});

test('a message is sent once more, under the same id', async () => {
  const { page } = person;
  await person.open('/webhooks/messages');
  await page.getByRole('link', { name: 'order.created' }).first().click();
  await page.getByRole('heading', { name: 'order.created', level: 1 }).waitFor();
  await expect.poll(() => rows().count()).toBe(1);
  await page.getByRole('button', { name: 'Send once more' }).click();
  const dialog = page.getByRole('dialog', { name: 'Send once more' });
  await dialog.getByRole('combobox', { name: 'Endpoint' }).click();
  await page.getByRole('option').first().click();
  await dialog.getByRole('button', { name: 'Send once more' }).click();
  await page.getByText('It is on its way.').waitFor();
  await expect.poll(() => rows().filter({ hasText: 'Delivered' }).count()).toBe(2);
  const [first, again] = receiver.requests.slice(-2);
  expect(again?.body).toContain('A-8');
  expect(again?.headers['webhook-id']).toBe(page.url().split('/').at(-1));
  expect(first).toBeDefined();
});

test('it is switched off and deleted', async () => {
  const { page } = person;
  await person.open('/webhooks');
  await page.getByRole('link', { name: `${receiver.url}/hook` }).click();
  await page.getByRole('button', { name: 'Actions' }).click();
  await page.getByRole('menuitem', { name: 'Switch off' }).click();
  await page.getByText('This endpoint is off').waitFor();
  await page.getByRole('button', { name: 'Actions' }).click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await page.getByRole('dialog', { name: 'Delete this endpoint?' }).getByRole('button', { name: 'Delete' }).click();
  await page.getByText('No endpoints yet').waitFor();
});
