// HTTP Basic credentials.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HooklineError } from '../../../src/errors.ts';
import { createBasicAuth } from '../../../src/plugins/webhook/basic-auth.ts';

const basic = (text: string): string => `Basic ${Buffer.from(text, 'utf8').toString('base64')}`;

function refusalOf(check: (authorization: string | undefined) => void, authorization: string | undefined): HooklineError {
  try {
    check(authorization);
  } catch (error) {
    if (error instanceof HooklineError) return error;
    throw error;
  }
  throw new Error(`Let in: ${authorization}`);
}

describe('Basic credentials', () => {
  it.each([
    ['plain', 'ada', 'secret'],
    ['with colons in the password', 'ada', 'a:b::c'],
    ['in UTF-8', 'Ädä', 'pä$$wörd 💶'],
    ['with spaces', ' ada ', '  '],
  ])('%s let in', (_, username, password) => {
    expect(() => createBasicAuth(username, () => password)(basic(`${username}:${password}`))).not.toThrow();
  });

  it('are read in any case of the scheme, and with spaces around them', () => {
    const check = createBasicAuth('ada', () => 'secret');
    const token = basic('ada:secret').slice('Basic '.length);
    for (const header of [`basic ${token}`, `BASIC   ${token}`, `Basic ${token} `]) expect(() => check(header)).not.toThrow();
  });

  it.each([
    ['missing', undefined],
    ['empty', ''],
    ['of another scheme', `Bearer ${Buffer.from('ada:secret').toString('base64')}`],
    ['no base64', 'Basic ada:secret'],
    ['nothing in base64', 'Basic '],
    ['without a colon', basic('adasecret')],
    ['a wrong password', basic('ada:Secret')],
    ['a longer password', basic('ada:secret2')],
    ['a wrong name', basic('eve:secret')],
    ['the colon elsewhere', basic('ad:asecret')],
    ['twice', `${basic('ada:secret')}, ${basic('ada:secret')}`],
  ])('that are %s are refused the same way', (_, authorization) => {
    const check = createBasicAuth('ada', () => 'secret');
    const error = refusalOf(check, authorization);
    expect(error).toMatchObject({ code: 'unauthorized', status: 401 });
    expect(error.headers).toEqual({ 'WWW-Authenticate': 'Basic realm="Hookline", charset="UTF-8"' });
    expect(error.message).toBe(refusalOf(check, undefined).message);
    expect(error.message).not.toContain('secret');
  });

  it('let in exactly the one pair', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(text, text, text, text, (name, password, otherName, otherPassword) => {
        fc.pre(!name.includes(':') && !otherName.includes(':'));
        const check = createBasicAuth(name, () => password);
        expect(() => check(basic(`${name}:${password}`))).not.toThrow();
        if (name !== otherName || password !== otherPassword) refusalOf(check, basic(`${otherName}:${otherPassword}`));
      }),
    );
  });
});
