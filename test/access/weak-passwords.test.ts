import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isWeakPassword, requireStrongPassword } from '../../src/access/weak-passwords.ts';

const ADA = { email: 'ada.lovelace@analytical.example', name: 'Ada Lovelace' };
const isWeak = (password: string): boolean => isWeakPassword(password, ADA);

describe('a password that others try first is refused', () => {
  test.each([
    ['a word twice', 'passwordpassword'],
    ['a word and digits', 'password1234'],
    ['a word and a year', 'Summer2024!!'],
    ['a word and a date', 'welkom19901231'],
    ['digits for letters', 'P@$$w0rd!2025'],
    ['two words', 'iloveyou monkey'],
    ['a word in another language', 'motdepasse75'],
    ['a phrase', 'Correct Horse Battery Staple'],
    ['the product', 'hookline-2026'],
    ['a row of keys', 'qwertyuiop12'],
    ['rows of keys', '123qweasdzxc'],
    ['a French row', 'azertyuiop123'],
    ['a German row', 'Qwertzuiop1!'],
    ['columns of keys', '1qaz2wsx3edc'],
    ['a zigzag', '1q2w3e4r5t6y'],
    ['columns up and down', 'zaq12wsxcde3'],
    ['counting', '123456789012'],
    ['counting down', '9876543210987'],
    ['the alphabet', 'abcdefghijklm'],
    ['the shift key held down', '!@#$%^&*()!@'],
    ['one character', 'aaaaaaaaaaaa'],
    ['one foreign character', '密'.repeat(12)],
    ['nothing but spaces', ' '.repeat(20)],
    ['characters in turn', 'xkxkxkxkxkxk'],
    ['a few characters again and again', 'gk4tgk4tgk4tg'],
    ['groups of one character', 'aaabbbcccddd'],
    ['the e-mail address', 'Ada.Lovelace@analytical.example'],
    ['the e-mail address with digits', 'ada.lovelace@analytical.example1'],
    ['the name', 'adalovelace1'],
    ['the name turned round and a year', 'LovelaceAda1815'],
    ['the first name and a word', 'ada-password!'],
    ['the company', 'analytical2026'],
    ['full-width letters', 'ｐａｓｓｗｏｒｄ１２３４'],
  ])('%s: %s', (_, password) => {
    expect(isWeak(password)).toBe(true);
    expect(isWeak(`${password.toUpperCase()}`)).toBe(true);
  });

  test('says what to do', () => {
    expect(() => requireStrongPassword('password1234', ADA)).toThrow(expect.objectContaining({ code: 'weak_password' }));
    expect(requireStrongPassword('correct horse battery', ADA)).toBeUndefined();
  });

  test('only for whom it is the name', () => {
    expect(isWeakPassword('Grace Brewster Hopper', { email: 'g@navy.example', name: 'Grace Brewster Hopper' })).toBe(true);
    expect(isWeak('Grace Brewster Hopper')).toBe(false);
  });
});

describe('a password of one’s own is taken', () => {
  test.each([
    'correct horse battery',
    'a wholly new password',
    'my password is a secret',
    'a fine day for webhooks',
    'de kat krabt de krullen',
    'le chat dort sur le toit',
    'Hookline runs my workflows',
    'gk4tvq9zpm2w',
    '739104826519',
    'summer-rain-on-tin-roofs',
    'Ada likes green umbrellas',
    '我喜欢在雨天喝热茶看书写字',
  ])('%s', (password) => {
    expect(isWeak(password)).toBe(false);
  });

  const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
  const from = (characters: string, minLength: number) =>
    fc.string({ unit: fc.constantFrom(...characters), minLength, maxLength: 40, size: 'max' });
  const DICTIONARY =
    'abacus cinder fjord glimpse harbor iodine juniper kettle lantern mosaic nectar oyster plume quarry raft velvet'.split(' ');

  test.each([
    ['letters, digits and signs', from(`${LETTERS}${LETTERS.toUpperCase()}0123456789!#%+:=?@`, 12)],
    ['letters and digits', from(`${LETTERS}${LETTERS.toUpperCase()}0123456789`, 12)],
    ['hexadecimal digits', from('0123456789abcdef', 20)],
    ['words by dice', fc.array(fc.constantFrom(...DICTIONARY), { minLength: 4, maxLength: 8 }).map((words) => words.join('-'))],
  ])('of a generator: %s', (_, passwords) => {
    // As a generator draws them: what is simple is no likelier than anything else.
    const drawn: fc.Arbitrary<string> = fc.noBias(passwords);
    fc.assert(
      fc.property(drawn, (password) => !isWeak(password)),
      { numRuns: 500 },
    );
  });

  test('and whatever is typed, there is an answer, soon', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.string(), fc.string(), (password, email, name) => {
        expect(typeof isWeakPassword(password, { email, name })).toBe('boolean');
      }),
    );
  });
});
