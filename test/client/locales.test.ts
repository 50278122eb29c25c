// The texts of the designer: the same keys in every language, every key that the code asks for, none that nobody asks for.

import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const CLIENT = new URL('../../client/src/', import.meta.url);
const LOCALES = new URL('locales/', CLIENT);
const LANGUAGES = ['en', 'nl', 'fr'];
/** Endings that i18next adds by itself for the number of things. */
const PLURAL = /_(zero|one|two|few|many|other)$/;

type Texts = Map<string, string>;

function flatten(value: unknown, path: string, into: Texts): Texts {
  if (typeof value === 'string') into.set(path, value);
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) flatten(inner, path === '' ? key : `${path}.${key}`, into);
  } else throw new Error(`${path} is neither a text nor a group of texts.`);
  return into;
}

function texts(language: string, namespace: string): Texts {
  return flatten(JSON.parse(readFileSync(new URL(`${language}/${namespace}.json`, LOCALES), 'utf8')), '', new Map());
}

const namespaces = readdirSync(new URL('en/', LOCALES)).map((file) => file.replace(/\.json$/, ''));

/** Placeholders such as `{{title}}`, in any order. */
function placeholders(text: string): string[] {
  return [...new Set([...text.matchAll(/\{\{-? ?(\w+)/g)].map(([, name = '']) => name))].sort();
}

test('every language has the same files', () => {
  for (const language of LANGUAGES) {
    expect(readdirSync(new URL(`${language}/`, LOCALES)).sort(), language).toEqual(
      namespaces.map((name) => `${name}.json`).sort(),
    );
  }
});

test.each(namespaces)('%s: every language has the same keys, none is empty, placeholders are the same', (namespace) => {
  const english = texts('en', namespace);
  for (const language of LANGUAGES) {
    const own = texts(language, namespace);
    const base = (keys: Iterable<string>): string[] => [...new Set([...keys].map((key) => key.replace(PLURAL, '')))].sort();
    expect(base(own.keys()), language).toEqual(base(english.keys()));
    for (const [key, text] of own) {
      expect(text.trim(), `${language} ${key}`).not.toBe('');
      const original = english.get(key);
      if (original !== undefined) expect(placeholders(text), `${language} ${key}`).toEqual(placeholders(original));
    }
  }
});

interface Use {
  readonly file: string;
  readonly namespace: string;
  readonly key: string;
  /** A computed key: only its beginning is known. */
  readonly isPrefix: boolean;
}

/** What a source file asks for: `t('key')`, `t('namespace:key')`, t(`prefix.${x}`), also of a function named tSomething, and `i18nKey`. */
function usesOf(file: string): Use[] {
  const source = readFileSync(new URL(file, CLIENT), 'utf8');
  const own = /useTranslation\(\[?'([\w-]+)'/.exec(source)?.[1] ?? /TFunction<\[?'([\w-]+)'/.exec(source)?.[1] ?? 'common';
  const uses: Use[] = [];
  const add = (text: string, isPrefix: boolean): void => {
    const [, namespace = own, key = ''] = /^(?:([\w-]+):)?(.*)$/s.exec(text) ?? [];
    uses.push({ file, namespace, key, isPrefix });
  };
  for (const [, text = ''] of source.matchAll(/\b(?:t|i18next\.t|i18n\.t)\(\s*'([^']+)'/g)) add(text, false);
  for (const [, text = ''] of source.matchAll(/\bi18nKey="([^"]+)"/g)) add(text, false);
  for (const [, text = ''] of source.matchAll(/\b(?:t|i18next\.t|i18n\.t)\(\s*`([^`$]*)\$\{/g)) add(text, true);
  // Keys that are chosen first: t(isOn ? 'on' : 'off').
  for (const [, call = ''] of source.matchAll(/\bt\(([^'`()][^()]*)\)/g)) {
    for (const [, yes = '', no = ''] of call.matchAll(/\?\s*'([\w.:-]+)'\s*:\s*'([\w.:-]+)'/g)) {
      add(yes, false);
      add(no, false);
    }
  }
  return uses;
}

const sources = readdirSync(CLIENT, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));

test('every key that the code asks for is there', () => {
  const known = new Map(namespaces.map((name) => [name, [...texts('en', name).keys()].map((key) => key.replace(PLURAL, ''))]));
  const missing = sources.flatMap(usesOf).filter(({ namespace, key, isPrefix }) => {
    const keys = known.get(namespace);
    if (keys === undefined) return true;
    return !(isPrefix ? keys.some((one) => one.startsWith(key)) : keys.includes(key));
  });
  expect(missing).toEqual([]);
});

/** Looked up by keys from elsewhere: by type and field, tested over every schema in `form`; and by the server's keys, tested in `editor`. */
const BY_SCHEMA: ReadonlySet<string> = new Set(['plugins', 'problems']);

test('every text is asked for', () => {
  const uses = sources.flatMap(usesOf);
  const unused = namespaces
    .filter((name) => !BY_SCHEMA.has(name))
    .flatMap((namespace) => {
      const own = uses.filter((use) => use.namespace === namespace);
      const exact = new Set(own.filter(({ isPrefix }) => !isPrefix).map(({ key }) => key));
      const prefixes = own.filter(({ isPrefix, key }) => isPrefix && key !== '').map(({ key }) => key);
      return [...texts('en', namespace).keys()]
        .map((key) => key.replace(PLURAL, ''))
        .filter((key) => !exact.has(key) && !prefixes.some((prefix) => key.startsWith(prefix)))
        .map((key) => `${namespace}:${key}`);
    });
  expect([...new Set(unused)]).toEqual([]);
});
