// What a node was given in an execution, found again from what is stored.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHookline, type TestHookline } from '../start-hookline.ts';

let server: TestHookline;
let calls = 0;
const receiver = createServer((_request, response) => {
  calls += 1;
  response.setHeader('Content-Type', 'application/json').end('{"ok":true}');
});

beforeAll(async () => {
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  server = await startHookline({ outboundAllow: '127.0.0.1' });
});
afterAll(async () => {
  await server.stop();
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
});

async function run(nodes: object[], body: unknown) {
  const { id, hookUrl } = await server.workflow({
    title: 'Inputs',
    mode: 'async',
    trigger: { type: 'webhook', config: {} },
    nodes,
  });
  expect((await server.post(hookUrl, body)).status).toBe(200);
  const { body: list } = await server.api('GET', `/api/executions?workflowId=${id}`);
  return server.finished(list.data[0].id);
}

const input = async (id: string, path: string) => {
  const { status, body } = await server.api('GET', `/api/executions/${id}/input?path=${encodeURIComponent(path)}`);
  return { status, ...body };
};

const set = (key: string, value: unknown) => ({ key, type: 'variable', config: { value } });

test('templates are filled in with the results and the request of that time', async () => {
  const execution = await run(
    [set('first', '{{$context.body.n}}'), set('second', { sum: '{{$nodes.first}}', of: '{{$request.method}}' })],
    { n: 7 },
  );
  expect(await input(execution.id, 'second')).toEqual({
    status: 200,
    input: { value: { sum: 7, of: 'POST' } },
    error: null,
    scopes: {},
  });
});

test('each round of a loop has its own, also behind rounds that failed', async () => {
  const each = {
    key: 'each',
    type: 'loop',
    config: { over: '{{$context.body.list}}', onItemFailure: 'continue' },
    branches: {
      body: [
        { key: 'number', type: 'calculation', config: { engine: 'jsonata', expression: '$number($scopes.each.item)' } },
        set('shown', 'item {{$scopes.each.item}} is {{$nodes.number}}'),
      ],
    },
  };
  const execution = await run([each], { list: ['1', 'no number', '3'] });
  expect(await input(execution.id, 'each[2]/shown')).toMatchObject({ status: 200, input: { value: 'item 3 is 3' } });
  expect(await input(execution.id, 'each[0]/shown')).toMatchObject({ status: 200, input: { value: 'item 1 is 1' } });
  // With what its round gave it, also where its templates could not be filled in.
  const each3 = { each: { item: '3', index: 2, length: 3 } };
  expect(await input(execution.id, 'each[2]/shown')).toMatchObject({ scopes: each3 });
  expect(await input(execution.id, 'each[1]/number')).toMatchObject({ scopes: { each: { item: 'no number', index: 1 } } });
});

test('nothing is sent again, neither by the node nor by what ran beside it', async () => {
  const { port } = receiver.address() as AddressInfo;
  const call = (key: string) => ({
    key,
    type: 'http-request',
    config: { url: `http://127.0.0.1:${port}/${key}`, method: 'POST' },
  });
  const beside = {
    key: 'beside',
    type: 'parallel',
    config: { branches: [{ key: 'a' }, { key: 'b' }] },
    branches: { a: [call('one')], b: [call('two')] },
  };
  const execution = await run([beside, call('three')], {});
  expect(execution.status).toBe('succeeded');
  const before = calls;
  expect(before).toBe(3);
  expect(await input(execution.id, 'three')).toMatchObject({ status: 200, input: { url: `http://127.0.0.1:${port}/three` } });
  expect(await input(execution.id, 'two')).toMatchObject({ status: 200, input: { url: `http://127.0.0.1:${port}/two` } });
  expect(calls).toBe(before);
});

test('a configuration that could not be filled in says why', async () => {
  const execution = await run([{ key: 'bad', type: 'delay', config: { duration: '{{$context.body.text}}' } }], {
    text: 'soon',
  });
  expect(execution.status).toBe('error');
  expect(await input(execution.id, 'bad')).toMatchObject({ status: 200, input: null, error: { code: 'invalid_config' } });
});

test('secrets are replaced', async () => {
  await server.api('POST', '/api/secrets', { name: 'INPUT_KEY', value: 'a-very-secret-value' });
  const execution = await run([set('holds', 'Bearer {{$secrets.INPUT_KEY}}')], {});
  const shown = await input(execution.id, 'holds');
  expect(JSON.stringify(shown)).not.toContain('a-very-secret-value');
  expect(shown.input).toEqual({ value: 'Bearer [secret INPUT_KEY]' });
});

test('a node that did not run is refused', async () => {
  const execution = await run([set('first', 1)], {});
  expect((await input(execution.id, 'second')).status).toBe(400);
});
