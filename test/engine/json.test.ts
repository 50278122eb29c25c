import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJson } from '../../src/engine/json.ts';
import { findJsonFault } from '../../src/engine/json-fault.ts';
import { HooklineError } from '../../src/errors.ts';

function refusal(text: string, maxDepth?: number): HooklineError {
  try {
    parseJson(text, maxDepth === undefined ? {} : { maxDepth });
  } catch (error) {
    if (error instanceof HooklineError && error.code === 'invalid_json') return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

describe('parseJson', () => {
  it('reads what JSON.parse reads', () => {
    expect(parseJson(' {"a":[1,-2.5e3,"x\\u0041",true,null],"a":{}} ')).toEqual({ a: {} });
    expect(parseJson('7')).toBe(7);
    expect(parseJson('\ufeff{"a":1}')).toEqual({ a: 1 });
    expect(parseJson('{"constructor":1,"note":"about __proto__"}')).toEqual({ constructor: 1, note: 'about __proto__' });
  });

  it.each([
    ['', 1, 1, 'empty'],
    ['  \n ', 2, 2, 'empty'],
    ['{"a":1,}', 1, 8, 'no comma may stand before `}`'],
    ['[1,]', 1, 4, 'no comma or colon may stand before `]`'],
    ['{"a":}', 1, 6, 'a value is expected'],
    ['{\n  "a": 1\n  "b": 2\n}', 3, 3, 'a comma or `}`'],
    ['[1 2]', 1, 4, 'a comma or `]`'],
    ["{'a':1}", 1, 2, 'a name in double quotes'],
    ['{a:1}', 1, 2, 'a name in double quotes'],
    ["['a']", 1, 2, 'double quotes'],
    ['{"a" 1}', 1, 6, 'a colon'],
    ['{"a":1', 1, 7, '`}` is missing'],
    ['[[1]', 1, 5, '`]` is missing'],
    ['{"a', 1, 2, 'not closed'],
    ['{"a":"x\ny"}', 1, 8, 'must be escaped'],
    ['["\\x"]', 1, 3, 'escape is unknown'],
    ['["\\u12g4"]', 1, 3, 'four hexadecimal'],
    ['[01]', 1, 2, 'may not start with 0'],
    ['[1.]', 1, 4, 'a digit'],
    ['[-]', 1, 3, 'a digit'],
    ['[1e+]', 1, 5, 'a digit'],
    ['[+1]', 1, 2, 'starts with a digit'],
    ['[NaN]', 1, 2, 'a value is expected'],
    ['[// no\n1]', 1, 2, 'comments'],
    ['{} x', 1, 4, 'nothing may follow'],
    ['a=1&b=2', 1, 1, 'a value is expected'],
  ])('says where %j broke', (text, line, column, hint) => {
    const error = refusal(text);
    expect(error.message).toContain(`line ${line}, column ${column}:`);
    expect(error.message).toContain(hint);
    expect(error.details).toEqual({ line, column });
  });

  it('does not quote the text, which may hold secrets', () => {
    const error = refusal('{"password": hunter2}');
    expect(error.message).not.toContain('hunter2');
    expect(error.cause).toBeUndefined();
  });

  it('limits the depth, 64 levels unless told otherwise', () => {
    expect(parseJson(`${'['.repeat(64)}${']'.repeat(64)}`)).toHaveLength(1);
    expect(refusal(`${'['.repeat(65)}${']'.repeat(65)}`).message).toContain('column 65: it is nested deeper than 64 levels');
    expect(refusal('{"a":{"b":{}}}', 2).message).toContain('column 11');
    expect(parseJson('5', { maxDepth: 0 })).toBe(5);
    expect(refusal('{"a":'.repeat(200_000)).message).toContain('64 levels');
    expect(refusal(`${'['.repeat(200_000)}${']'.repeat(200_000)}`).message).toContain('64 levels');
  });

  it.each(['{"__proto__":1}', '[{"a":{"\\u005f_proto__":{}}}]', '{"__\\u0070roto__":null}'])('refuses the key in %s', (text) => {
    expect(refusal(text).message).toContain('"__proto__" is not allowed');
  });

  it('throws nothing but invalid_json, exactly when JSON.parse would, and always finds the fault', () => {
    const piece = fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"', '1', '-', '.5', 'e1', 'true', 'nul', '\\', ' ', '\n');
    const mutated = fc.tuple(fc.json(), fc.nat(50), fc.string({ maxLength: 1 })).map(([json, at, letter]) => {
      return json.slice(0, at) + letter + json.slice(at + 1);
    });
    const text = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
      mutated,
      fc.json(),
    );
    fc.assert(
      fc.property(text, (input) => {
        const fault = findJsonFault(input, 64);
        let parsed: unknown;
        try {
          parsed = JSON.parse(input);
        } catch {
          expect(fault).toBeDefined();
          expect(fault?.at).toBeLessThanOrEqual(input.length);
          refusal(input);
          return;
        }
        if (fault === undefined) expect(parseJson(input)).toEqual(parsed);
        else expect(refusal(input).message).toMatch(/__proto__|64 levels/);
      }),
      { numRuns: 5000 },
    );
  });
});
