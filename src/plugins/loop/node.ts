// The loop: runs its branch once for each item, or as long as a test is true.

import { BranchFailedError } from '../../engine/branch-failed-error.ts';
import { defineNode, type NodeContext, type NodeResult } from '../../engine/plugin.ts';
import { checkTest, runTest } from '../../engine/test-config.ts';
import { HooklineError } from '../../errors.ts';
import { type LoopConfig, loopConfigSchema } from './schema.ts';

const BODY = 'body';

export const loopNode = defineNode<LoopConfig>({
  type: 'loop',
  title: 'Loop',
  description: 'Repeats its branch; inside, {{$scopes.<key>.item}} and {{$scopes.<key>.index}} say which round it is.',
  config: loopConfigSchema,
  branches: () => [BODY],
  expressions: ['while.test'],
  check: (config) => (config.while ? checkTest(config.while.test, 'while.test') : []),
  async run(context) {
    const { over, onItemFailure, limit } = context.config;
    const items = over === undefined ? undefined : itemsOf(over, limit);
    let failures = 0;
    let index = 0;
    for (; items === undefined || index < items.length; index += 1) {
      if (!(await mayBegin(context, index))) break;
      if (index >= limit) throw tooMany(limit);
      const locals = { item: items === undefined ? index : items.at(index), index, length: items?.length ?? null };
      const outcome = await context.branch(BODY, { locals, index });
      if (outcome.status === 'waiting') return { type: 'suspend' };
      if (outcome.status === 'stopped') return { type: 'done' };
      if (outcome.status === 'failed') {
        if (onItemFailure === 'exit') throw new BranchFailedError(outcome.error);
        failures += 1;
        if (onItemFailure === 'break') return finished(index + 1, failures);
      }
    }
    return finished(index, failures);
  },
});

function finished(rounds: number, failures: number): NodeResult {
  return { type: 'done', output: { rounds, failures } };
}

/** What was decided in an earlier turn stays decided: the test may see other values today. */
function mayBegin(context: NodeContext<LoopConfig>, index: number): boolean | Promise<boolean> {
  const { while: condition } = context.config;
  if (condition === undefined || context.hasBegun(index)) return true;
  if (condition.check === 'after' && index === 0) return true;
  const now = context.render().while;
  return now === undefined || runTest(now, context);
}

interface Items {
  readonly length: number;
  at(index: number): unknown;
}

/** @throws HooklineError `invalid_config`, `loop_limit` */
function itemsOf(over: unknown, limit: number): Items {
  const items = toItems(over);
  if (items === undefined) {
    const kind = over === null ? 'nothing' : typeof over === 'object' ? 'an object' : `of type ${typeof over}`;
    throw new HooklineError('invalid_config', `A loop repeats for a list, a number or a text; what it got is ${kind}.`);
  }
  if (items.length > limit) throw tooMany(limit);
  return items;
}

function toItems(over: unknown): Items | undefined {
  if (Array.isArray(over)) return over;
  // Each character that a reader sees as one: `Array.from` keeps surrogate pairs together.
  if (typeof over === 'string') return Array.from(over);
  if (typeof over === 'number' && Number.isFinite(over) && over >= 0) return { length: Math.floor(over), at: (index) => index };
  return undefined;
}

function tooMany(limit: number): HooklineError {
  return new HooklineError('loop_limit', `The loop has more than ${limit} rounds, which is its limit.`);
}
