// Triggers that listen by themselves: started, fired, stopped, also at awkward moments.

import { describe, expect, it } from 'vitest';
import type { CompiledWorkflow } from '../../src/engine/compile.ts';
import { createListeners } from '../../src/engine/listeners.ts';
import type { TriggerInstance } from '../../src/engine/plugin.ts';
import { keepLog, workflow } from './running.ts';

type Fire = (context: unknown) => Promise<{ executionId: string }>;

/** Workflows `a`, `b`, … with one trigger; `listen` decides what happens when it starts. */
function create(listen: (fire: Fire) => Promise<() => Promise<void> | void>, change: Partial<CompiledWorkflow> = {}) {
  const fired: [string, unknown][] = [];
  const log = keepLog();
  const trigger: TriggerInstance = { listen };
  const listeners = createListeners({
    revisions: {
      load: async (id) => ({
        workflow: { ...workflow, id },
        revision: 1,
        trigger,
        nodes: [],
        settings: { timeoutMs: 0 },
        laneKey: undefined,
        resumables: [],
        executed: false,
        secrets: undefined,
        ...change,
      }),
    },
    async fire(id, context) {
      fired.push([id, context]);
      return { executionId: 'e' };
    },
    log,
  });
  return { listeners, fired, log };
}

describe('listeners', () => {
  it('fire executions of their workflow until they are stopped', async () => {
    let fire: Fire | undefined;
    let stopped = 0;
    const { listeners, fired } = create(async (given) => {
      fire = given;
      return () => {
        stopped += 1;
      };
    });
    await listeners.start('a');
    expect(await fire?.({ n: 1 })).toEqual({ executionId: 'e' });
    expect(fired).toEqual([['a', { n: 1 }]]);
    await listeners.stop('a');
    await listeners.stop('a');
    expect(stopped).toBe(1);
  });

  it('do not start for a disabled workflow', async () => {
    let started = 0;
    const listen = async () => {
      started += 1;
      return () => {};
    };
    await create(listen, { workflow: { ...workflow, enabled: false } }).listeners.start('a');
    expect(started).toBe(0);
    await create(listen).listeners.start('a');
    expect(started).toBe(1);
  });

  it('are stopped together also while one is starting, and one that cannot stop holds nobody up', async () => {
    const stopped: string[] = [];
    let letStart = (): void => {};
    const names = ['slow', 'bad', 'good'];
    const { listeners, log } = create(async () => {
      const name = names.shift() ?? '';
      if (name === 'slow') {
        await new Promise<void>((resolve) => {
          letStart = resolve;
        });
      }
      return () => {
        if (name === 'bad') throw new Error('stuck');
        stopped.push(name);
      };
    });
    const slow = listeners.start('a');
    await listeners.start('b');
    await listeners.start('c');
    const all = listeners.stopAll();
    letStart();
    await Promise.all([slow, all]);
    expect(stopped.sort()).toEqual(['good', 'slow']);
    expect(log.lines).toMatchObject([{ level: 'error', fields: { workflow: 'b', error: { message: 'stuck' } } }]);
  });

  it('that cannot start are told to whoever started them', async () => {
    const { listeners } = create(() => Promise.reject(new Error('the port is taken')));
    await expect(listeners.start('a')).rejects.toThrow('the port is taken');
    await listeners.stopAll();
  });
});
