// Nodes that send events: message and job are one unit, and who waits hears of the outcome.

import { describe, expect, it } from 'vitest';
import type { Node } from '../../src/engine/model.ts';
import type { NodeResult } from '../../src/engine/plugin.ts';
import { HooklineError } from '../../src/errors.ts';
import { NOW, node, nodeOf } from './running.ts';
import { startEngine, type TestEngine, type TestWorkflow } from './test-engine.ts';

const EVENT = { type: 'order.created', data: { id: 7 } };
const publish = (more: Partial<Extract<NodeResult, { type: 'publish' }>>) => (): NodeResult => ({
  type: 'publish',
  event: EVENT,
  isAwaited: false,
  ...more,
});
const branches = () => ['delivered', 'failed'];
const send = nodeOf('send', publish({}));
const ask = nodeOf('ask', publish({ isAwaited: true }), { branches });
const askBriefly = nodeOf('ask-briefly', publish({ isAwaited: true, until: NOW + 60_000 }), { branches });
const never = nodeOf('ask-never', publish({ isAwaited: true, until: Number.NaN }));
let sees = 0;
const breaks = nodeOf('breaks-once', () => {
  sees += 1;
  if (sees === 1) throw new HooklineError('request_failed', 'Nobody answers.');
  return { type: 'done' };
});
const sleeper = nodeOf('sleeper', () => ({ type: 'wait', until: NOW + 5_000 }));

const value = (key: string, of: unknown = key): Node => node(key, 'variable', { value: of });
const sides = { delivered: [value('fine', '{{$nodes.ask.delivered}}')], failed: [value('sad', '{{$nodes.ask}}')] };

async function start(nodes: readonly Node[], more: Partial<TestWorkflow> = {}): Promise<TestEngine> {
  sees = 0;
  return startEngine([{ id: 'w', nodes, ...more }], [send, ask, askBriefly, never, breaks, sleeper]);
}

/** As the dispatcher does when the last delivery has come to its end. */
async function deliver(
  { executions, engine }: TestEngine,
  executionId: string,
  jobPath: string,
  isDelivered = true,
): Promise<void> {
  const outcome = { output: { delivered: isDelivered }, branch: isDelivered ? 'delivered' : 'failed' };
  await executions.store.commit({ signal: { executionId, jobPath, ...outcome, isOptional: true } });
  engine.wakeQueue();
}

const jobsOf = (world: TestEngine, id: string) =>
  Object.fromEntries(world.stored(id).jobs.map(({ path, status, output, branch }) => [path, { status, output, branch }]));

