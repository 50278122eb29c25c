import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HooklineError } from '../../src/errors.ts';
import { calculateDate } from '../../src/plugins/date-calculation/calculate.ts';
import { dateCalculationNode } from '../../src/plugins/date-calculation/node.ts';

const NOW = Date.UTC(2025, 0, 2, 3, 4, 5, 6);

function calculate(config: Record<string, unknown>) {
  return calculateDate(dateCalculationNode.config.parse(config), NOW);
}

function brussels(input: string, ...steps: unknown[]) {
  return calculate({ input, zone: 'Europe/Brussels', steps });
}

describe('the input of a date calculation', () => {
  it('is now when there is none', () => {
    expect(calculate({})).toBe('2025-01-02T03:04:05.006Z');
    expect(calculate({ zone: 'Asia/Kathmandu' })).toBe('2025-01-02T08:49:05.006+05:45');
  });
  it.each([
    ['iso', '2025-01-31', '2025-01-31T00:00:00.000+01:00'],
    ['iso', '2025-01-31T10:00:00Z', '2025-01-31T11:00:00.000+01:00'],
    ['iso', '2025-W05-5', '2025-01-31T00:00:00.000+01:00'],
    ['unix', 1_738_281_600, '2025-01-31T01:00:00.000+01:00'],
    ['unix', '1738281600.5', '2025-01-31T01:00:00.500+01:00'],
    ['unix-ms', 1_738_281_600_000, '2025-01-31T01:00:00.000+01:00'],
    ['dd/MM/yyyy HH:mm', '31/01/2025 09:30', '2025-01-31T09:30:00.000+01:00'],
  ])('is read as %s: %s', (inputFormat, input, expected) => {
    expect(calculate({ inputFormat, input, zone: 'Europe/Brussels' })).toBe(expected);
  });
  it.each([
    [{ input: '2025-02-30' }, 'config.input: "2025-02-30" is not an ISO 8601 date'],
    [{ input: 'tomorrow' }, 'config.input'],
    [{ input: null }, 'config.input: there is no date'],
    [{ input: 5 }, 'inputFormat'],
    [{ input: {}, inputFormat: 'unix' }, 'is not a number of seconds'],
    [{ input: 1e300, inputFormat: 'unix' }, 'outside the years'],
    [{ input: '5', inputFormat: 'yyyy' }, 'config.input: "5" is not written as "yyyy"'],
    [{ input: '+012025-01-01' }, 'outside the years'],
    [{ zone: 'Mars/Olympus' }, 'config.zone: there is no time zone "Mars/Olympus"'],
    [{ steps: [{ action: 'toZone', zone: 'x' }] }, 'config.steps[0].zone'],
    [{ steps: [{ action: 'add', amount: 1e12, unit: 'years' }] }, 'config.steps[0]: the date is outside'],
    [{ steps: [{ action: 'add', amount: 9000, unit: 'years' }] }, 'config.steps[0]: the date is outside'],
    [{ steps: [{ action: 'set', unit: 'month', value: 13 }] }, 'config.steps[0].value: there is no month 13'],
    [{ input: '2025-02-01', steps: [{ action: 'set', unit: 'day', value: 31 }] }, 'there is no day 31 to set in 2025-02-01'],
    [{ steps: [{ action: 'set', unit: 'hour', value: 24 }] }, 'there is no hour 24'],
    [{ steps: [{ action: 'difference', to: 'x', unit: 'days' }] }, 'config.steps[0].to'],
    [{ steps: [{ action: 'format', format: 'yyyy', locale: '!' }] }, 'config.steps[0].locale'],
  ])('must make sense: %j', (config, message) => {
    expect(() => calculate(config)).toThrow(
      expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining(message) }),
    );
  });
});

