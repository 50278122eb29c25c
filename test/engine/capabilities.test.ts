// No hook key and no resume token survives, whatever it is wrapped in; and nothing else is touched.

import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { concealCapabilities, concealLongText } from '../../src/engine/capabilities.ts';
import { concealLog } from '../../src/engine/concealed-log.ts';
import { createHookKeyDirectory } from '../../src/engine/hook-key-directory.ts';
import { createHookKeyIndex } from '../../src/engine/hook-key-index.ts';
import { createResumeTokens } from '../../src/engine/resume-token.ts';

const KEY = 'aQ3_x7Zk-0LmNpRsTuVw9Y';
const OTHER_KEY = 'n-Iu2bYcXe4WgViUkTmSoR';
const NAMED_KEY = 'payment-callback-of-the-shop';
const sign = (text: string): string => createHmac('sha256', 'a key').update(text).digest('base64url');
const TOKEN = createResumeTokens({ sign, verify: (text, code) => code === sign(text) }).make({
  executionId: '019354d8-6b1e-7001-8f3a-0123456789ab',
  jobPath: 'each[3]/approval',
});
const kinds = { hookKeys: createHookKeyIndex([KEY, OTHER_KEY, NAMED_KEY]), resumeTokens: true };
const conceal = (text: string): string => concealCapabilities(text, kinds);

describe('a hook key', () => {
  it.each([
    ['as it is', KEY, '[hook key …Vw9Y]'],
    ['in a URL', `https://h.example/hooks/${KEY}?a=1`, 'https://h.example/hooks/[hook key …Vw9Y]?a=1'],
    ['under a prefix', `/automation/hooks/${KEY}`, '/automation/hooks/[hook key …Vw9Y]'],
    ['at the alias', `POST /api/webhook:trigger/${KEY}`, 'POST /api/webhook:trigger/[hook key …Vw9Y]'],
    ['in the middle of a word', `hook_${KEY}_old`, 'hook_[hook key …Vw9Y]_old'],
    ['in lower case', KEY.toLowerCase(), '[hook key …Vw9Y]'],
    ['cut', `see ${KEY.slice(0, 18)}`, 'see [hook key …Vw9Y]'],
    ['without its beginning', KEY.slice(5), '[hook key …Vw9Y]'],
    ['that was replaced since, in a URL', `/hooks/${'B'.repeat(22)}`, '/hooks/[hook key …BBBB]'],
    ['of a word of its own', `/${NAMED_KEY}/`, '/[hook key …shop]/'],
    ['twice', `${KEY}${KEY}`, '[hook key …Vw9Y][hook key …Vw9Y]'],
    ['beside another one', `${KEY} ${OTHER_KEY}`, '[hook key …Vw9Y] [hook key …mSoR]'],
  ])('%s', (_what, text, shown) => {
    expect(conceal(text)).toBe(shown);
  });
});

