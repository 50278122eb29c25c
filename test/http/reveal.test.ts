// The recipes of the review, one each: who may only look cannot act. The whole table is in capabilities.long.test.ts.

import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Permission } from '../../src/access/model.ts';
import { startHookline, type TestHookline } from '../start-hookline.ts';
import { readEvents } from './event-reader.ts';

let server: TestHookline;
let workflow: { id: string; hookUrl: string; hookKey: string };
let executionId: string;
const lines: string[] = [];

beforeAll(async () => {
  const note = (fields: object, message: string) => void lines.push(`${message} ${JSON.stringify(fields)}`);
  server = await startHookline({ log: { debug: note, info: note, warn: note, error: note } });
  workflow = await server.workflow({
    mode: 'async',
    trigger: { type: 'webhook', config: {} },
    nodes: [
      { key: 'link', type: 'variable', config: { value: 'Approve at {{$resume.wt}}' } },
      { key: 'wt', type: 'wait', config: {} },
    ],
  });
  executionId = await call();
});
afterAll(() => server.stop());

async function call(): Promise<string> {
  const { headers } = await server.post(workflow.hookUrl, { card: '4111' }, { Referer: workflow.hookUrl });
  return headers.get('x-hookline-execution-id') ?? '';
}

async function tokenWith(...permissions: Permission[]): Promise<Record<string, string>> {
  const { body } = await server.api('POST', '/api/tokens', { name: permissions.join(), permissions, expiresAt: null });
  return { Authorization: `Bearer ${body.secret}` };
}

async function get(path: string, headers: Record<string, string>): Promise<string> {
  return (await fetch(server.url + path, { headers })).text();
}

const RESUME_URL = /http:[^\s"]+\/resume\/[^\s"]+/;

test('a reader of an approval cannot give it; who may act can', async () => {
  const reader = await tokenWith('workflows:read', 'executions:read');
  const shown = await get(`/api/executions/${executionId}`, reader);
  expect(shown).toContain('Approve at http');
  expect(shown).toContain('/resume/[resume token]');
  const [seen = ''] = RESUME_URL.exec(shown) ?? [];
  expect((await server.post(`${seen} token]`.replace(' ', '%20'), {})).status).toBe(404);

  const actor = await tokenWith('executions:read', 'executions:write');
  const [url = ''] = RESUME_URL.exec(await get(`/api/executions/${executionId}`, actor)) ?? [];
  expect((await server.post(url, { approved: true })).body).toEqual({ resumed: true });
});

test('a reader sees no trigger URL, in no view; a designer without executions:write sees no resume URL', async () => {
  const reader = await tokenWith('workflows:read', 'executions:read');
  const designer = await tokenWith('workflows:read', 'workflows:write', 'executions:read');
  const hint = workflow.hookKey.slice(-4);
  for (const path of ['', '/export', '/revisions', '/learned']) {
    expect(await get(`/api/workflows/${workflow.id}${path}`, reader), path).not.toContain(workflow.hookKey);
  }
  expect(JSON.parse(await get(`/api/workflows/${workflow.id}`, reader))).toMatchObject({
    hookKey: null,
    hookUrl: null,
    hookKeyHint: hint,
  });
  const execution = JSON.parse(await get(`/api/executions/${executionId}`, reader));
  expect(execution.request).toMatchObject({
    url: `/hooks/[hook key …${hint}]`,
    headers: { referer: `${server.url}/hooks/[hook key …${hint}]` },
  });
  const seen = await get(`/api/executions/${executionId}`, designer);
  expect(seen).toContain(workflow.hookKey);
  expect(seen).toContain('[resume token]');
});

test('calls and samples are for who may read executions, and the stream shows no key either', async () => {
  const reader = await tokenWith('workflows:read');
  for (const path of ['listen', 'sample']) {
    const answer = await fetch(`${server.url}/api/workflows/${workflow.id}/${path}`, { headers: reader });
    expect([answer.status, await answer.text()]).toEqual([403, expect.stringContaining('"executions:read\\"')]);
  }
  const stream = await readEvents(`${server.url}/api/workflows/${workflow.id}/listen`, await tokenWith('executions:read'));
  await stream.nextOf('listening');
  await call();
  const { data } = await stream.nextOf('request');
  stream.hangUp();
  expect(data.request.body).toContain('4111');
  expect(JSON.stringify(data)).not.toContain(workflow.hookKey);
});

test('who acts without reading gets nothing of what callers sent', async () => {
  const headers = await tokenWith('executions:write');
  const answer = await fetch(`${server.url}/api/executions/${await call()}/cancel`, { method: 'POST', headers });
  expect(await answer.json()).toMatchObject({ status: 'canceled', request: null, context: null, response: null, jobs: [] });
});

test('a search finds nothing by what it does not show, and a key that was just made is hidden', async () => {
  const reader = await tokenWith('workflows:read');
  const fresh = await server.workflow({ title: 'Fresh', mode: 'sync', trigger: { type: 'webhook', config: {} } });
  await server.api('PATCH', `/api/workflows/${workflow.id}`, { title: `Then ${fresh.hookKey}`, tags: [fresh.hookKey] });
  const list = async (query: string) => JSON.parse(await get(`/api/workflows?${query}`, reader)).data;
  expect(await list(`search=${fresh.hookKey.slice(3, 9)}`)).toEqual([]);
  expect(await list(`tag=${fresh.hookKey}`)).toEqual([]);
  const [found] = await list('search=then');
  expect(found.title).toBe(`Then [hook key …${fresh.hookKey.slice(-4)}]`);
});

test('the log of the server shows neither', () => {
  expect(lines.join('\n')).not.toContain(workflow.hookKey);
  expect(lines.join('\n')).not.toMatch(/resume\/[\w-]{30}/);
});
