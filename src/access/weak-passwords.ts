// Pure: refuses passwords that others try first. NIST SP 800-63B-4, section 3.1.1.2: what everybody knows protects nobody.

import { HooklineError } from '../errors.ts';

/** Whose password it is to be. */
export interface PasswordOwner {
  readonly email: string;
  readonly name: string;
}

/**
 * What the passwords on lists of leaked ones are made of, in English, Dutch, French and German. Short words too: two of
 * them, or one with a year behind, are as long as a password has to be.
 */
const WORDS = (
  'password passwort passphrase wachtwoord motdepasse contrasena mypassword secret geheim supersecret topsecret private ' +
  'admin administrator root user guest test tester testing demo sample default login logon account manager master system ' +
  'server service support backup database security office company welcome welkom bienvenue willkommen hello hallo bonjour ' +
  'letmein opensesame changeme changeit temporary temp please access trustno1 nothing whatever unknown iloveyou ilove loveyou ' +
  'jetaime love lover sexy fuck fuckyou fuckoff bitch asshole bullshit hookline webhook workflow automation computer internet ' +
  'samsung google apple microsoft windows facebook linkedin amazon android iphone summer winter spring autumn zomer lente ' +
  'herfst hiver printemps automne sommer herbst monday friday sunday january october november december sunshine soleil ' +
  'princess princesse prinses doudou loulou chouchou marseille paris amsterdam london football voetbal futbol soccer baseball ' +
  'basketball hockey liverpool arsenal chelsea barcelona realmadrid juventus ajax feyenoord manchester united superman batman ' +
  'spiderman starwars startrek pokemon pikachu minecraft naruto dragon monkey tiger panther eagle falcon phoenix mustang ' +
  'ferrari mercedes porsche corvette harley yamaha shadow hunter killer ranger warrior soldier freedom forever america ' +
  'england nederland holland belgium france family mother father daniel michael michelle jessica jennifer jordan charlie ' +
  'thomas robert andrew matthew alexander nicole ashley amanda buster ginger pepper cookie cheese chocolate banana orange ' +
  'flower butterfly rainbow diamond silver golden purple yellow blue black white happy lucky angel heaven jesus christ ' +
  'metallica slipknot nirvana eminem matrix merlin gandalf correcthorsebatterystaple thequickbrownfox thisismypassword'
).split(' ');

/** What fingers walk along, in both directions: rows and columns of keyboards (QWERTY, AZERTY, QWERTZ), digits, the alphabet. */
const WALKS = [
  ...'01234567890 abcdefghijklmnopqrstuvwxyz qwertyuiop[] asdfghjkl zxcvbnm azertyuiop qsdfghjklm wxcvbn qwertzuiop'.split(' '),
  ...'yxcvbnm qazwsxedcrfvtgbyhnujm 1qaz2wsx3edc4rfv5tgb6yhn7ujm 1q2w3e4r5t6y7u8i9o0p 1a2b3c4d5e6f7g8h9i0j'.split(' '),
  ...'1a2z3e4r5t6y7u8i9o0p aqwzsxedcrfvtgbyhnuj !@#$%^&*() 147258369 159357 a1b2c3d4e5f6g7h8i9'.split(' '),
].flatMap((walk) => [walk, [...walk].reverse().join('')]);

/** Digits and signs that stand for letters. */
const STANDS_FOR: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'il',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  '@': 'a',
  $: 's',
  '!': 'i',
};

/** How many tries a part of a password withstands, as powers of two. Roughly: it is enough to tell words from chance. */
const BITS = { ownWord: 3, repetition: 4, year: 6.5, walk: 7, word: 8, digit: 3.3, letter: 4.7, sign: 5, foreign: 6 } as const;
/** What twelve letters drawn by chance have twice; of twelve digits one in a hundred has less, such as those with two years. */
const ENOUGH_BITS = 28.5;

