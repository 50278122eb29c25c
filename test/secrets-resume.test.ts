// An execution that holds a secret goes on with it behind a kill, whatever has become of the secret meanwhile.

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { hookline, KEY, killCommands, listening } from './cli/command.ts';

const OLD = 'old value of the secret';
const NEW = 'new value of the secret';
const TOKEN = 'Rt4nZ8pLx2Vb6KqW9mHc3yFj7sGd5aEu';
let folder: string;
let url: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-resume-'));
});
afterEach(async () => {
  await killCommands();
  await rm(folder, { recursive: true, force: true });
});

async function start() {
  const command = hookline(['start'], {
    HOOKLINE_DATABASE_URL: `sqlite:${join(folder, 'hookline.db')}`,
    HOOKLINE_SECRET_KEY: KEY,
    HOOKLINE_ADMIN_TOKEN: TOKEN,
  });
  url = await listening(command);
  return command;
}

async function call(method: string, path: string, body?: unknown) {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text === '' ? undefined : JSON.parse(text) };
}

async function untilStatus(id: string, status: string) {
  await expect.poll(async () => (await call('GET', `/api/executions/${id}`)).body.status).toBe(status);
  return (await call('GET', `/api/executions/${id}`)).body;
}

/** What lies in the files of the database. */
async function stored(): Promise<string> {
  const names = (await readdir(folder)).filter((name) => name.startsWith('hookline.db'));
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')))).join('\n');
}

it('a variable, an assignment and the input of a subflow are the same behind kill -9', async () => {
  const first = await start();
  await call('POST', '/api/secrets', { name: 'KEY', value: OLD });
  // Backwards, so that the documents do not hold the value themselves.
  const equals = (path: string, value: string) => {
    const backwards = JSON.stringify([...value].reverse().join(''));
    return { engine: 'jsonata', test: `$join($reverse($split(${path}, ''))) = ${backwards}` };
  };
  const child = await call('POST', '/api/workflows', {
    title: 'Child',
    mode: 'async',
    enabled: true,
    trigger: { type: 'subflow', config: {} },
    nodes: [
      { key: 'pause', type: 'wait', config: {} },
      { key: 'same', type: 'condition', config: equals('$context.given', OLD) },
      { key: 'out', type: 'output', config: { value: '{{$context.given}}' } },
    ],
  });
  const nodes = [
    { key: 'kept', type: 'variable', config: { value: { text: '{{$secrets.KEY}}', list: ['a {{$secrets.KEY}}'] } } },
    { key: 'changed', type: 'variable', config: { value: null } },
    { key: 'change', type: 'variable', config: { assign: 'changed', value: '{{$secrets.KEY}}' } },
    { key: 'pause', type: 'wait', config: {} },
    { key: 'same', type: 'condition', config: equals('$nodes.kept.text', OLD) },
    { key: 'sameChanged', type: 'condition', config: equals('$nodes.changed', OLD) },
    { key: 'echoed', type: 'condition', config: equals('$nodes.pause.echo', OLD) },
    { key: 'again', type: 'variable', config: { value: '{{$nodes.kept.text}}' } },
    { key: 'sub', type: 'subflow', config: { workflow: child.body.id, input: { given: '{{$nodes.kept.text}}' } } },
    { key: 'back', type: 'condition', config: equals('$nodes.sub', OLD) },
    { key: 'fresh', type: 'condition', config: equals('$secrets.KEY', NEW) },
  ];
  const { body } = await call('POST', '/api/workflows', {
    title: 'Parent',
    mode: 'async',
    enabled: true,
    trigger: { type: 'webhook', config: {} },
    nodes,
  });
  const { id } = (await call('POST', `/api/workflows/${body.id}/run`, {})).body;
  const waiting = await untilStatus(id, 'waiting');
  expect(waiting.jobs[0].output).toEqual({ text: '[secret KEY]', list: ['a [secret KEY]'] });
  first.child.kill('SIGKILL');
  await first.ended;
  expect(await stored()).not.toContain(OLD);

  const second = await start();
  await call('PATCH', '/api/secrets/KEY', { value: NEW });
  const resumeUrl = async (execution: string) => {
    const { createResumeTokens } = await import('../src/engine/resume-token.ts');
    const { createSecretBox } = await import('../src/secrets/secret-box.ts');
    return `/resume/${createResumeTokens(createSecretBox(KEY)).make({ executionId: execution, jobPath: 'pause' })}`;
  };
  // Who calls back knows the secret, and what they send is stored before the flow takes it.
  expect((await call('POST', await resumeUrl(id), { echo: OLD })).status).toBeLessThan(300);
  const called = async () => (await call('GET', `/api/executions?workflowId=${child.body.id}`)).body.data[0]?.id as string;
  await expect.poll(called).toBeTruthy();
  const sub = await untilStatus(await called(), 'waiting');
  expect(sub.context).toEqual({ given: '[secret KEY]' });
  second.child.kill('SIGKILL');
  await second.ended;
  expect(await stored()).not.toContain(OLD);

  const third = await start();
  expect((await call('POST', await resumeUrl(sub.id), {})).status).toBeLessThan(300);
  const done = await untilStatus(id, 'succeeded');
  const subDone = await untilStatus(sub.id, 'succeeded');
  const outputs = Object.fromEntries(done.jobs.map((job: { key: string; output: unknown }) => [job.key, job.output]));
  expect(outputs).toMatchObject({
    pause: { echo: '[secret KEY]' },
    same: true,
    sameChanged: true,
    echoed: true,
    again: '[secret KEY]',
    sub: '[secret KEY]',
    back: true,
    fresh: true,
  });
  expect(subDone).toMatchObject({ output: '[secret KEY]' });
  expect(subDone.jobs.find(({ key }: { key: string }) => key === 'same').output).toBe(true);
  // From a node on, with what ran before it taken over.
  const rerun = (await call('POST', `/api/executions/${id}/rerun`, { from: 'same' })).body;
  const again = await untilStatus(rerun.id, 'waiting');
  expect(again.jobs.find(({ key }: { key: string }) => key === 'same').output).toBe(true);
  expect(JSON.stringify([done, subDone, again])).not.toContain('value of the secret');
  await third.stop();
  expect(await stored()).not.toContain(OLD);
  expect(await stored()).not.toContain(NEW);
});