describe('over several lines', () => {
  const pad = 'x'.repeat(60);
  const lines = (text: string, length: number, lineBreak: string): string =>
    text.replace(new RegExp(`(.{${length}})(?=.)`, 'g'), `$1${lineBreak}`);

  it.each([
    ['of MIME', 76, '\r\n'],
    ['of PEM', 64, '\n'],
    ['of a narrow window', 20, '\n'],
  ])('is found in base64 %s, and JSON stays JSON', (_what, length, lineBreak) => {
    for (const secret of [KEY, TOKEN, `https://h.example/hooks/${KEY}`, `https://h.example/resume/${TOKEN}`]) {
      for (const before of ['', 'a', 'ab', pad, `${pad}a`, `${pad}ab`]) {
        const wrapped = lines(Buffer.from(`${before} ${secret} ${pad}`).toString('base64'), length, lineBreak);
        for (const json of [JSON.stringify({ a: wrapped }), JSON.stringify(JSON.stringify([wrapped]))]) {
          const shown = conceal(json);
          expect(shown).toMatch(/\[hook key|\[resume token/);
          JSON.parse(shown);
          const left = Buffer.from(shown.replace(/\\+[rn]|[^A-Za-z0-9+/]/g, ''), 'base64').toString('latin1');
          expect(left).not.toContain(secret.slice(-22));
        }
      }
    }
  });

  it('is found where a line ends in the middle of it', () => {
    for (const secret of [KEY, TOKEN]) {
      const shown = conceal(JSON.stringify({ a: lines(secret, 12, '\n'), b: 'one\ntwo\nthree\nfour' }));
      expect(shown).toMatch(/\[hook key|\[resume token/);
      expect(shown).toContain('one\\ntwo\\nthree\\nfour');
      JSON.parse(shown);
    }
  });
});

describe('a resume token', () => {
  it.each([
    ['as it is', TOKEN, '[resume token]'],
    ['in a sentence', `Go to https://h.example/resume/${TOKEN}.`, 'Go to https://h.example/resume/[resume token].'],
    ['behind a line break in JSON', JSON.stringify(`a\n${TOKEN}`), '"a\\n[resume token]"'],
    ['cut', TOKEN.slice(0, -20), '[resume token]'],
    ['of another server', `/resume/${'a'.repeat(30)}.${'b'.repeat(43)}`, '/resume/[resume token]'],
  ])('%s', (_what, text, shown) => {
    expect(conceal(text)).toBe(shown);
  });
});

it.each([
  ['a sentence', 'Nothing of the kind is in here, 100 % sure & certain.'],
  [
    'a JSON Web Token',
    `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"sub":"1234567890","name":"x"}').toString('base64url')}.${'s'.repeat(43)}`,
  ],
  ['ids and times', '019354d8-6b1e-7001-8f3a-0123456789ab 2026-12-01T12:00:00.000Z'],
  ["another system's hook", 'https://api.github.com/repos/o/r/hooks/12345678'],
  ['words of a key', 'payment-callback'],
  ['the first part of a token alone', TOKEN.split('.')[0] ?? ''],
])('%s stays', (_what, text) => {
  expect(conceal(text)).toBe(text);
});

const wrap = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => `before ${text}, and behind\n`,
  (text) => JSON.stringify({ a: [text] }),
  (text) => text.replaceAll('/', '\\/'),
  encodeURIComponent,
  (text) => [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  (text) => Buffer.from(text).toString('base64'),
  (text) => Buffer.from(`ab${text}`).toString('base64url'),
  (text) => Buffer.from(text, 'utf16le').toString('base64'),
  (text) => Buffer.from(text).toString('hex'),
  (text) => [...text].map((sign) => `&#${sign.charCodeAt(0)};`).join(''),
  (text) => [...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  (text) => [...text].map((sign) => `%u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
);

it('nothing survives three layers of wrapping, and JSON stays JSON', () => {
  const secret = fc.constantFrom(KEY, OTHER_KEY, NAMED_KEY, `http://h/hooks/${KEY}`, TOKEN, `http://h/resume/${TOKEN}`);
  fc.assert(
    fc.property(secret, fc.array(wrap, { maxLength: 3 }), fc.string(), fc.string(), (text, wraps, before, behind) => {
      const wrapped = wraps.reduce((inner, next) => next(inner), text);
      const json = JSON.stringify({ [before]: `${before} ${wrapped} ${behind}`, list: [wrapped] });
      const shown = conceal(json);
      expect(() => JSON.parse(shown)).not.toThrow();
      expect(shown).toContain('[');
      expect(shown).not.toContain(wrapped);
      expect(conceal(shown)).toBe(shown);
    }),
    { numRuns: 300 },
  );
});

it('JSON stays JSON, whatever is in it', () => {
  // The key begins with the letter of an escape.
  const pieces = fc.constantFrom(OTHER_KEY, OTHER_KEY.slice(1), KEY, `-${KEY}`, '\n', '\\', '"', '\\n', '%5', '/hooks/', TOKEN);
  fc.assert(
    fc.property(fc.array(fc.oneof(pieces, fc.string())), (parts) => {
      const value = { a: parts.join(''), [parts.join('-')]: parts };
      const shown = conceal(JSON.stringify(value));
      expect(() => JSON.parse(shown)).not.toThrow();
      for (const secret of [KEY, OTHER_KEY, TOKEN]) expect(shown).not.toContain(secret);
    }),
    { numRuns: 300 },
  );
});

it('only the kinds that are asked for are replaced', () => {
  const text = `${KEY} ${TOKEN}`;
  expect(concealCapabilities(text, { ...kinds, resumeTokens: false })).toBe(`[hook key …Vw9Y] ${TOKEN}`);
  expect(concealCapabilities(text, { hookKeys: undefined, resumeTokens: true })).toBe(`${KEY} [resume token]`);
});

it('a long text gives others their turn, and is found through where its parts meet', async () => {
  const places = [0, 64 * 1024 - 30, 64 * 1024 - 5, 100_000];
  for (const unit of ['A', '%41', 'word ']) {
    const filling = unit.repeat(200_000);
    const text = places.reduce((all, at) => `${all.slice(0, at)} ${TOKEN} ${KEY} ${all.slice(at)}`, filling);
    const pause = vi.fn(async () => {});
    const shown = await concealLongText(text, kinds, pause);
    expect(shown).toBe(conceal(text));
    expect(shown).not.toContain(TOKEN);
    expect(shown).not.toContain(KEY);
    expect(pause.mock.calls.length).toBeGreaterThan(0);
  }
  // A run of many megabytes has no place to be cut at.
  const run = `${'A'.repeat(3_000_000)}.${TOKEN}`;
  expect(await concealLongText(run, kinds, async () => {})).not.toContain(TOKEN);
});

it('the directory reads keys once until a workflow changes, and makes an index when a key did', async () => {
  let state = '1';
  let keys = [KEY];
  const store = { hookKeysState: async () => state, hookKeys: vi.fn(async () => keys) };
  const directory = createHookKeyDirectory(store);
  const first = await directory.current();
  expect(await directory.current()).toBe(first);
  expect(store.hookKeys).toHaveBeenCalledTimes(1);
  state = '2';
  expect(await directory.current()).toBe(first);
  [state, keys] = ['3', [OTHER_KEY]];
  const second = await directory.current();
  expect([second.find(KEY).length, second.find(OTHER_KEY).length > 0]).toEqual([0, true]);
});

it('the log shows neither, in fields of any depth, in errors and in messages', () => {
  const lines: string[] = [];
  const note = (fields: object, message: string) => void lines.push(JSON.stringify([fields, message]));
  const log = concealLog({ debug: note, info: note, warn: note, error: note });
  const cause = new Error(`connect to /hooks/${KEY}`);
  log.error({ err: new Error(`POST /resume/${TOKEN}`, { cause }), deep: [{ url: `/hooks/${KEY}` }] }, `failed: ${TOKEN}`);
  log.info({ status: 200, at: new Date(0) }, 'fine');
  expect(lines.join('\n')).not.toContain(KEY);
  expect(lines.join('\n')).not.toContain(TOKEN);
  expect(lines[0]).toContain('POST /resume/[resume token]');
  expect(lines[1]).toBe('[{"status":200,"at":"1970-01-01T00:00:00.000Z"},"fine"]');
});