/** Whether a password is among the first that somebody would try who knows its owner. Case, spaces and `._-` do not count. */
export function isWeakPassword(password: string, owner: PasswordOwner): boolean {
  const text = compact(password);
  const words = new Map(WORDS.map((word) => [word, BITS.word as number]));
  for (const word of wordsOf(owner)) words.set(word, BITS.ownWord);
  const unit = repeated(text);
  const bits = Math.min(bitsOf(text, words), unit === text ? Infinity : bitsOf(unit, words) + BITS.repetition);
  return bits < ENOUGH_BITS;
}

/**
 * How many tries a text withstands, as a power of two. Roughly: enough to tell words, repetitions and rows of keys from chance.
 * @param more words besides those that passwords are made of, in lower case
 */
export function guessBits(text: string, more: readonly string[]): number {
  const plain = compact(text);
  const words = new Map([...WORDS, ...more].map((word) => [word, BITS.word as number]));
  const unit = repeated(plain);
  return Math.min(bitsOf(plain, words), unit === plain ? Infinity : bitsOf(unit, words) + BITS.repetition);
}

/** @throws HooklineError `weak_password` */
export function requireStrongPassword(password: string, owner: PasswordOwner): void {
  if (!isWeakPassword(password, owner)) return;
  throw new HooklineError(
    'weak_password',
    'This password is among the first that others would try: a well-known one, a row of keys, a repetition, or a name of yours. Choose another; a sentence is fine.',
  );
}

function compact(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\s._-]/gu, '');
}

/** The parts of the owner's name and e-mail address. */
function wordsOf({ email, name }: PasswordOwner): string[] {
  const [local = '', domain = ''] = email.split('@');
  const parts = [...name.split(/[^\p{L}\p{N}]+/u), ...local.split(/[^\p{L}\p{N}]+/u), ...domain.split('.')];
  return [email, name, local, domain, ...parts].map(compact).filter((word) => word.length >= 3);
}

/** What the text is a repetition of, perhaps one that is cut off; the text itself when it is none. */
function repeated(text: string): string {
  for (let length = 1; length <= text.length / 2; length += 1) {
    if (text.startsWith(text.slice(length))) return text.slice(0, length);
  }
  return text;
}

/** The fewest bits that the parts of a text have, however it is taken apart. */
function bitsOf(text: string, words: ReadonlyMap<string, number>): number {
  const fewest = [0];
  const offer = (end: number, bits: number): void => {
    fewest[end] = Math.min(fewest[end] ?? Infinity, bits);
  };
  for (let start = 0; start < text.length; start += 1) {
    const before = fewest[start] ?? Infinity;
    offer(start + 1, before + bitsOfCharacter(text.charAt(start)));
    if (/^(19|20)\d\d/.test(text.slice(start, start + 4))) offer(start + 4, before + BITS.year);
    for (let end = start + walkAt(text, start); end >= start + 3; end -= 1) offer(end, before + BITS.walk);
    for (const [word, bits] of words) if (isWordAt(text, start, word)) offer(start + word.length, before + bits);
  }
  return fewest[text.length] ?? 0;
}

function bitsOfCharacter(character: string): number {
  if (/\d/.test(character)) return BITS.digit;
  return /[a-z]/.test(character) ? BITS.letter : character < '\x7f' ? BITS.sign : BITS.foreign;
}

function isWordAt(text: string, start: number, word: string): boolean {
  if (start + word.length > text.length) return false;
  for (let index = 0; index < word.length; index += 1) {
    const found = text.charAt(start + index);
    const letter = word.charAt(index);
    if (found !== letter && !STANDS_FOR[found]?.includes(letter)) return false;
  }
  return true;
}

/** How many characters from here are one walk, or the same character. */
function walkAt(text: string, start: number): number {
  const first = text.charAt(start);
  let longest = 1;
  while (text.charAt(start + longest) === first) longest += 1;
  for (const walk of WALKS) {
    const from = walk.indexOf(text.slice(start, start + 3));
    let length = 0;
    while (from >= 0 && from + length < walk.length && text.charAt(start + length) === walk.charAt(from + length)) length += 1;
    longest = Math.max(longest, length);
  }
  return longest;
}
