// Templates are workflows that the real server takes without a complaint, in every language.

import { readFileSync } from 'node:fs';
import { createInstance } from 'i18next';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TEMPLATES, templateDocument } from '../../../../client/src/pages/workflows/templates.ts';
import { startHookline, type TestHookline } from '../../../start-hookline.ts';

let server: TestHookline;
beforeAll(async () => {
  server = await startHookline();
});
afterAll(() => server.stop());

async function translator(language: string) {
  const file = new URL(`../../../../client/src/locales/${language}/workflows.json`, import.meta.url);
  const i18n = createInstance();
  await i18n.init({ lng: language, resources: { [language]: { workflows: JSON.parse(readFileSync(file, 'utf8')) } } });
  return i18n.getFixedT(language, 'workflows');
}

describe.each(['en', 'nl', 'fr'])('in %s', (language) => {
  test.each(TEMPLATES)('"%s" is saved without problems', async (name) => {
    const document = templateDocument(name, await translator(language));
    const { status, body } = await server.api('POST', '/api/workflows', document);
    expect(body.error ?? body.problems).toEqual([]);
    expect(status).toBe(201);
    expect(body.title).toBe(document.title);
  });
});

const paid = { payment: { id: 'pay_1', status: 'paid' } };
const push = {
  ref: 'refs/heads/main',
  repository: { full_name: 'ada/engine', default_branch: 'main' },
  pusher: { name: 'ada' },
  commits: [{ id: '1' }, { id: '2' }],
};
const stripe = { id: 'evt_1', type: 'payment_intent.succeeded', data: { object: { amount: 4200 } } };

test.each([
  ['payment', paid, {}, 200, { received: 'pay_1' }],
  ['payment', { payment: { id: 'pay_2', status: 'open' } }, {}, 422, { reason: 'payment is open, not paid' }],
  ['form', { name: 'Ada', email: 'ada@example.com' }, {}, 200, { message: 'Thank you, we will be in touch.' }],
  ['form', { name: 'Ada' }, {}, 422, { message: 'Please fill in your name and e-mail address.' }],
] as const)('"%s" answers its caller', async (name, body, headers, status, reply) => {
  const { hookUrl } = await server.workflow(templateDocument(name, await translator('en')));
  const answer = await server.post(hookUrl, body, headers);
  expect([answer.status, answer.body]).toEqual([status, reply]);
});

test.each([
  ['github', push, { 'X-GitHub-Event': 'push' }, 'summary', 'ada pushed 2 commits to ada/engine'],
  ['stripe', stripe, {}, 'amount', 42],
] as const)('"%s" computes what it promises', async (name, body, headers, key, output) => {
  const { id, hookUrl } = await server.workflow(templateDocument(name, await translator('en')));
  await server.post(hookUrl, body, headers);
  const { body: list } = await server.api('GET', `/api/executions?workflowId=${id}`);
  const execution = await server.finished(list.data[0].id);
  expect(execution.status).toBe('succeeded');
  expect(execution.jobs.find((job: { key: string }) => job.key === key)).toMatchObject({ output });
});
