// Tests of what people read instead of zod's sentences.

import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { issueMessage } from '../../src/engine/issue-message.ts';

function messageOf(schema: z.ZodType, input: unknown): string | undefined {
  return schema.safeParse(input, { error: issueMessage }).error?.issues[0]?.message;
}

describe('issueMessage', () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.string(), undefined, 'is missing'],
    [z.unknown().nonoptional(), undefined, 'is missing'],
    [z.enum(['a', 'b']), undefined, 'is missing'],
    [z.union([z.string(), z.number()]), undefined, 'is missing'],
    [z.string(), 5, 'must be text, not a number'],
    [z.string(), null, 'must be text, not null'],
    [z.number(), 'x', 'must be a number, not text'],
    [z.coerce.number(), 'x', 'must be a number'],
    [z.int(), 1.5, 'must be a whole number'],
    [z.boolean(), 'yes', 'must be true or false, not text'],
    [z.array(z.string()), {}, 'must be a list, not an object'],
    [z.record(z.string(), z.string()), [], 'must be an object, not a list'],
    [z.strictObject({}), true, 'must be an object, not true'],
    [z.enum(['sync', 'async']), 'both', 'must be one of "sync", "async"'],
    [z.enum(['sync', 'async']), 'snyc', 'must be one of "sync", "async"; did you mean "sync"?'],
    [z.literal('basic'), 'digest', 'must be "basic"'],
    [z.string().min(1), '', 'must not be empty'],
    [z.string().min(22), '', 'must have at least 22 characters'],
    [z.string().max(1), 'ab', 'must have at most 1 character'],
    [z.array(z.string()).min(1), [], 'must not be empty'],
    [z.array(z.string()).max(2), ['', '', ''], 'must have at most 2 entries'],
    [z.number().min(1), 0, 'must be at least 1'],
    [z.number().gt(1), 1, 'must be more than 1'],
    [z.number().max(599), 600, 'must be at most 599'],
  ])('%# says it in plain words', (schema, input, message) => {
    expect(messageOf(schema, input)).toBe(message);
  });

  it("leaves a schema's own message alone", () => {
    expect(messageOf(z.string().min(1, 'must name the shop'), '')).toBe('must name the shop');
  });

  it('lists no more than 20 values', () => {
    const many = Array.from({ length: 30 }, (_, index) => `value-${index}`);
    expect(messageOf(z.enum(many), 'something else')).toMatch(/"value-19", …$/);
  });
});
