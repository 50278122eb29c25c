// A callback that comes once more in the moment in which the first one is taken: it must not keep the execution from waiting.

import { expect, it } from 'vitest';
import { PATIENCE } from '../patience.ts';
import { startHookline } from '../start-hookline.ts';

it('a value for a job that has ended already is dropped, and the execution waits for what it has to wait for', async () => {
  const running = await startHookline();
  try {
    const { hookUrl } = await running.workflow({
      mode: 'async',
      trigger: { type: 'webhook', config: {} },
      nodes: [
        { key: 'first', type: 'wait', config: {} },
        { key: 'second', type: 'wait', config: {} },
      ],
    });
    const executionId = (await running.post(hookUrl, {})).headers.get('x-hookline-execution-id') ?? '';
    const { engine, executions } = running.hookline;
    const jobs = async () => (await executions.get(executionId))?.jobs.map(({ path, status }) => [path, status]) ?? [];
    await expect.poll(jobs, PATIENCE).toEqual([['first', 'waiting']]);
    await engine.resume({ executionId, jobPath: 'first' }, 'yes');
    await expect.poll(async () => (await jobs()).at(-1), PATIENCE).toEqual(['second', 'waiting']);
    await expect.poll(async () => (await executions.get(executionId))?.status, PATIENCE).toBe('waiting');

    // The second callback had looked before the first one was taken, and is stored behind that.
    await executions.commit({ signal: { executionId, jobPath: 'first', output: 'yes, once more' } });
    await running.hookline.stop();
    await running.hookline.start();
    await expect.poll(() => running.hookline.executions.signals(executionId), PATIENCE).toEqual([]);
    await expect.poll(async () => (await running.hookline.executions.get(executionId))?.status, PATIENCE).toBe('waiting');
    await running.hookline.engine.resume({ executionId, jobPath: 'second' }, 'at last');
    expect((await running.finished(executionId)).status).toBe('succeeded');
  } finally {
    await running.stop();
  }
});
