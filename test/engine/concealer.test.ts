// No secret survives, whatever it is wrapped in.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createConcealer, type NamedValue } from '../../src/engine/concealer.ts';
import { isRedactable } from '../../src/engine/redactor.ts';

const SECRET = 'Tr0ub4dor & 3/äß+"quote"\\n';
const concealer = createConcealer([
  ['PASSWORD', SECRET],
  ['PIN', '73519246'],
  ['HOST', 'Zebra-9182-Token'],
  ['KEY', 'whsec_c2VjcmV0LW9mLXRoZS1ob29rLTAxMjM0NTY3ODk='],
]);

describe('a text', () => {
  it.each([
    ['as it is', `a ${SECRET} b`, 'a [secret PASSWORD] b'],
    ['twice', `${SECRET}${SECRET}`, '[secret PASSWORD][secret PASSWORD]'],
    ['in JSON', JSON.stringify({ a: SECRET }), '{"a":"[secret PASSWORD]"}'],
    ['in JSON in JSON', JSON.stringify(JSON.stringify([SECRET])), '"[\\"[secret PASSWORD]\\"]"'],
    ['in a URL', `/x?k=${encodeURIComponent(SECRET)}&b=1`, '/x?k=[secret PASSWORD]&b=1'],
    ['in a form', `${new URLSearchParams({ k: SECRET })}`, 'k=[secret PASSWORD]'],
    ['in base64', Buffer.from(SECRET).toString('base64'), '[secret PASSWORD]=='],
    ['in hex', Buffer.from(SECRET).toString('hex'), '[secret PASSWORD]'],
    ['in lines for a log', `error: "${SECRET}" is wrong`, 'error: "[secret PASSWORD]" is wrong'],
    ['in a host name', `http://${'Zebra-9182-Token'.toLowerCase()}.example`, 'http://[secret HOST].example'],
    ['in capital letters', 'X-ZEBRA-9182-TOKEN', 'X-[secret HOST]'],
    [
      'in escapes of JavaScript',
      [...'73519246'].map((digit) => `\\u{${digit.charCodeAt(0).toString(16)}}`).join(''),
      '[secret PIN]',
    ],
    ['in escapes of Python', [...'73519246'].map((digit) => `\\x${digit.charCodeAt(0).toString(16)}`).join(''), '[secret PIN]'],
    ['beside another one', `73519246${SECRET}`, '[secret PIN][secret PASSWORD]'],
    ['with nothing secret in it', 'a 100% \\innocent &amp; text', 'a 100% \\innocent &amp; text'],
  ])('%s', (_what, text, shown) => {
    expect(concealer.text(text)).toBe(shown);
  });

  it('that was cut in the middle of a secret loses its beginning', () => {
    expect(concealer.text(`a ${SECRET.slice(0, 12)}`, { isCut: true })).toBe('a [secret PASSWORD]');
  });

  it.each([0, 1, 2, 3, 4])('inside something longer in base64, behind %i bytes', (before) => {
    for (const after of [0, 1, 2]) {
      const bytes = Buffer.from(`${'x'.repeat(before)}${SECRET}${'y'.repeat(after)}`);
      for (const encoding of ['base64', 'base64url'] as const) {
        const shown = concealer.text(bytes.toString(encoding));
        expect(shown).toContain('[secret PASSWORD]');
        expect(Buffer.from(shown.replace(/\[.*\]/, ''), encoding).length).toBeLessThan(before + after + 4);
      }
    }
  });
});

describe('a value', () => {
  it('is copied only where a secret is', () => {
    const clean = { a: [1, 'x', null], b: { c: true } };
    expect(concealer.value(clean)).toBe(clean);
    expect(concealer.value({ clean, dirty: [SECRET, { [SECRET]: 73519246 }] })).toEqual({
      clean,
      dirty: ['[secret PASSWORD]', { '[secret PASSWORD]': '[secret PIN]' }],
    });
  });

  it('tells which secrets were in it', () => {
    const found = new Set<NamedValue>();
    concealer.value({ a: `x${SECRET}`, b: 'y' }, found);
    expect([...found]).toEqual([['PASSWORD', SECRET]]);
  });
});

const wrappers: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => JSON.stringify(text),
  (text) => JSON.stringify({ a: [text] }),
  (text) => encodeURIComponent(text),
  (text) => new URLSearchParams({ k: text }).toString(),
  (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`),
  (text) => text.replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
];
/** They end what can be read; nothing is wrapped around them. */
const codings: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(text).toString('base64url'),
  (text) => Buffer.from(text).toString('hex'),
];

const secrets = fc
  .oneof(
    fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 40 }),
    fc.string({ unit: 'grapheme', minLength: 8, maxLength: 40 }),
    fc.string({ unit: 'binary', minLength: 8, maxLength: 40 }),
    fc.base64String({ minLength: 8, maxLength: 60 }),
    fc.stringMatching(/^[0-9a-f]{16,40}$/),
    fc.stringMatching(/^[%&\\+/=; a-f0-9]{8,30}$/),
  )
  .filter((text) => text.length >= 8 && !text.includes('\0') && isRedactable(text));

describe('whatever the secret', () => {
  it('and however it is wrapped, it is not left in the text', () => {
    fc.assert(
      fc.property(
        secrets,
        fc.array(fc.constantFrom(...wrappers), { maxLength: 3 }),
        fc.constantFrom(...codings),
        fc.constantFrom('', 'a ', 'key=', '"', 'Bearer '),
        (secret, wraps, code, before) => {
          const { text } = createConcealer([['S', secret]]);
          const wrapped = wraps.reduce((inner, wrap) => wrap(inner), code(secret));
          const shown = text(`${before}${wrapped} end`);
          expect(shown).toContain('[secret S]');
          if (!'[secret S]'.includes(secret)) expect(shown.replaceAll('[secret S]', '')).not.toContain(secret);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('and wherever it is nested, it is not left in the value', () => {
    fc.assert(
      fc.property(secrets, fc.jsonValue({ maxDepth: 4 }), fc.nat(), (secret, value, seed) => {
        const { value: conceal } = createConcealer([['S', secret]]);
        const planted = plant(value, secret, seed);
        const shown = JSON.stringify(conceal(planted));
        expect(shown).toContain('[secret S]');
        expect(JSON.stringify(conceal(JSON.parse(shown)))).toBe(shown);
        if (!JSON.stringify(value).includes(secret)) expect(shown.replaceAll('[secret S]', '')).not.toContain(secret);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** The value with the secret somewhere in it. */
function plant(value: unknown, secret: string, seed: number): unknown {
  if (Array.isArray(value) && value.length > 0) {
    return value.map((item: unknown, index) => (index === seed % value.length ? plant(item, secret, seed >> 1) : item));
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value, [`k${secret}`]: secret };
  return typeof value === 'string' ? `${value} ${secret} ${value}` : secret;
}
