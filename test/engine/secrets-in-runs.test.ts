// What a run has to do with secrets: nothing until a node reads one, and then everything that it leaves is looked at.

import { afterEach, expect, it } from 'vitest';
import { definePlugin } from '../../src/engine/plugin.ts';
import { Run } from '../../src/engine/run.ts';
import { walk } from '../../src/engine/runner.ts';
import { createScope } from '../../src/engine/scope.ts';
import { createSecretSet, type SecretVault } from '../../src/engine/secret-vault.ts';
import { startHookline, type TestHookline } from '../start-hookline.ts';
import { compileNodes, keepLog, makeExecution, makeServices, NOW, node, nodeOf } from './running.ts';

const VALUE = 'value of the secret';
let hookline: TestHookline | undefined;
afterEach(async () => {
  await hookline?.stop();
  hookline = undefined;
});

/** A run whose vault counts how often it is asked. */
function makeSecretRun() {
  const asked = { count: 0 };
  const set = createSecretSet([['KEY', VALUE]]);
  const vault: Pick<SecretVault, 'current'> = {
    current() {
      asked.count += 1;
      return set;
    },
  };
  const execution = makeExecution();
  const scope = createScope(execution, { context: { a: 1 }, body: undefined }, () => NOW, undefined, { vault });
  return { run: new Run(execution, scope, false), asked };
}

it('a flow without secrets never asks for them', () => {
  const { run, asked } = makeSecretRun();
  const nodes = compileNodes([
    node('a', 'variable', { value: '{{$context.a}} {{$system.now}} {{$execution.id}}' }),
    node('b', 'condition', { test: { all: [{ left: '{{$nodes.a}}', operator: 'isNotEmpty', right: null }] } }),
  ]);
  expect(walk(run, nodes, makeServices())).toMatchObject({ status: 'succeeded' });
  expect(asked.count).toBe(0);
  expect(run.scope.concealer).toBeUndefined();
});

it('a flow that reads several asks once, also inside loops', async () => {
  const { run, asked } = makeSecretRun();
  const inner = node('v', 'variable', { value: '{{$secrets.KEY}}' });
  const nodes = compileNodes([inner, node('each', 'loop', { over: 3 }, { body: [{ ...inner, key: 'w' }] })]);
  expect(await walk(run, nodes, makeServices())).toMatchObject({ status: 'succeeded' });
  expect(asked.count).toBe(1);
  expect(run.scope.$nodes.w).toBe(VALUE);
  expect(run.scope.concealer?.text(VALUE)).toBe('[secret KEY]');
});

it('what a node logs shows names, whatever it puts into the fields', () => {
  const { run } = makeSecretRun();
  const log = keepLog();
  const talks = nodeOf('talks', ({ config, log: own }) => {
    own.info({ config, error: new Error(`no ${VALUE}`), [VALUE]: 1n }, `with ${VALUE}`);
    return { type: 'done' };
  });
  const nodes = compileNodes([node('a', 'talks', { key: '{{$secrets.KEY}}' })], [talks]);
  expect(walk(run, nodes, makeServices({ log }))).toMatchObject({ status: 'succeeded' });
  expect(log.lines).toEqual([
    {
      level: 'info',
      message: 'with [secret KEY]',
      fields: {
        config: { key: '[secret KEY]' },
        error: 'Error: no [secret KEY]',
        '[secret KEY]': '1',
        execution: run.execution.id,
        node: 'a',
      },
    },
  ]);
});

it('a workflow that is told of a failure, a test call and a node that reads them in code get names to show', async () => {
  const reads = nodeOf('reads', ({ scope }) => ({ type: 'done', output: { key: scope.$secrets.KEY ?? 'missing' } }));
  hookline = await startHookline({ plugins: [definePlugin({ name: 'test', nodes: [reads] })] });
  const { api } = hookline;
  await api('POST', '/api/secrets', { name: 'KEY', value: VALUE });
  const told = await hookline.workflow({
    mode: 'async',
    title: 'Told',
    trigger: { type: 'subflow', config: {} },
    nodes: [{ key: 'why', type: 'variable', config: { value: '{{$context.execution.error.message}}' } }],
  });
  const failing = { key: 'a', type: 'calculation', config: { engine: 'jsonata', expression: '$error($secrets.KEY)' } };
  const { hookUrl } = await hookline.workflow({
    mode: 'sync',
    title: 'Fails',
    trigger: { type: 'webhook' },
    nodes: [failing],
    settings: { onFailureWorkflow: told.id },
  });
  await hookline.post(hookUrl, {});
  const listed = async () => (await api('GET', `/api/executions?workflowId=${told.id}`)).body.data[0]?.id;
  await expect.poll(listed).toBeTruthy();
  const execution = await hookline.finished(await listed());
  expect(execution.jobs[0].output).toContain('[secret KEY]');
  expect(JSON.stringify(execution)).not.toContain(VALUE);

  const nodes = [
    { key: 'r', type: 'reads', config: {} },
    { key: 'a', type: 'response', config: { body: '{{$nodes.r}} {{$secrets.KEY}}' } },
  ];
  const shown = await hookline.workflow({ mode: 'sync', title: 'Shown', trigger: { type: 'webhook' }, nodes });
  expect((await hookline.post(shown.hookUrl, {})).text).toBe(`{"key":"${VALUE}"} ${VALUE}`);
  const call = await api('POST', `/api/workflows/${shown.id}/call`, {});
  expect(call.body.reply.body).toBe('{"key":"[secret KEY]"} [secret KEY]');
  const run = await api('POST', `/api/workflows/${shown.id}/run`, {});
  expect(run.text).not.toContain(VALUE);
  expect(run.body.jobs[0].output).toEqual({ key: '[secret KEY]' });
});