describe('the steps of a date calculation', () => {
  it('end at the last day of a shorter month', () => {
    const month = { action: 'add', amount: 1, unit: 'months' };
    expect(brussels('2025-01-31', month)).toBe('2025-02-28T00:00:00.000+01:00');
    expect(brussels('2024-01-31', month)).toBe('2024-02-29T00:00:00.000+01:00');
    expect(brussels('2025-01-31', month, month)).toBe('2025-03-28T00:00:00.000+01:00');
    expect(brussels('2025-03-31', { ...month, action: 'subtract' })).toBe('2025-02-28T00:00:00.000+01:00');
    expect(brussels('2024-02-29', { action: 'add', amount: 1, unit: 'years' })).toBe('2025-02-28T00:00:00.000+01:00');
  });
  it('keep the local time over a change of the clock in days, and count real time in hours', () => {
    const day = { action: 'add', amount: 1, unit: 'days' };
    const hours = { action: 'add', amount: 24, unit: 'hours' };
    expect(brussels('2025-03-29T12:00', day)).toBe('2025-03-30T12:00:00.000+02:00');
    expect(brussels('2025-03-29T12:00', hours)).toBe('2025-03-30T13:00:00.000+02:00');
    expect(brussels('2025-10-25T12:00', day)).toBe('2025-10-26T12:00:00.000+01:00');
    expect(brussels('2025-10-25T12:00', hours)).toBe('2025-10-26T11:00:00.000+01:00');
    // 02:30 does not exist on that day.
    expect(brussels('2025-03-29T02:30', day)).toBe('2025-03-30T03:30:00.000+02:00');
    // 02:30 comes twice on that day.
    expect(brussels('2025-10-26T02:30', { action: 'add', amount: 1, unit: 'hours' })).toBe('2025-10-26T02:30:00.000+01:00');
  });
  it('go to the start and the end of a unit', () => {
    expect(brussels('2025-05-14T10:11:12', { action: 'startOf', unit: 'weeks' })).toBe('2025-05-12T00:00:00.000+02:00');
    expect(brussels('2025-05-14T10:11:12', { action: 'endOf', unit: 'quarters' })).toBe('2025-06-30T23:59:59.999+02:00');
  });
  it('set a part and change the zone', () => {
    expect(brussels('2025-01-31', { action: 'set', unit: 'month', value: 2 })).toBe('2025-02-28T00:00:00.000+01:00');
    expect(brussels('2025-01-31', { action: 'set', unit: 'ordinal', value: 365 })).toBe('2025-12-31T00:00:00.000+01:00');
    expect(brussels('2025-01-31', { action: 'toZone', zone: 'America/New_York' })).toBe('2025-01-30T18:00:00.000-05:00');
  });
  it('tell how far two dates are apart', () => {
    const to = (date: string, unit: string, rounded?: boolean) =>
      brussels('2025-03-29', { action: 'difference', to: date, unit, rounded });
    expect(to('2025-03-31', 'days')).toBe(2);
    expect(to('2025-03-31', 'hours')).toBe(47);
    expect(to('2025-03-28', 'days')).toBe(-1);
    expect(to('2025-03-29', 'days')).toBe(0);
    expect(Object.is(to('2025-03-28T12:00', 'days', true), 0)).toBe(true);
    expect(to('2025-04-30', 'months', true)).toBe(1);
  });
  it('write and read parts', () => {
    const date = '2024-02-29T09:05';
    expect(brussels(date, { action: 'format', format: 'd LLLL yyyy HH:mm', locale: 'nl-BE' })).toBe('29 februari 2024 09:05');
    expect(brussels(date, { action: 'format', format: 'ccc' })).toBe('Thu');
    const get = (part: string) => brussels(date, { action: 'get', part });
    expect(
      ['year', 'quarter', 'month', 'weekNumber', 'weekday', 'day', 'dayOfYear', 'hour', 'timestampSeconds'].map(get),
    ).toEqual([2024, 1, 2, 9, 4, 29, 60, 9, 1_709_193_900]);
    expect(brussels(date, { action: 'isLeapYear' })).toBe(true);
    expect(brussels(date, { action: 'daysInMonth' })).toBe(29);
  });
  it('end with the one that gives no date', () => {
    const steps = [{ action: 'isLeapYear' }, { action: 'startOf', unit: 'days' }];
    expect(JSON.stringify(dateCalculationNode.config.safeParse({ steps }).error?.issues)).toContain('must be the last step');
  });
});

it('names wrong zones and languages when the workflow is saved', async () => {
  const config = dateCalculationNode.config.parse({
    zone: 'Nowhere',
    steps: [
      { action: 'toZone', zone: 'UTC+99' },
      { action: 'format', format: 'yyyy', locale: '!' },
    ],
  });
  const problems = await dateCalculationNode.check?.(config, { mode: 'sync', earlier: [] });
  expect(problems?.map(({ path }) => path)).toEqual(['zone', 'steps[0].zone', 'steps[1].locale']);
});

it('fails only with errors of its own, and gives only what JSON holds', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('iso', 'unix', 'unix-ms', 'UTC', 'Europe/Brussels', 'yyyy', '2025-01-31', 'ZZZZ', "'"),
  );
  const unit = fc.constantFrom('years', 'quarters', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds', 'milliseconds');
  const amount = fc.oneof(fc.integer(), fc.double({ min: -1e12, max: 1e12, noNaN: true }));
  const input = fc.oneof(
    text,
    fc.jsonValue(),
    fc.date({ noInvalidDate: false }).map((date) => (Number.isNaN(date.getTime()) ? '' : date.toISOString())),
  );
  const step = fc.oneof(
    fc.record({ action: fc.constantFrom('add', 'subtract', 'startOf', 'endOf'), amount, unit }),
    fc.record({ action: fc.constant('startOf'), unit }),
    fc.record({
      action: fc.constant('set'),
      unit: fc.constantFrom('year', 'month', 'day', 'ordinal', 'weekday', 'weekNumber', 'hour'),
      value: fc.integer({ min: -99_999, max: 99_999 }),
    }),
    fc.record({ action: fc.constant('toZone'), zone: text }),
    fc.record({ action: fc.constant('difference'), to: input, unit, rounded: fc.boolean() }),
    fc.record({ action: fc.constant('format'), format: text, locale: text }),
    fc.record({ action: fc.constant('get'), part: fc.constantFrom('year', 'weekYear', 'timestamp') }),
  );
  const config = fc.record(
    { input, inputFormat: text, zone: text, steps: fc.array(step, { maxLength: 4 }) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(config, (value) => {
      const parsed = dateCalculationNode.config.safeParse(value);
      if (!parsed.success) return;
      try {
        const result = calculateDate(parsed.data, NOW);
        expect(JSON.parse(JSON.stringify(result))).toBe(result);
      } catch (error) {
        if (!(error instanceof HooklineError)) throw error;
      }
    }),
    { numRuns: 1000 },
  );
});
