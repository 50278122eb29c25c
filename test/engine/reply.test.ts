import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildReply, replyConfigSchema } from '../../src/engine/reply.ts';
import { HooklineError } from '../../src/errors.ts';

describe('the body', () => {
  it('is JSON, text or nothing', () => {
    expect(buildReply({ body: { a: 1 } })).toEqual({
      status: 200,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: '{"a":1}',
    });
    expect(buildReply({ body: 'ok' })).toEqual({
      status: 200,
      headers: { 'content-type': 'text/plain; charset=utf-8' },
      body: 'ok',
    });
    expect(buildReply({ body: false }).body).toBe('false');
    expect(buildReply({ body: '' })).toMatchObject({ body: '', headers: { 'content-type': 'text/plain; charset=utf-8' } });
    for (const body of [null, undefined]) expect(buildReply({ body })).toEqual({ status: 200, headers: {}, body: '' });
  });
  it.each([204, 205, 304])('is never sent with %i', (status) => {
    expect(buildReply({ status, body: { a: 1 } })).toEqual({ status, headers: {}, body: '' });
  });
  it('keeps a content type that is given', () => {
    expect(buildReply({ headers: [{ name: 'Content-Type', value: 'text/xml' }], body: '<a/>' }).headers).toEqual({
      'content-type': 'text/xml',
    });
  });
  it('must be JSON', () => {
    expect(() => buildReply({ body: 1n })).toThrow(expect.objectContaining({ code: 'invalid_reply' }));
    expect(() => buildReply({ body: () => 1 })).toThrow(expect.objectContaining({ code: 'invalid_reply' }));
  });
});

describe('the status', () => {
  it.each([100, 199, 600, 200.5, Number.NaN])('%d is refused', (status) => {
    expect(() => buildReply({ status })).toThrow(expect.objectContaining({ code: 'invalid_reply' }));
    expect(replyConfigSchema.safeParse({ status }).success).toBe(false);
  });
  it('may be text, as templates give it', () => {
    expect(replyConfigSchema.parse({ status: '404' })).toEqual({ status: 404, headers: [] });
  });
});

describe('headers', () => {
  it('have lower-case names, and text of numbers; missing ones are left out', () => {
    const headers = [
      { name: 'X-Id', value: 7 },
      { name: 'X-None', value: null },
      { name: 'Vary', value: 'a' },
      { name: 'vary', value: 'b' },
    ];
    expect(buildReply({ headers }).headers).toEqual({ 'x-id': '7', vary: 'a, b' });
  });
  it.each([
    'Connection',
    'Transfer-Encoding',
    'content-length',
    'Keep-Alive',
    'Upgrade',
    'Trailer',
    'TE',
    'Date',
    'Proxy-Authenticate',
    '__proto__',
    'constructor',
    'a b',
    'a:',
    'a\r\nb',
    '',
    'é',
  ])('%j cannot be set', (name) => {
    expect(() => buildReply({ headers: [{ name, value: 'x' }] })).toThrow(expect.objectContaining({ code: 'invalid_reply' }));
  });
  it.each(['a\r\nset-cookie: b', 'a\nb', 'a\rb', 'a\0b', 'a\x7fb', 'a\x1fb', 'a\x85b', 'Łódź', '\u{1F600}'])(
    'the value %j is refused',
    (value) => {
      expect(() => buildReply({ headers: [{ name: 'x-a', value }] })).toThrow(/x-a/);
    },
  );
  it.each(['set-cookie', 'content-type', 'location'])('%s cannot be given twice', (name) => {
    const header = { name, value: 'a' };
    expect(buildReply({ headers: [header] }).headers).toEqual({ [name]: 'a' });
    expect(() => buildReply({ headers: [header, header] })).toThrow(new RegExp(name));
  });
  it('never let a control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, value) => {
        try {
          const { headers } = buildReply({ headers: [{ name, value }] });
          for (const [key, text] of Object.entries(headers)) {
            expect(key).toMatch(/^[!#$%&'*+.^_`|~0-9a-z-]+$/);
            expect(text).toMatch(/^[\t -~\u00a0-\u00ff]*$/);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(HooklineError);
        }
      }),
    );
  });
});