describe('a node that publishes', () => {
  it('and does not wait is done with the message and how many get it', async () => {
    const world = await start([node('send', 'send'), value('after', '{{$nodes.send.deliveries}}')]);
    world.publisher.receivers = 3;
    const { id } = await world.accept();
    await world.settle();
    expect(world.stored(id)).toMatchObject({
      status: 'succeeded',
      jobs: [{ output: { messageId: 'msg_1', deliveries: 3 } }, { output: 3 }],
    });
    expect(world.executions.outbound).toMatchObject([{ messages: [{ id: 'msg_1', type: EVENT.type, data: '{"id":7}' }] }]);
    expect(world.publisher.committedMessages).toMatchObject([
      { id: 'msg_1', source: { executionId: id, jobPath: 'send', isAwaited: false } },
    ]);
    await world.engine.stop();
  });

  it('commits its message in the write of its job, at once', async () => {
    const world = await start([value('first'), node('send', 'send'), node('s', 'sleeper')]);
    const commits: object[] = [];
    const { commit } = world.executions.store;
    world.executions.store.commit = (...unit) => {
      commits.push(
        ...unit.map(({ update, outbound }) => [unit.length, update?.jobs.map(({ path }) => path), outbound?.messages?.length]),
      );
      return commit(...unit);
    };
    await world.accept();
    await world.turn();
    expect(commits).toEqual([
      [1, undefined, undefined],
      [1, ['first', 'send'], 1],
      [1, ['s'], undefined],
    ]);
    await world.engine.stop();
  });

  it('leaves neither job nor message when storage fails, and sends one message afterwards', async () => {
    const world = await start([node('send', 'send'), value('after')]);
    const { id } = await world.accept();
    const { commit } = world.executions.store;
    world.executions.store.commit = () => Promise.reject(new HooklineError('storage_unavailable', 'The database is away.'));
    await expect(world.turn()).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(world.stored(id).jobs).toEqual([]);
    expect(world.executions.outbound).toEqual([]);
    expect(world.publisher.committedMessages).toEqual([]);
    world.executions.store.commit = commit;
    await world.settle();
    expect(world.stored(id)).toMatchObject({ status: 'succeeded', jobs: [{ path: 'send' }, { path: 'after' }] });
    expect(world.executions.outbound).toHaveLength(1);
    await world.engine.stop();
  });

  it('is tried again later when the catalogue cannot be read', async () => {
    const world = await start([node('send', 'send')]);
    const { id } = await world.accept();
    world.publisher.failure = new HooklineError('storage_unavailable', 'The database is away.');
    await expect(world.turn()).rejects.toMatchObject({ code: 'storage_unavailable' });
    expect(world.stored(id).status).toBe('queued');
    world.publisher.failure = undefined;
    await world.settle();
    expect(world.stored(id).status).toBe('succeeded');
    expect(world.executions.outbound).toHaveLength(1);
    await world.engine.stop();
  });

  it('fails with what the catalogue says, and goes on where the designer wants', async () => {
    const nodes = [
      {
        ...node('send', 'send'),
        onFailure: 'branch' as const,
        branches: { failure: [value('sorry', '{{$nodes.send.error.code}}')] },
      },
    ];
    const world = await start(nodes);
    const problems = [{ path: 'id', message: 'must be string' }];
    world.publisher.failure = new HooklineError('invalid_event', 'The data, id: must be string.', { details: { problems } });
    const { id } = await world.accept();
    await world.settle();
    expect(world.stored(id)).toMatchObject({
      status: 'succeeded',
      jobs: [{ status: 'error', error: { code: 'invalid_event', details: { problems } } }, { output: 'invalid_event' }],
    });
    expect(world.executions.outbound).toEqual([]);
    await world.engine.stop();
  });

  it('hands over and goes on in a sync workflow, and may not wait there', async () => {
    const world = await start([node('send', 'send')], { mode: 'sync' });
    expect(await world.accept()).toMatchObject({ status: 'succeeded', jobs: [{ output: { messageId: 'msg_1' } }] });
    expect(world.executions.outbound).toHaveLength(1);
    await world.engine.stop();
    const waiting = await start([node('ask', 'ask')], { mode: 'sync' });
    expect(await waiting.accept()).toMatchObject({ status: 'error', error: { code: 'node_failed' } });
    expect(waiting.executions.outbound).toEqual([]);
    await waiting.engine.stop();
  });

  it('until a moment that is none fails', async () => {
    const world = await start([node('ask', 'ask-never')]);
    const { id } = await world.accept();
    await world.settle();
    expect(world.stored(id)).toMatchObject({ status: 'error', error: { code: 'node_failed' } });
    expect(world.executions.outbound).toEqual([]);
    await world.engine.stop();
  });
});

