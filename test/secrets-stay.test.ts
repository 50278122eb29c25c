// Secrets that go in do not come out: not in replies, not in the log, not in the database.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { keepLog } from './engine/running.ts';
import { startHookline, type TestHookline } from './start-hookline.ts';

let hookline: TestHookline;
afterEach(() => hookline.stop());

it('keeps credentials, secret headers and keys of trigger URLs where they belong', async () => {
  const log = keepLog();
  hookline = await startHookline({ log });
  const { api, post } = hookline;
  const auth = (change: object = {}): object => ({
    type: 'webhook',
    config: { auth: { type: 'basic', username: 'ada-the-caller', password: 'first-password', ...change } },
  });
  const basic = (text: string): string => Buffer.from(text).toString('base64');
  const right = basic('ada-the-caller:first-password');
  const wrong = basic('ada-the-caller:guessed-password');
  // The worst that a flow can do with a header: put it into an error.
  const webhookSecret = `whsec_${Buffer.alloc(32, 'webhook-secret').toString('base64')}`;
  const hook = (change: object = {}): object => ({
    key: 'hook',
    type: 'send-webhook',
    config: {
      to: {
        type: 'url',
        url: 'http://127.0.0.1:9/',
        secret: webhookSecret,
        profiles: [{ type: 'standard' }, { type: 'github', secret: 'key-of-its-own' }],
        secretHeaders: [{ name: 'X-Key', value: 'header-of-the-hook' }],
        ...change,
      },
    },
  });
  // Named ones go the same ways, and into what the flow computes.
  const named = 'named secret "of" the flow/+';
  expect((await api('POST', '/api/secrets', { name: 'NAMED', value: named })).status).toBe(201);
  const nodes = [
    hook({ headers: [{ name: 'X-Named', value: '{{$secrets.NAMED}}' }] }),
    { key: 'v', type: 'variable', config: { value: { deep: ['{{$secrets.NAMED}}'], text: 'x {{$secrets.NAMED}}' } } },
    {
      key: 's',
      type: 'javascript',
      config: {
        code: 'console.log(n); return [n, [...n].join(""), JSON.stringify(n)]',
        arguments: [{ name: 'n', value: '{{$secrets.NAMED}}' }],
        timeoutMs: 60_000,
      },
    },
    {
      key: 'b',
      type: 'calculation',
      config: { engine: 'jsonata', expression: '[$base64encode("u:" & $secrets.NAMED), $encodeUrlComponent($secrets.NAMED)]' },
    },
    {
      key: 'bad',
      type: 'calculation',
      config: { engine: 'jsonata', expression: '$error($secrets.NAMED)' },
      onFailure: 'continue',
    },
    { key: 'a', type: 'calculation', config: { engine: 'jsonata', expression: '$error($request.headers.authorization)' } },
  ];
  const { id, hookUrl, hookKey } = await hookline.workflow({ mode: 'sync', trigger: auth(), nodes });

  const answer = await post(hookUrl, { a: 1 }, { Authorization: `Basic ${right}`, 'X-Api-Key': 'an-api-key' });
  expect(answer.status).toBe(500);
  const execution = answer.headers.get('x-hookline-execution-id');
  const answers = [
    answer,
    await post(hookUrl, {}, { Authorization: `Basic ${wrong}` }),
    // Edits that are accepted, and edits that are refused, each with its own complaint about the secret.
    await api('PATCH', `/api/workflows/${id}`, { trigger: auth({ password: 'second-password' }) }),
    await api('PATCH', `/api/workflows/${id}`, { trigger: auth({ password: ['second-password'] }) }),
    await api('PATCH', `/api/workflows/${id}`, { trigger: auth({ username: 'ada-the-caller:', password: 'second-password' }) }),
    await api('PATCH', `/api/workflows/${id}`, { trigger: auth({ password: 'second-password{{$oops}}' }) }),
    await api('POST', '/api/workflows', { title: 'x', mode: 'sync', trigger: auth({ extra: 'second-password' }) }),
    await api('PATCH', `/api/workflows/${id}`, { nodes: [hook({ secret: ['second-password'] })] }),
    await api('PATCH', `/api/workflows/${id}`, {
      nodes: [hook({ profiles: [{ type: 'github', secret: 'second-password', extra: 1 }] })],
    }),
    await api('PATCH', `/api/workflows/${id}`, {
      nodes: [hook({ secret: 'second-password', profiles: [{ type: 'standard' }] })],
    }),
    await api('POST', `/api/workflows/${id}/duplicate`),
    await api('PATCH', '/api/secrets/NAMED', { value: ['second-password'] }),
    await api('POST', '/api/secrets', { name: 'NAMED', value: named }),
    await api('GET', '/api/secrets'),
    await api('POST', '/api/evaluate', { engine: 'jsonata', expression: '$secrets.NAMED' }),
    await api('POST', '/api/test-node', { mode: 'sync', node: nodes[1], effects: false }),
    await api('GET', `/api/workflows/${id}/learned`),
    await api('POST', `/api/executions/${execution}/replay`),
  ];
  for (const path of ['', '/revisions', '/revisions/1', '/revisions/1/compare/2', '/export']) {
    answers.push(await api('GET', `/api/workflows/${id}${path}`));
  }
  answers.push(await api('GET', `/api/executions/${execution}`), await api('GET', '/api/executions'));
  const deliveries = await api('GET', '/api/deliveries');
  expect(deliveries.body.data).toHaveLength(2);
  answers.push(deliveries, await api('GET', `/api/deliveries/${deliveries.body.data[0].id}`));
  await hookline.hookline.stop();

  const files = readdirSync(hookline.folder).filter((name) => name.startsWith('hookline.db'));
  const places = {
    replies: answers.map(({ text }) => text).join('\n'),
    log: JSON.stringify(log.lines),
    database: files.map((name) => readFileSync(join(hookline.folder, name), 'latin1')).join('\n'),
  };
  for (const [place, text] of Object.entries(places)) {
    for (const secret of [
      'first-password',
      'second-password',
      'guessed-password',
      'ada-the-caller',
      right,
      wrong,
      'an-api-key',
      webhookSecret,
      webhookSecret.slice('whsec_'.length),
      'key-of-its-own',
      'header-of-the-hook',
      named,
      JSON.stringify(named).slice(1, -1),
      encodeURIComponent(named),
      basic(named),
      basic(`u:${named}`),
    ]) {
      expect(text.includes(secret), `${secret} in the ${place}`).toBe(false);
    }
  }
  expect(places.log).not.toContain(hookKey);
});
