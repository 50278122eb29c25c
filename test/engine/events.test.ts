// Workflows that run on what happens inside Hookline.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { OperationalEvent } from '../../src/engine/outbound-model.ts';
import { type AnyTriggerType, defineTrigger } from '../../src/engine/plugin.ts';
import { HooklineError } from '../../src/errors.ts';
import { NOW, node } from './running.ts';
import { startEngine, type TestWorkflow } from './test-engine.ts';

const EVENT: OperationalEvent = {
  type: 'endpoint.blocked',
  timestamp: NOW,
  data: { endpoint: { id: 'ep_1', workspace: 'acme' } },
};
const nodes = [node('what', 'output', { value: '{{$context.type}} at {{$context.timestamp}}: {{$context.data.endpoint.id}}' })];
const listener = (id: string, more: Partial<TestWorkflow> = {}): TestWorkflow => ({
  id,
  nodes,
  trigger: 'hookline-event',
  ...more,
});

describe('an operational event', () => {
  it('starts each enabled workflow that hears it, when it is committed', async () => {
    const world = await startEngine([
      listener('a'),
      listener('b', { triggerConfig: { events: ['delivery.*'] } }),
      listener('c', { triggerConfig: { workspace: 'acme', endpointId: 'ep_1' } }),
      listener('d', { triggerConfig: { workspace: 'other' } }),
      listener('e', { enabled: false }),
      { id: 'web', nodes },
      listener('sync', { mode: 'sync' }),
    ]);
    const { writes, committed } = await world.engine.prepareEvent(EVENT);
    expect(writes.map(({ insert }) => [insert?.workflowId, insert?.status, insert?.source])).toEqual([
      ['a', 'queued', 'event'],
      ['c', 'queued', 'event'],
      ['sync', 'queued', 'event'],
    ]);
    expect(world.pushed).toEqual([]);
    const [first, ...others] = writes;
    if (first === undefined) throw new Error('nothing to write');
    await world.executions.store.commit(first, ...others);
    committed();
    expect(world.pushed).toHaveLength(3);
    await world.settle();
    for (const { status, output, context, request } of world.executions.all()) {
      expect({ status, output, request }).toEqual({
        status: 'succeeded',
        output: `endpoint.blocked at ${new Date(NOW).toISOString()}: ep_1`,
        request: null,
      });
      expect(context).toEqual({ ...EVENT, timestamp: new Date(NOW).toISOString() });
    }
    await world.engine.stop();
  });

  it('that nobody hears needs no writes', async () => {
    const world = await startEngine([{ id: 'web', nodes }]);
    const { writes, committed } = await world.engine.prepareEvent(EVENT);
    expect(writes).toEqual([]);
    committed();
    await world.engine.stop();
  });

  it('has no URL: the workflow behind it cannot be called, and a replay has the same context', async () => {
    const world = await startEngine([listener('a')]);
    const { writes } = await world.engine.prepareEvent(EVENT);
    const insert = writes[0]?.insert;
    if (insert === undefined) throw new Error('nothing to write');
    await world.executions.store.commit({ insert });
    await world.settle();
    const again = await world.engine.replay(insert.id);
    await world.settle();
    expect(world.stored(again.id)).toMatchObject({ source: 'replay', output: expect.stringContaining('endpoint.blocked') });
    expect(world.log.lines).toEqual([]);
    await world.engine.stop();
  });

  it('that one workflow chokes on reaches the others, and is logged', async () => {
    const choking: AnyTriggerType = defineTrigger<unknown>({
      type: 'choking',
      title: 'Choking',
      description: 'Choking',
      config: z.strictObject({}),
      create: () => ({
        hears: () => {
          throw new HooklineError('node_failed', 'It chokes.');
        },
      }),
    });
    const workflows = [{ id: 'bad', nodes, trigger: 'choking' }, { id: 'gone', nodes, trigger: 'uninstalled' }, listener('a')];
    const world = await startEngine(workflows, [], [choking]);
    const { writes } = await world.engine.prepareEvent(EVENT);
    expect(writes.map(({ insert }) => insert?.workflowId)).toEqual(['a']);
    expect(world.log.lines.map(({ level, fields }) => [level, fields])).toEqual([
      ['error', expect.objectContaining({ workflow: 'gone', error: expect.objectContaining({ code: 'unknown_type' }) })],
      ['error', expect.objectContaining({ workflow: 'bad', error: { code: 'node_failed', message: 'It chokes.' } })],
    ]);
    await world.engine.stop();
  });

  it('finds workflows that have changed since, and asks storage for the list once', async () => {
    const world = await startEngine([listener('a', { enabled: false }), listener('b')]);
    const heard = async () => (await world.engine.prepareEvent(EVENT)).writes.map(({ insert }) => insert?.workflowId);
    let lists = 0;
    const { listEnabled } = world.workflows;
    world.workflows.listEnabled = () => {
      lists += 1;
      return listEnabled();
    };
    expect(await heard()).toEqual(['b']);
    await world.workflows.update('a', { enabled: true });
    await world.workflows.update('b', { enabled: false });
    await world.engine.refresh('a');
    world.bus.deliver({ type: 'workflow-changed', workflowId: 'b' });
    expect(await heard()).toEqual(['a']);
    await world.workflows.delete('a');
    await world.engine.refresh('a');
    expect(await heard()).toEqual([]);
    expect(lists).toBe(1);
    await world.workflows.update('b', { enabled: true });
    world.bus.deliver({ type: 'messages-missed' });
    expect(await heard()).toEqual(['b']);
    expect(lists).toBe(2);
    expect(world.log.lines).toEqual([]);
    await world.engine.stop();
  });

  it('cannot be prepared while storage is away, and can afterwards', async () => {
    const world = await startEngine([listener('a')]);
    const { listEnabled } = world.workflows;
    world.workflows.listEnabled = () => Promise.reject(new HooklineError('storage_unavailable', 'The database is away.'));
    await expect(world.engine.prepareEvent(EVENT)).rejects.toMatchObject({ code: 'storage_unavailable' });
    world.workflows.listEnabled = listEnabled;
    expect((await world.engine.prepareEvent(EVENT)).writes).toHaveLength(1);
    await world.engine.stop();
  });
});

it('messages between processes about endpoints and deliveries stop no execution', async () => {
  const world = await startEngine([{ id: 'w', nodes }]);
  const { id } = await world.accept();
  world.bus.deliver({ type: 'deliveries-added', endpointIds: [] });
  world.bus.deliver({ type: 'endpoint-changed', endpointId: 'ep_1' });
  world.bus.deliver({ type: 'event-types-changed' });
  await world.settle();
  expect(world.stored(id).status).toBe('succeeded');
  await world.engine.stop();
});