describe('a node that waits for its message', () => {
  it.each([
    [true, 'delivered', 'fine', true],
    [false, 'failed', 'sad', { delivered: false }],
  ])('takes the branch of the outcome (%s: %s)', async (isDelivered, branch, key, output) => {
    const world = await start([node('ask', 'ask', {}, sides), value('after')]);
    const { id } = await world.accept();
    await world.settle();
    expect(world.stored(id)).toMatchObject({
      status: 'waiting',
      wakeAt: null,
      jobs: [{ status: 'waiting', wait: { kind: 'message', messageId: 'msg_1', until: null } }],
    });
    const before = world.wakes();
    await deliver(world, id, 'ask', isDelivered);
    expect(world.wakes()).toBe(before + 1);
    await world.settle();
    expect(world.stored(id).status).toBe('succeeded');
    expect(jobsOf(world, id)).toMatchObject({
      ask: { branch, output: { delivered: isDelivered } },
      [key]: { output },
      after: {},
    });
    await world.engine.stop();
  });

  it('goes on at once when nobody subscribes', async () => {
    const world = await start([node('ask', 'ask', {}, sides)]);
    world.publisher.receivers = 0;
    const { id } = await world.accept();
    await world.settle();
    expect(jobsOf(world, id)).toMatchObject({
      ask: { status: 'succeeded', branch: 'delivered', output: { messageId: 'msg_1', delivered: true, deliveries: [] } },
      fine: { output: true },
    });
    expect(world.executions.outbound).toHaveLength(1);
    await world.engine.stop();
  });

  it('takes the branch failed when its time is over, and a signal that comes later changes nothing', async () => {
    const world = await start([node('ask', 'ask-briefly', {}, sides)]);
    const { id } = await world.accept();
    await world.settle();
    expect(world.stored(id)).toMatchObject({ status: 'waiting', wakeAt: NOW + 60_000 });
    world.tick(60_000);
    await world.settle();
    const output = { messageId: 'msg_1', delivered: false, timedOut: true };
    expect(jobsOf(world, id)).toMatchObject({ ask: { status: 'succeeded', branch: 'failed', output }, sad: { output } });
    await deliver(world, id, 'ask');
    expect(world.stored(id).status).toBe('succeeded');
    await world.engine.stop();
  });

  it('hears of a message that was quicker than its execution came to rest', async () => {
    const nodes = [
      node(
        'both',
        'parallel',
        { branches: [{ key: 'a' }, { key: 'b' }] },
        { a: [node('ask', 'ask', {}, sides)], b: [node('s', 'sleeper')] },
      ),
    ];
    const world = await start(nodes);
    const { id } = await world.accept();
    const { commit } = world.executions.store;
    let isFirst = true;
    world.executions.store.commit = async (...unit) => {
      await commit(...unit);
      if (isFirst && unit.some(({ outbound }) => outbound)) {
        isFirst = false;
        await commit({
          signal: { executionId: id, jobPath: 'ask', output: { delivered: true }, branch: 'delivered', isOptional: true },
        });
      }
    };
    await world.settle();
    expect(jobsOf(world, id)).toMatchObject({ ask: { branch: 'delivered' }, s: { status: 'waiting' }, fine: { output: true } });
    world.tick(5_000);
    await world.settle();
    expect(world.stored(id).status).toBe('succeeded');
    await world.engine.stop();
  });

  it('waits in every round of a loop by itself, and beside others', async () => {
    const nodes = [
      node(
        'each',
        'loop',
        { over: 2 },
        { body: [node('ask', 'ask', {}, { delivered: [value('got', '{{$nodes.ask.delivered}}')] })] },
      ),
      node(
        'both',
        'parallel',
        { branches: [{ key: 'a' }, { key: 'b' }] },
        { a: [node('left', 'ask')], b: [node('right', 'ask')] },
      ),
    ];
    const world = await start(nodes);
    const { id } = await world.accept();
    await world.settle();
    expect(Object.keys(jobsOf(world, id))).toEqual(['each[0]/ask']);
    await deliver(world, id, 'each[0]/ask');
    await world.settle();
    await deliver(world, id, 'each[1]/ask');
    await world.settle();
    expect(jobsOf(world, id)).toMatchObject({ left: { status: 'waiting' }, right: { status: 'waiting' } });
    await deliver(world, id, 'right', false);
    await world.settle();
    expect(world.stored(id).status).toBe('waiting');
    await deliver(world, id, 'left');
    await world.settle();
    expect(world.stored(id).status).toBe('succeeded');
    expect(jobsOf(world, id)).toMatchObject({
      'each[0]/got': {},
      'each[1]/got': {},
      left: { branch: 'delivered' },
      right: { branch: 'failed' },
    });
    const paths = world.publisher.committedMessages.map(({ source }) => source?.jobPath);
    expect(paths).toEqual(['each[0]/ask', 'each[1]/ask', 'left', 'right']);
    await world.engine.stop();
  });

  it('is canceled with its execution, which leaves the message alone', async () => {
    const world = await start([node('ask', 'ask', {}, sides)]);
    const { id } = await world.accept();
    await world.settle();
    expect((await world.engine.cancel(id)).status).toBe('canceled');
    await deliver(world, id, 'ask');
    await world.settle();
    expect(world.stored(id).status).toBe('canceled');
    expect(world.executions.all()).toHaveLength(1);
    await world.engine.stop();
  });

  it('cannot be resumed by a callback', async () => {
    const world = await start([node('ask', 'ask', {}, sides)]);
    const { id } = await world.accept();
    await world.settle();
    await expect(world.engine.resume({ executionId: id, jobPath: 'ask' }, {})).rejects.toMatchObject({ code: 'already_resumed' });
    await world.engine.stop();
  });

  const failing = [
    node(
      'both',
      'parallel',
      { branches: [{ key: 'a' }, { key: 'b' }] },
      { a: [node('ask', 'ask', {}, sides)], b: [node('boom', 'breaks-once')] },
    ),
  ];

  it('waits on for the same message when its execution is tried again', async () => {
    const world = await start(failing);
    const { id } = await world.accept();
    await world.settle();
    expect(world.stored(id).status).toBe('error');
    await world.engine.retry(id);
    await world.settle();
    expect(world.stored(id).status).toBe('waiting');
    await deliver(world, id, 'ask');
    await world.settle();
    expect(jobsOf(world, id)).toMatchObject({ ask: { branch: 'delivered' }, boom: { status: 'succeeded' } });
    expect(world.executions.outbound).toHaveLength(1);
    await world.engine.stop();
  });

  it('waits on when it was canceled with its execution and that is tried again', async () => {
    const world = await start([node('ask', 'ask', {}, sides)]);
    const { id } = await world.accept();
    await world.settle();
    await world.engine.cancel(id);
    await world.engine.retry(id);
    await world.settle();
    expect(world.stored(id)).toMatchObject({ status: 'waiting', jobs: [{ path: 'ask', status: 'waiting' }] });
    await deliver(world, id, 'ask');
    await world.settle();
    expect(jobsOf(world, id)).toMatchObject({ ask: { branch: 'delivered' }, fine: {} });
    expect(world.executions.outbound).toHaveLength(1);
    await world.engine.stop();
  });

  it('is told at a retry what became of its message meanwhile', async () => {
    const world = await start(failing);
    const { id } = await world.accept();
    await world.settle();
    world.publisher.outcomes.set('msg_1', { output: { delivered: false }, branch: 'failed' });
    await world.engine.retry(id);
    await world.settle();
    expect(world.stored(id).status).toBe('succeeded');
    expect(jobsOf(world, id)).toMatchObject({ ask: { branch: 'failed' }, sad: {} });
    expect(world.executions.outbound).toHaveLength(1);
    await world.engine.stop();
  });

  it('publishes anew when the execution is run again from it', async () => {
    const world = await start([value('first'), node('ask', 'ask', {}, sides)]);
    const { id } = await world.accept();
    await world.settle();
    await deliver(world, id, 'ask');
    await world.settle();
    const again = await world.engine.rerun(id, 'ask');
    await world.settle();
    expect(world.stored(again.id)).toMatchObject({
      status: 'waiting',
      jobs: [{ path: 'first' }, { wait: { messageId: 'msg_2' } }],
    });
    expect(world.publisher.committedMessages.map(({ source }) => source?.executionId)).toEqual([id, again.id]);
    await world.engine.stop();
  });
});
