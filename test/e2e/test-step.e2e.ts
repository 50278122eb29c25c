// Trying one step alone: with the data of the last run, with other data, and after a warning where it has an effect outside.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { prepareDesigner } from './designer.ts';
import { openTest } from './editor.ts';

const designer = prepareDesigner();

const received: string[] = [];
const receiver = createServer((request, response) => {
  let body = '';
  request.on('data', (part: Buffer) => {
    body += part.toString();
  });
  request.on('end', () => {
    received.push(body);
    response.writeHead(200, { 'Content-Type': 'application/json' }).end('{"thanks":true}');
  });
});

beforeAll(() => new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise<void>((resolve) => void receiver.close(() => resolve())));

test('a step is tried alone with the data of the last run and with other data; an effect outside needs a yes', async () => {
  const target = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/orders`;
  const { id, hookUrl } = await designer.server.api('POST', '/api/workflows', {
    title: 'Trying',
    mode: 'sync',
    trigger: { type: 'webhook', config: { body: [{ path: 'name' }] } },
    enabled: true,
    nodes: [
      { key: 'greeting', title: 'Greeting', type: 'variable', config: { value: 'Hello {{$context.body.name}}' } },
      {
        key: 'tell',
        title: 'Tell the shop',
        type: 'http-request',
        config: { method: 'POST', url: target, body: { type: 'json', value: { text: '{{$nodes.greeting}}' } } },
      },
      { key: 'answer', title: 'Answer', type: 'response', config: { body: '{{$nodes.greeting}}' } },
    ],
  });
  expect(await designer.server.post(hookUrl, { name: 'Ada' })).toMatchObject({ status: 200 });
  expect(received).toEqual(['{"text":"Hello Ada"}']);

  const { page, open } = await designer.signedIn({ height: 1_000 });
  await open(`/workflows/${id}`);
  const greeting = await openTest(page, 'Greeting');
  const input = greeting.getByRole('textbox', { name: 'Input' });
  await input.getByText('"Ada"').waitFor();
  await greeting.getByRole('button', { name: 'Test this step' }).click();
  const result = greeting.getByRole('region', { name: 'Result' });
  await result.getByText('Hello Ada').first().waitFor();
  await input.fill('{"context":{"body":{"name":"Grace"}}}');
  await greeting.getByRole('button', { name: 'Test this step' }).click();
  await result.getByText('Hello Grace').first().waitFor();
  await greeting.getByRole('button', { name: 'Take the data of the run again' }).click();
  await input.getByText('"Ada"').waitFor();

  // Nothing leaves before somebody has agreed.
  const tell = await openTest(page, 'Tell the shop');
  await tell.getByText('This has an effect outside').waitFor();
  await tell.getByRole('button', { name: 'Test this step', disabled: true }).click({ force: true });
  await tell.getByRole('checkbox', { name: 'Yes, really do it' }).click();
  expect(received).toHaveLength(1);
  await tell.getByRole('button', { name: 'Test this step' }).click();
  await tell.getByRole('region', { name: 'Result' }).getByText('thanks').first().waitFor();
  expect(received).toEqual(['{"text":"Hello Ada"}', '{"text":"Hello Ada"}']);
  // A test is no execution.
  expect((await designer.server.api('GET', `/api/executions?workflowId=${id}`)).data).toHaveLength(1);
});
