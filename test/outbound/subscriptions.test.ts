import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventPatternSchema, eventTypeNameSchema } from '../../src/engine/outbound-model.ts';
import { isSubscribed } from '../../src/outbound/subscriptions.ts';

// Few letters, so that names often begin alike.
const segment = fc.stringMatching(/^[ab_1]{1,3}$/);
const segments = fc.array(segment, { minLength: 1, maxLength: 4 });
const typeName = segments.map((list) => list.join('.'));
const pattern = fc.oneof(
  typeName,
  segments.map((list) => `${list.join('.')}.*`),
  fc.constant('*'),
);

/** The same said another way: segment by segment. */
function matches(wanted: string, type: string): boolean {
  const [wants, has] = [wanted.split('.'), type.split('.')];
  if (wants.at(-1) !== '*') return wanted === type;
  const fixed = wants.slice(0, -1);
  return (fixed.length === 0 || has.length > fixed.length) && fixed.every((name, index) => has[index] === name);
}

describe('a subscription', () => {
  it('means a type exactly, all types of a group however deep, or everything', () => {
    fc.assert(
      fc.property(pattern, typeName, (wanted, type) => {
        expect(isSubscribed([wanted], type)).toBe(matches(wanted, type));
      }),
      { numRuns: 2_000 },
    );
  });

  it('of several patterns means what any of them means, in any order', () => {
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 5 }), typeName, (patterns, type) => {
        const expected = patterns.some((wanted) => matches(wanted, type));
        expect(isSubscribed(patterns, type)).toBe(expected);
        expect(isSubscribed([...patterns].reverse(), type)).toBe(expected);
      }),
    );
  });

  it.each([
    ['order.*', 'order.created', true],
    ['order.*', 'order.item.added', true],
    ['order.*', 'order', false],
    ['order.*', 'orders.created', false],
    ['order', 'order.created', false],
    ['order.created', 'order.created.late', false],
    ['Order.*', 'order.created', false],
    ['*', 'order', true],
  ])('%s and %s: %s', (wanted, type, expected) => {
    expect(isSubscribed([wanted], type)).toBe(expected);
  });

  it('takes patterns that the model allows, and no others', () => {
    fc.assert(
      fc.property(pattern, (wanted) => {
        expect(eventPatternSchema.safeParse(wanted).success).toBe(true);
        expect(eventTypeNameSchema.safeParse(wanted).success).toBe(!wanted.endsWith('*'));
      }),
    );
    for (const wrong of ['', '.', 'a.', '.a', 'a..b', 'a.*.b', '*.a', 'a*', '**', 'a b', 'a-b', 'ä']) {
      expect(eventPatternSchema.safeParse(wrong).success).toBe(false);
    }
  });
});
