// The server's problems in the reader's language: every key has words in every language, with nothing to fill in that the server does not give.

import { readFileSync } from 'node:fs';
import i18next from 'i18next';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { translateProblem } from '../../../client/src/editor/problem-text.ts';
import { REPORT, sayIssue } from '../../../src/engine/issue-message.ts';
import { nodeKeySchema } from '../../../src/engine/model.ts';
import { PROBLEM_SENTENCES } from '../../../src/engine/problem-sentences.ts';
import { eitherOf, type Said, say } from '../../../src/engine/say.ts';
import { inspectTemplates } from '../../../src/engine/template.ts';

const LANGUAGES = ['en', 'nl', 'fr'] as const;
type Language = (typeof LANGUAGES)[number];

function read(language: Language): Record<string, Record<string, string>> {
  return JSON.parse(readFileSync(new URL(`../../../client/src/locales/${language}/problems.json`, import.meta.url), 'utf8'));
}

function textsOf(language: Language): Map<string, string> {
  return new Map(
    Object.entries(read(language)).flatMap(([group, texts]) =>
      Object.entries(texts).map(([name, text]): [string, string] => [`${group}.${name}`, text]),
    ),
  );
}

const names = (text: string): Set<string> => new Set([...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name = '']) => name));

describe.each(LANGUAGES)('%s', (language) => {
  const texts = textsOf(language);

  test('has a text for each key that the server can tell, and for no other', () => {
    expect([...texts.keys()].sort()).toEqual(Object.keys(PROBLEM_SENTENCES).sort());
  });

  test('fills in only what the server gives', () => {
    for (const [key, sentence] of Object.entries(PROBLEM_SENTENCES)) {
      const given = names(sentence);
      const asked = [...names(texts.get(key) ?? '')];
      expect(
        asked.filter((name) => !given.has(name)),
        key,
      ).toEqual([]);
    }
  });

  test('fills in the same as in English', () => {
    const english = textsOf('en');
    for (const [key, text] of texts) expect([...names(text)].sort(), key).toEqual([...names(english.get(key) ?? '')].sort());
  });
});

beforeAll(async () => {
  await i18next.init({
    lng: 'en',
    fallbackLng: false,
    resources: Object.fromEntries(LANGUAGES.map((language) => [language, { problems: read(language) }])),
    interpolation: { escapeValue: false },
  });
});

function tell(language: Language, { message, text }: Said): string {
  const t = i18next.getFixedT(language, 'problems');
  return translateProblem(
    { path: '', code: 'x', message, severity: 'error', text },
    { exists: (key, options) => i18next.exists(key, { ...options, lng: language }), t: (key, options) => t(key, options) },
  ).message;
}

describe('translateProblem', () => {
  it('says it in the language of the reader', () => {
    const said = say('value.otherKind', { kind: say('kind.string'), given: say('kind.number') });
    expect(tell('nl', said)).toBe('moet tekst zijn, niet een getal');
    expect(tell('fr', said)).toBe('doit être du texte, et non un nombre');
    expect(tell('en', said)).toBe('must be text, not a number');
  });

  it('says one and many', () => {
    expect(tell('nl', say('value.charactersAtMost', { count: 1 }))).toBe('mag hoogstens 1 teken hebben');
    expect(tell('nl', say('value.charactersAtMost', { count: 200 }))).toBe('mag hoogstens 200 tekens hebben');
    expect(tell('fr', say('value.entriesAtLeast', { count: 2 }))).toBe('doit comporter au moins 2 éléments');
  });

  it('says what a schema worded itself', () => {
    const issue = nodeKeySchema.safeParse('1', REPORT).error?.issues[0];
    expect(issue && tell('fr', sayIssue(issue))).toMatch(/^doit commencer par une lettre/);
  });

  it('says what is inside of what', () => {
    const [wrong] = inspectTemplates('{{$context.a b]}}').problems;
    expect(wrong && tell('nl', wrong)).toBe(
      'de variabele {{$context.a b]}} is fout: het pad "$context.a b]" is fout bij teken 13: een naam met dit teken moet tussen aanhalingstekens, zoals ["voor naam"]',
    );
    const [unclosed] = inspectTemplates('{{$context.a').problems;
    expect(unclosed && tell('nl', unclosed)).toContain('`}}` ontbreekt; bedoel je de tekens `{{` zelf, schrijf dan `\\{{`');
    expect(tell('nl', say('secret.unknownNear', { name: 'A', names: eitherOf(['B', 'C']) }))).toBe(
      'er is geen geheim “A”; bedoel je "B" of "C"?',
    );
  });

  it('fills in names as they are, whatever they hold', () => {
    const name = '$t(problems:value.empty) {{key}} <b>';
    expect(tell('nl', say('field.branchTwice', { key: name }))).toBe(`de tak “${name}” staat er twee keer`);
  });

  it('leaves a message as it is without a key, or with one that has no words here', () => {
    expect(tell('nl', { message: 'No {{x}}.' })).toBe('No {{x}}.');
    expect(tell('nl', { message: 'Sold out.', text: { key: 'shop.soldOut' } })).toBe('Sold out.');
    const inner = { message: 'Odd.', text: { key: 'value.because', params: { what: { key: 'shop.odd' }, detail: 'x' } } };
    expect(tell('nl', inner)).toBe('Odd.');
  });
});
