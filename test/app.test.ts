// Starting and stopping a Hookline inside a program, in every order.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { createHookline, definePlugin, defineTrigger, type HooklineOptions } from '../src/index.ts';
import { keepLog } from './engine/running.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hookline-app-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const create = (options: HooklineOptions = {}) =>
  createHookline({
    databaseUrl: `sqlite:${join(folder, 'hookline.db')}`,
    secretKeyFile: join(folder, 'secret.key'),
    logLevel: 'silent',
    ...options,
  });

it('starts once however often it is asked to, and stops once', async () => {
  const hookline = create();
  await Promise.all([hookline.start(), hookline.start()]);
  expect(hookline.engine.isAccepting()).toBe(true);
  await Promise.all([hookline.stop(), hookline.stop()]);
  await hookline.stop();
  expect(() => hookline.engine).toThrow(expect.objectContaining({ code: 'storage_unavailable' }));
});

it('can be started again, also while it is stopping', async () => {
  const hookline = create();
  await hookline.start();
  const stopped = hookline.stop();
  await hookline.start();
  await stopped;
  expect(hookline.engine.isAccepting()).toBe(true);
  await hookline.stop();
});

it('can be stopped while it is starting', async () => {
  const hookline = create();
  const started = hookline.start();
  await Promise.all([started, hookline.stop()]);
  expect(() => hookline.engine).toThrow();
  // Nothing holds the database any more.
  const next = create();
  await next.start();
  await next.stop();
});

it('tells why it cannot start, can be stopped all the same, and tries again', async () => {
  const first = create();
  await first.start();
  const second = create();
  const started = second.start();
  const stopped = second.stop();
  await expect(started).rejects.toMatchObject({ code: 'invalid_configuration' });
  await stopped;
  await first.stop();
  await second.start();
  await second.stop();
});

it('closes the database also when a trigger cannot stop', async () => {
  const log = keepLog();
  const stuck = defineTrigger<unknown>({
    type: 'stuck',
    title: 'Stuck',
    description: 'Cannot stop.',
    config: z.strictObject({}),
    create: () => ({
      listen: async () => () => {
        throw new Error('stuck');
      },
    }),
  });
  const hookline = create({ log, plugins: [definePlugin({ name: 'test', triggers: [stuck] })] });
  await hookline.start();
  await hookline.workflows.create({ title: 'T', mode: 'async', enabled: true, trigger: { type: 'stuck', config: {} } });
  await hookline.stop();
  expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([{ fields: { error: { message: 'stuck' } } }]);
  const next = create();
  await next.start();
  await next.stop();
});

it('fires the live revision of a listening trigger, and marks it as executed once', async () => {
  let fire: ((context: unknown) => Promise<{ executionId: string }>) | undefined;
  const clock = defineTrigger<unknown>({
    type: 'clock',
    title: 'Clock',
    description: 'Fires when the test says so.',
    config: z.strictObject({}),
    create: () => ({
      async listen(given) {
        fire = given;
        return () => {
          fire = undefined;
        };
      },
    }),
  });
  const hookline = create({ plugins: [definePlugin({ name: 'test', triggers: [clock] })] });
  await hookline.start();
  const trigger = { type: 'clock', config: {} };
  const nodes = (value: string): object[] => [{ key: 'a', type: 'variable', config: { value } }];
  const { id } = await hookline.workflows.create({ title: 'T', mode: 'sync', enabled: true, trigger, nodes: nodes('one') });
  const run = async () => {
    const { executionId } = (await fire?.({ n: 1 })) ?? { executionId: '' };
    const execution = await hookline.executions.get(executionId);
    return [execution?.revision, execution?.jobs[0]?.output, execution?.source];
  };
  expect(await run()).toEqual([1, 'one', 'trigger']);
  expect(await run()).toEqual([1, 'one', 'trigger']);
  await hookline.workflows.update(id, { nodes: nodes('two') });
  expect(await run()).toEqual([2, 'two', 'trigger']);
  await hookline.workflows.update(id, { enabled: false });
  expect(fire).toBeUndefined();
  await hookline.stop();
});
