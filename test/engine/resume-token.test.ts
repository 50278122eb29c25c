// The last part of resume URLs: only what this server has made is read.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResumeTokens } from '../../src/engine/resume-token.ts';
import { createSecretBox } from '../../src/secrets/secret-box.ts';

const tokens = createResumeTokens(createSecretBox(Buffer.alloc(32, 1)));
const target = { executionId: '018bcfe5-6800-7000-8000-000000000000', jobPath: 'each[3]/ask' };
const refusal = expect.objectContaining({ code: 'not_found' });

describe('a resume token', () => {
  it('gives back what it was made for, is the same each time, and fits into a URL', () => {
    const paths = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,63}(\[\d{1,5}\]\/[A-Za-z_][A-Za-z0-9_-]{0,63}){0,5}$/);
    fc.assert(
      fc.property(fc.uuid(), paths, (executionId, jobPath) => {
        const token = tokens.make({ executionId, jobPath });
        expect(tokens.read(token)).toEqual({ executionId, jobPath });
        expect(tokens.make({ executionId, jobPath })).toBe(token);
        expect(encodeURIComponent(token)).toBe(token);
      }),
    );
  });

  it('is refused when one character is changed, left out or added', () => {
    const token = tokens.make(target);
    const place = fc.nat({ max: token.length - 1 });
    const character = fc.constantFrom(...'ABCabc019-_.= /%\0é');
    fc.assert(
      fc.property(place, character, fc.constantFrom('change', 'leave', 'add'), (at, other, what) => {
        const rest = token.slice(what === 'add' ? at : at + 1);
        const tampered = token.slice(0, at) + (what === 'leave' ? '' : other) + rest;
        fc.pre(tampered !== token);
        expect(() => tokens.read(tampered)).toThrow(refusal);
      }),
    );
  });

  it('is refused when anything else was sent, or when it was made with another key', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        expect(() => tokens.read(text)).toThrow(refusal);
      }),
    );
    for (const odd of ['', '.', '..', 'a'.repeat(100_000), `${'a.'.repeat(5)}`]) expect(() => tokens.read(odd)).toThrow(refusal);
    const others = createResumeTokens(createSecretBox(Buffer.alloc(32, 2)));
    expect(() => tokens.read(others.make(target))).toThrow(refusal);
  });

  it('of one job does not resume another: name and proof belong together', () => {
    const [name] = tokens.make(target).split('.');
    const [, proof] = tokens.make({ ...target, jobPath: 'other' }).split('.');
    expect(() => tokens.read(`${name}.${proof}`)).toThrow(refusal);
  });
});
