// The delay: the execution sleeps in storage, for a moment or for weeks, and goes on by itself.

import { defineNode } from '../../engine/plugin.ts';
import { HooklineError } from '../../errors.ts';
import { type DelayConfig, delayConfigSchema, UNIT_MS } from './schema.ts';

/** Longest delay, in milliseconds: ten years. What is longer is a mistake, not a plan. */
const MAX_DELAY_MS = 10 * 366 * 86_400_000;

export const delayNode = defineNode<DelayConfig>({
  type: 'delay',
  title: 'Delay',
  description: 'Waits for a time, or until a time, and then goes on or fails. Nothing is held up meanwhile, restarts included.',
  config: delayConfigSchema,
  canWait: true,
  run({ config, now }) {
    const start = now();
    const until = untilOf(config, start);
    if (!Number.isFinite(until)) throw invalid('the time is not one: write ISO 8601, such as 2027-01-31T12:00:00Z');
    if (until < start) throw invalid(`the time is in the past (${describe(until)})`);
    if (until - start > MAX_DELAY_MS) throw invalid('the time is more than ten years ahead');
    const output = { until: new Date(until).toISOString() };
    if (config.afterwards === 'continue') return { type: 'wait', until, due: { output } };
    const error = { code: 'wait_timed_out', message: 'The delay is over, and it is set to fail then.' };
    return { type: 'wait', until, due: { error } };
  },
});

function untilOf({ duration, unit, until }: DelayConfig, start: number): number {
  if (until === undefined) return Math.round(start + (duration ?? 0) * UNIT_MS[unit]);
  return typeof until === 'number' ? until : Date.parse(until);
}

function describe(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? 'long ago' : date.toISOString();
}

function invalid(why: string): HooklineError {
  return new HooklineError('invalid_delay', `The delay cannot be kept: ${why}.`);
}
