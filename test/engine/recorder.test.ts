// What a run leaves in storage, and in which order.

import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/engine/model.ts';
import type { ExecutionWrite } from '../../src/engine/ports.ts';
import { createRecorder } from '../../src/engine/recorder.ts';
import { HooklineError } from '../../src/errors.ts';
import { makeRun, NOW } from './running.ts';

const job = (path: string, change: Partial<Job> = {}): Job => ({
  key: path,
  path,
  type: 'variable',
  status: 'succeeded',
  output: 1,
  startedAt: NOW,
  finishedAt: NOW,
  ...change,
});

/** Storage whose commits the test lets through, or not, one after the other. */
function createStore() {
  const writes: ExecutionWrite[] = [];
  const open: { resolve(): void; reject(error: unknown): void }[] = [];
  const finished: [string, number][] = [];
  let time = NOW;
  const recorder = createRecorder({
    executions: {
      commit(write) {
        // As it is at this moment: what changes later belongs to a later write.
        writes.push(structuredClone(write));
        return new Promise((resolve, reject) => open.push({ resolve: () => resolve(), reject }));
      },
    },
    now: () => time,
    followUps: () => undefined,
    onQueued: () => undefined,
    onPublished: () => undefined,
    onFinish: (status, durationMs) => finished.push([status, durationMs]),
  });
  const turns = async (): Promise<void> => {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return {
    recorder,
    writes,
    finished,
    tick(ms: number) {
      time += ms;
    },
    async letThrough() {
      await turns();
      open.shift()?.resolve();
      await turns();
    },
    async refuse() {
      await turns();
      open.shift()?.reject(new HooklineError('storage_unavailable', 'The disk is full.'));
      await turns();
    },
  };
}

const succeeded = { status: 'succeeded', reply: null, error: null } as const;
const keysOf = (jobs: readonly Job[] | undefined): string[] | undefined => jobs?.map(({ key }) => key);

describe('the recorder', () => {
  it('inserts first and updates then, each job once and each log entry with a higher sequence', async () => {
    const { recorder, writes, letThrough } = createStore();
    const run = makeRun();
    for (const key of ['a', 'b', 'c']) {
      run.unsaved.push(job(key));
      const written = recorder.write(run);
      await letThrough();
      await written;
    }
    expect(keysOf(writes[0]?.insert?.jobs)).toEqual(['a']);
    expect(writes.slice(1).map(({ update }) => keysOf(update?.jobs))).toEqual([['b'], ['c']]);
    expect(writes.slice(1).map(({ update }) => update?.sequence)).toEqual([1, 2]);
    expect(keysOf(run.execution.jobs)).toEqual(['a', 'b', 'c']);
  });

  it('names the signals that the run knows while it waits, and at the end none', async () => {
    const { recorder, writes, letThrough } = createStore();
    const signals = ['later', 'now'].map((jobPath) => ({ jobPath, output: 1 }));
    const run = makeRun({ status: 'running' }, null, true, signals);
    // Of one that is taken a second one is news.
    run.takeSignal('now');
    const first = recorder.settle(run, { status: 'waiting', reply: null, error: null });
    await letThrough();
    await first;
    expect(writes[0]?.update).toMatchObject({ status: 'waiting', knownSignals: ['later'], takenSignals: ['now'] });
    const second = recorder.settle(run, succeeded);
    await letThrough();
    await second;
    expect(writes[1]?.update).not.toHaveProperty('knownSignals');
  });

  it('writes the next state only when the write before is through, and then the latest', async () => {
    const { recorder, writes, letThrough } = createStore();
    const run = makeRun({ status: 'running' });
    const first = recorder.write(run);
    const last = recorder.settle(run, succeeded);
    expect(writes).toHaveLength(1);
    await letThrough();
    await first;
    expect(writes).toHaveLength(2);
    expect(writes[1]?.update).toMatchObject({ status: 'succeeded', finishedAt: NOW });
    await letThrough();
    await last;
  });

  it('gives what was refused to the next write, in order', async () => {
    const { recorder, writes, letThrough, refuse } = createStore();
    const run = makeRun();
    run.unsaved.push(job('a'));
    const first = recorder.write(run);
    run.unsaved.push(job('b'));
    const [outcome] = await Promise.all([Promise.allSettled([first]), refuse()]);
    expect(outcome).toMatchObject([{ status: 'rejected', reason: { code: 'storage_unavailable' } }]);
    expect(run.isStored).toBe(false);
    const second = recorder.write(run);
    await letThrough();
    await second;
    expect(keysOf(writes[1]?.insert?.jobs)).toEqual(['a', 'b']);
  });

  it('stores the node that ends the flow together with the end, also when something else is written in between', async () => {
    const { recorder, writes, letThrough } = createStore();
    const run = makeRun({ status: 'running' });
    run.unsaved.push(job('stop'));
    run.outcome = succeeded;
    const between = recorder.write(run);
    await letThrough();
    await between;
    expect(keysOf(writes[0]?.insert?.jobs)).toEqual([]);
    const end = recorder.settle(run, succeeded);
    await letThrough();
    await end;
    expect(keysOf(writes[1]?.update?.jobs)).toEqual(['stop']);
  });

  it('writes nothing behind the end', async () => {
    const { recorder, writes, letThrough } = createStore();
    const run = makeRun({ status: 'running' });
    const end = recorder.settle(run, succeeded);
    const late = recorder.write(run);
    await letThrough();
    await Promise.all([end, late]);
    expect(writes).toHaveLength(1);
    expect(run.isStoredFinal).toBe(true);
  });

  it('flushes only when there is something that storage does not have', async () => {
    const { recorder, writes, letThrough } = createStore();
    const run = makeRun({ status: 'running' });
    const first = recorder.flush(run);
    await letThrough();
    await first;
    await recorder.flush(run);
    expect(writes).toHaveLength(1);
    run.unsaved.push(job('a'));
    const second = recorder.flush(run);
    await letThrough();
    await second;
    expect(keysOf(writes[1]?.update?.jobs)).toEqual(['a']);
  });

  it('tells of an end when it is stored, with the time since the acceptance', async () => {
    const { recorder, finished, tick, letThrough, refuse } = createStore();
    const run = makeRun({ status: 'running' });
    const lost = Promise.allSettled([recorder.settle(run, succeeded)]);
    await refuse();
    await lost;
    expect(finished).toEqual([]);
    tick(7);
    const written = recorder.write(run);
    await letThrough();
    await written;
    expect(finished).toEqual([['succeeded', 7]]);
  });

  it('answers a caller who waits without a response node, and leaves an async caller the reply that was sent', async () => {
    const { recorder, letThrough } = createStore();
    const sync = makeRun({ status: 'running' });
    sync.isAwaited = true;
    const reply = { status: 202, headers: {}, body: 'taken' };
    const async = makeRun({ status: 'running', response: reply });
    const written = [recorder.settle(sync, succeeded), recorder.settle(async, succeeded)];
    await letThrough();
    await letThrough();
    await Promise.all(written);
    expect(sync.execution.response).toMatchObject({ status: 200, body: 'ok' });
    expect(async.execution.response).toBe(reply);
  });
});
