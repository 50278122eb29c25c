import { describe, expect, it } from 'vitest';
import { subflowNode } from '../../src/plugins/subflow/node.ts';
import { subflowTrigger } from '../../src/plugins/subflow/trigger.ts';
import { runNode } from './node-context.ts';

const waits = (config: unknown) => subflowNode.waits?.(subflowNode.config.parse(config));

describe('subflow', () => {
  it('calls the workflow with its input, and waits unless it is told otherwise', () => {
    const called = { type: 'call', workflowId: 'w' };
    expect(runNode(subflowNode, { workflow: 'w' })).toEqual({ ...called, input: null, isAwaited: true });
    const config = { workflow: 'w', input: { a: [1] }, wait: false };
    expect(runNode(subflowNode, config)).toEqual({ ...called, input: { a: [1] }, isAwaited: false });
    expect([waits({ workflow: 'w' }), waits(config)]).toEqual([true, false]);
  });

  it.each([[{}], [{ workflow: '' }], [{ workflow: 'w', wait: 'yes' }], [{ workflow: 'w', extra: 1 }]])('refuses %j', (config) => {
    expect(subflowNode.config.safeParse(config).success).toBe(false);
  });

  it('has a trigger that nothing outside can pull', async () => {
    const trigger = subflowTrigger.create(
      {},
      { template: () => ({ render: () => null, isConstant: true }), secret: (text) => () => text },
    );
    if (!('listen' in trigger)) throw new Error('It is called over HTTP.');
    const stop = await trigger.listen(() => Promise.reject(new Error('never fired')));
    expect(await stop()).toBeUndefined();
    expect(subflowTrigger.config.safeParse({ path: '/' }).success).toBe(false);
  });
});
