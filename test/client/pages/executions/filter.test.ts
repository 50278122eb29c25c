// The filter of the list of executions and the address it stands in.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  isEmptyFilter,
  type ListFilter,
  readFilter,
  toQuery,
  writeFilter,
} from '../../../../client/src/pages/executions/filter.ts';

const word = fc.stringMatching(/^[a-z_]{1,12}$/);
const optional = (texts: fc.Arbitrary<string>) => fc.option(texts, { nil: null });
const filters: fc.Arbitrary<ListFilter> = fc.record({
  workflowId: optional(fc.uuid()),
  statuses: fc.array(word),
  sources: fc.array(word),
  range: fc.constantFrom(null, 'hour', 'day', 'week', 'month'),
  from: optional(fc.constantFrom('2026-01-01T00:00:00.000Z')),
  to: optional(fc.constantFrom('2026-01-02T00:00:00.000Z')),
});

test('a filter comes back from the address as it was', () => {
  fc.assert(
    fc.property(filters, (filter) => {
      expect(readFilter(writeFilter(filter))).toEqual(filter);
    }),
  );
});

test('an address without parameters filters nothing', () => {
  const filter = readFilter(new URLSearchParams());
  expect(isEmptyFilter(filter)).toBe(true);
  expect(toQuery(filter, Date.parse('2026-01-31T12:00:00Z'))).toEqual({});
});

test('a range that does not exist is left out', () => {
  expect(readFilter(new URLSearchParams('range=constructor')).range).toBeNull();
});

test('a range counts back from now, to the minute, and wins over a span', () => {
  const filter = readFilter(new URLSearchParams('range=hour&from=2026-01-01T00:00:00.000Z&to=2026-01-02T00:00:00.000Z'));
  expect(toQuery(filter, Date.parse('2026-01-31T12:00:42Z'))).toEqual({ from: '2026-01-31T11:00:00.000Z' });
});

test('a span from a link is handed on', () => {
  const filter = readFilter(new URLSearchParams('status=failed,error&from=2026-01-01T00:00:00.000Z&to=2026-01-02T00:00:00.000Z'));
  expect(toQuery(filter, 0)).toEqual({
    status: 'failed,error',
    from: '2026-01-01T00:00:00.000Z',
    to: '2026-01-02T00:00:00.000Z',
  });
});
