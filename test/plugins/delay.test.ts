import { describe, expect, it } from 'vitest';
import { delayNode } from '../../src/plugins/delay/node.ts';
import { NOW, runNode } from './node-context.ts';

const run = (config: unknown) => runNode(delayNode, config);
const wait = (until: number) => ({ type: 'wait', until, due: { output: { until: new Date(until).toISOString() } } });

describe('delay', () => {
  it.each([
    [{ duration: 5 }, 5_000],
    [{ duration: 1.5, unit: 'milliseconds' }, 2],
    [{ duration: ' 2 ', unit: 'minutes' }, 120_000],
    [{ duration: 3, unit: 'hours' }, 10_800_000],
    [{ duration: 1, unit: 'days' }, 86_400_000],
    [{ duration: 6, unit: 'weeks' }, 6 * 604_800_000],
    [{ duration: 0 }, 0],
  ])('waits for %j', (config, milliseconds) => {
    expect(run(config)).toEqual(wait(NOW + milliseconds));
  });

  it.each([[new Date(NOW + 60_000).toISOString()], ['2026-01-31T13:01:00+01:00'], [NOW + 60_000]])('waits until %j', (until) => {
    expect(run({ until })).toEqual(wait(NOW + 60_000));
  });

  it('fails at its end when it is set to', () => {
    expect(run({ duration: 1, afterwards: 'fail' })).toEqual({
      type: 'wait',
      until: NOW + 1_000,
      due: { error: { code: 'wait_timed_out', message: expect.stringContaining('set to fail') } },
    });
  });

  it.each([
    [{ duration: -1 }, 'in the past'],
    [{ until: 0 }, 'in the past (1970-01-01'],
    [{ until: -1e300 }, 'long ago'],
    [{ until: 'tomorrow' }, 'not one'],
    [{ duration: 1e308, unit: 'weeks' }, 'not one'],
    [{ duration: 530, unit: 'weeks' }, 'ten years'],
    [{ until: 1e300 }, 'ten years'],
  ])('cannot keep %j', (config, message) => {
    expect(() => run(config)).toThrow(
      expect.objectContaining({ code: 'invalid_delay', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    [{}],
    [{ duration: 1, until: 5 }],
    [{ duration: 'NaN' }],
    [{ duration: Number.NaN }],
    [{ duration: '1e3' }],
    [{ duration: null }],
  ])('refuses %j', (config) => {
    expect(delayNode.config.safeParse(config).error?.issues[0]?.path).toEqual(['duration']);
  });
});
