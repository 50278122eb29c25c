// Messages know whether they were sent because Hookline told a workflow of something.

import { describe, expect, it } from 'vitest';
import type { Node } from '../../src/engine/model.ts';
import { HooklineError } from '../../src/errors.ts';
import { NOW, node, nodeOf } from './running.ts';
import { startEngine, type TestEngine, type TestWorkflow } from './test-engine.ts';

const send = nodeOf('send', () => ({ type: 'publish', event: { type: 'order.created', data: {} }, isAwaited: false }));
const broken = nodeOf('broken', () => {
  throw new HooklineError('request_failed', 'Nobody answers.');
});
const tell = node('tell', 'send');
const call = (workflow: string, more: object = {}): Node => node('call', 'subflow', { workflow, ...more });

const start = (...workflows: TestWorkflow[]): Promise<TestEngine> => startEngine(workflows, [send, broken]);

async function happen(world: TestEngine): Promise<void> {
  const { writes, committed } = await world.engine.prepareEvent({ type: 'delivery.failed', timestamp: NOW, data: {} });
  for (const write of writes) await world.executions.store.commit(write);
  committed();
  await world.settle();
}

/** By the workflow that sent it. */
function sources({ publisher, stored }: TestEngine): [string, boolean][] {
  return publisher.committedMessages.flatMap(({ source }) =>
    source ? [[stored(source.executionId).workflowId, source.isOfEvent === true]] : [],
  );
}

describe('a message', () => {
  const listener = (nodes: Node[]): TestWorkflow => ({ id: 'listener', trigger: 'hookline-event', nodes });

  it('of a workflow that hears of events knows it; of another one there is nothing to know', async () => {
    const world = await start(listener([tell]), { id: 'web', nodes: [tell] });
    await happen(world);
    const { id } = await world.accept('web');
    await world.settle();
    expect(sources(world)).toEqual([
      ['listener', true],
      ['web', false],
    ]);
    expect(world.publisher.committedMessages[1]?.source).toEqual({ executionId: id, jobPath: 'tell', isAwaited: false });
    await world.engine.stop();
  });

  it('of a subflow knows it of whoever called that, however deep', async () => {
    const inner = { id: 'inner', nodes: [tell, node('again', 'send')] };
    const world = await start(listener([call('middle')]), { id: 'middle', nodes: [call('inner', { wait: false })] }, inner, {
      id: 'web',
      nodes: [call('middle')],
    });
    let reads = 0;
    const { get } = world.executions.store;
    world.executions.store.get = (id) => {
      reads += 1;
      return get(id);
    };
    await happen(world);
    expect(sources(world)).toEqual([
      ['inner', true],
      ['inner', true],
    ]);
    await world.accept('web');
    await world.settle();
    expect(sources(world).slice(2)).toEqual([
      ['inner', false],
      ['inner', false],
    ]);
    expect(reads).toBeLessThanOrEqual(4);
    await world.engine.stop();
  });

  it('of the workflow that is told of a failure knows it', async () => {
    const settings = { onFailureWorkflow: 'alarm' };
    const world = await start({ id: 'web', nodes: [node('b', 'broken')], settings }, { id: 'alarm', nodes: [tell] });
    await world.accept('web');
    await world.settle();
    expect(sources(world)).toEqual([['alarm', true]]);
    await world.engine.stop();
  });

  it('waits for storage when its caller cannot be read', async () => {
    const world = await start({ id: 'web', nodes: [call('child')] }, { id: 'child', nodes: [tell] });
    await world.accept('web');
    await world.turn();
    const { get } = world.executions.store;
    world.executions.store.get = () => Promise.reject(new HooklineError('storage_unavailable', 'The database is away.'));
    await expect(world.settle()).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(world.publisher.committedMessages).toEqual([]);
    world.executions.store.get = get;
    await world.settle();
    expect(sources(world)).toEqual([['child', false]]);
    await world.engine.stop();
  });
});
