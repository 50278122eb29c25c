import { describe, expect, it } from 'vitest';
import { readRetryAfter } from '../../../src/outbound/delivery/retry-after.ts';

const NOW = Date.UTC(2026, 10, 6, 8, 49, 0);

describe('readRetryAfter', () => {
  it.each([
    ['37', 37_000],
    [' 0 ', 0],
    ['9999999999', 9_999_999_999_000],
    ['Fri, 06 Nov 2026 08:49:37 GMT', 37_000],
    ['Friday, 06-Nov-26 08:49:37 GMT', 37_000],
    ['Fri Nov  6 08:49:37 2026', 37_000],
    ['Fri Nov 16 08:49:00 2026', 864_000_000],
    ['Fri, 06 Nov 2026 08:48:59 GMT', 0],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 0],
    ['Monday, 06-Nov-76 08:49:00 GMT', Date.UTC(2076, 10, 6, 8, 49, 0) - NOW],
    ['Saturday, 06-Nov-77 08:49:00 GMT', 0],
  ])('reads %j', (value, expected) => {
    expect(readRetryAfter(value, NOW)).toBe(expected);
  });

  it.each([
    undefined,
    '',
    '-1',
    '1.5',
    '1e3',
    '0x10',
    '12345678901',
    '10, 20',
    'soon',
    '2026-11-06T08:49:37Z',
    'Fri, 31 Feb 2026 08:49:37 GMT',
    'Fri, 06 Foo 2026 08:49:37 GMT',
    'Fri, 06 Nov 2026 08:49:37 +0100',
    'Fri, 06 Nov 2026 08:49:37',
  ])('cannot read %j', (value) => {
    expect(readRetryAfter(value, NOW)).toBeNull();
  });
});
