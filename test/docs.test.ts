// The workflows in docs/nodes.md and the requests on the other pages, made and run as they stand there.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createRegistry } from '../src/engine/registry.ts';
import { builtIns } from '../src/plugins/index.ts';
import { startHookline, type TestHookline } from './start-hookline.ts';

interface Example {
  readonly title: string;
  readonly trigger: { readonly type: string };
  readonly nodes: readonly { readonly type: string; readonly config: Record<string, unknown> }[];
}

const page = readFileSync(new URL('../docs/nodes.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) => JSON.parse(json) as Example);
const BODY = {
  seconds: 0.01,
  items: [
    { sku: 'A', price: 2 },
    { sku: 'B', price: 3 },
  ],
  name: 'Ada Lovelace',
  customer: 'c1',
};

/** What the last node leaves; those that are not here only have to be accepted when they are saved. */
const RESULTS: Readonly<Record<string, unknown>> = {
  'A reminder': expect.stringMatching(/^Waited until 2/),
  'Sum of an order': { rounds: 2, failures: 0 },
  'Two at once': { branches: ['left', 'right'] },
  'Uses the net price': 'Net: 100',
  Initials: 'AL',
  'Article numbers': { skus: ['A', 'B'], note: '' },
  'Due date': '28/02/2027',
  'One at a time per customer': 'c1',
};

let server: TestHookline;
const ids = new Map<string, string>();

beforeAll(async () => {
  server = await startHookline();
});
afterAll(() => server.stop());

async function make(example: Example): Promise<{ id: string; hookUrl: string }> {
  const text = JSON.stringify(example).replace(/<id of ([^>]+)>/g, (_, title: string) => ids.get(title) ?? '');
  const made = await server.workflow(JSON.parse(text));
  ids.set(example.title, made.id);
  return made;
}

it.each(examples.map((example) => [example.title, example] as const))('docs/nodes.md: "%s"', async (title, example) => {
  const { hookUrl } = await make(example);
  if (!Object.hasOwn(RESULTS, title)) return;
  const reply = await server.post(hookUrl, BODY);
  const execution = await server.finished(reply.headers.get('x-hookline-execution-id') ?? '');
  expect(execution.status, JSON.stringify(execution.error)).toBe('succeeded');
  expect(execution.jobs.at(-1).output).toEqual(RESULTS[title]);
});

const webhooksPage = readFileSync(new URL('../docs/webhooks.md', import.meta.url), 'utf8');
const requests = requestsIn(webhooksPage);

function requestsIn(text: string): { method: string; path: string; body: object }[] {
  return [...text.matchAll(/```json (POST|PATCH) (\S+)\n([\s\S]*?)```/g)].map(([, method = '', path = '', json = '']) => ({
    method,
    path,
    body: JSON.parse(json) as object,
  }));
}

// One after the other: the message is one of the event type that was made before.
it.each(requests)('docs/webhooks.md: $method $path', async ({ method, path, body }) => {
  const { status, text } = await server.api(method, path, body);
  expect(status, text).toBe(method === 'POST' ? 201 : 200);
});

const operationsPage = readFileSync(new URL('../docs/operations.md', import.meta.url), 'utf8');

it.each(requestsIn(operationsPage))('docs/operations.md: $method $path', async ({ method, path, body }) => {
  const { status, text } = await server.api(method, path, body);
  expect(status, text).toBe(method === 'POST' ? 201 : 200);
});

const workflowsPage = readFileSync(new URL('../docs/workflows.md', import.meta.url), 'utf8');

it.each(requestsIn(workflowsPage))('docs/workflows.md: $method $path', async ({ method, path, body }) => {
  const { id } = await server.workflow({ mode: 'sync', trigger: { type: 'webhook', config: {} } });
  const answer = await server.api(method, path.replace('{id}', id), body);
  expect(answer.status, answer.text).toBe(200);
  if (path.endsWith('/call')) expect(answer.body).toMatchObject({ skippedChecks: false, reply: { status: 200 } });
});

it('every node type of this build is described in the documentation', () => {
  const documented = page + workflowsPage;
  for (const { type } of createRegistry([builtIns]).nodes()) expect(documented).toContain(`\`${type}\``);
});
