// Lanes: which executions share a limit.

import { describe, expect, it } from 'vitest';
import { compileWorkflow } from '../../src/engine/compile.ts';
import { laneOf } from '../../src/engine/lane.ts';
import type { Settings } from '../../src/engine/model.ts';
import { createRegistry } from '../../src/engine/registry.ts';
import { createScope } from '../../src/engine/scope.ts';
import { builtIns } from '../../src/plugins/index.ts';
import { makeExecution, NOW, workflow } from './running.ts';

function lane(concurrency: Settings['concurrency'], body: unknown) {
  const settings = { timeoutMs: 0, concurrency };
  const document = { trigger: { type: 'webhook', config: {} }, nodes: [], settings };
  const compiled = compileWorkflow(workflow, { revision: 1, executed: true }, document, createRegistry([builtIns]));
  return laneOf(
    compiled,
    createScope(makeExecution(), { context: { body }, body }, () => NOW),
  );
}

const key = '{{$context.body.customer}}';

describe('the lane of an execution', () => {
  it('is none without a limit, and one for the whole workflow without a key', () => {
    expect(lane(undefined, {})).toBeNull();
    expect(lane({ limit: 3 }, { customer: 'a' })).toEqual({ name: 'w', limit: 3 });
  });

  it('is the same for the same value of the key, another for every other one, and does not tell the value', () => {
    const values = ['secret-name', 'other', '', 7, '7', null, { a: 1 }, 'x'.repeat(5_000)];
    const names = values.map((customer) => lane({ limit: 1, key }, { customer })?.name ?? '');
    expect(new Set(names).size).toBe(values.length);
    expect(lane({ limit: 1, key }, { customer: 'secret-name' })?.name).toBe(names[0]);
    for (const name of names) expect(name).toMatch(/^w:[\w-]{22}$/);
    // One that is missing is a value like any other: null.
    expect(lane({ limit: 1, key }, {})?.name).toBe(names[5]);
  });
});
