// The words of the forms: each built-in type, field and option has some in every language, and none is left over.

import { expect, test } from 'vitest';
import { z } from 'zod';
import { fieldOf } from '../../../client/src/form/field-kind.ts';
import { entryAt, FieldTexts, wordsOf } from '../../../client/src/form/field-text.ts';
import { isObject, type JsonSchema, propertiesOf } from '../../../client/src/form/json-schema.ts';
import { nodeSettingsSchema, workflowSettingsSchema } from '../../../client/src/form/settings-schema.ts';
import { LANGUAGES, type Language } from '../../../client/src/i18n.ts';
import { BASIC_OPERATORS } from '../../../src/engine/basic-test.ts';
import { endpointConfigSchema } from '../../../src/engine/outbound-model.ts';
import { localeTexts } from '../render.tsx';
import { nameOf, testedTypes } from './types.ts';

const languages = Object.keys(LANGUAGES) as Language[];

/** Without what its page draws by hand. */
const endpointSchema: JsonSchema = z.toJSONSchema(endpointConfigSchema.omit({ url: true, description: true, eventTypes: true }), {
  io: 'input',
  unrepresentable: 'any',
});

interface Form {
  readonly texts: readonly string[];
  readonly schema: JsonSchema;
}

const forms: readonly Form[] = [
  ...testedTypes
    .filter(({ isBuiltIn }) => isBuiltIn)
    .map(({ kind, description }) => ({ texts: [kind, description.type], schema: description.config })),
  { texts: ['settings', 'node'], schema: nodeSettingsSchema },
  { texts: ['settings', 'workflow'], schema: workflowSettingsSchema },
  { texts: ['endpoint'], schema: endpointSchema },
];

/** What a form asks for: `field`, `option` or `variant`, where, of which field, and of which value. */
interface Asked {
  readonly what: 'field' | 'option' | 'variant';
  readonly path: readonly string[];
  readonly name: string;
  readonly value?: unknown;
}

/** Every text that the form of a schema asks for. */
function askedOf(schema: JsonSchema, root: JsonSchema, path: readonly string[], name: string, isMember = false): Asked[] {
  const field = fieldOf(schema, root, name);
  const { kind } = field;
  const own: Asked[] = path.length === 0 || isMember ? [] : [{ what: 'field', path, name }];
  switch (kind.kind) {
    case 'constant':
    case 'nothing':
      return [];
    case 'choice':
      return [...own, ...kind.options.map((value): Asked => ({ what: 'option', path, name, value }))];
    case 'tags':
      return [...own, ...(kind.options ?? []).map((value): Asked => ({ what: 'option', path, name, value }))];
    case 'group':
      return [...own, ...insideOf(field.schema, root, path)];
    case 'table':
    case 'cards':
      return [...own, ...askedOf(kind.item, root, path, name, true)];
    case 'variants':
      return [
        ...own,
        ...kind.variants.flatMap(({ value, schema: variant }): Asked[] => [
          { what: 'variant', path, name, value },
          ...insideOf(variant, root, [...path, 'variants', String(value)], kind.tag),
        ]),
      ];
    case 'alternatives':
      return [...own, ...kind.alternatives.map((one): Asked => ({ what: 'variant', path, name, value: one.name }))];
    default:
      return own;
  }
}

function insideOf(schema: JsonSchema, root: JsonSchema, path: readonly string[], tag?: string): Asked[] {
  return propertiesOf(schema)
    .filter(([name]) => name !== tag)
    .flatMap(([name, property]) => askedOf(property, root, [...path, 'fields', name], name));
}

function isThere(texts: FieldTexts, bundle: unknown, form: Form, { what, path, name, value }: Asked): boolean {
  if (what === 'option') return texts.option(path, name, value) !== undefined;
  if (what === 'variant') return texts.variant(path, name, value).label !== undefined;
  const own = entryAt(bundle, [...form.texts, ...path]);
  const shared = entryAt(bundle, ['shared', 'fields', name]);
  return typeof own?.label === 'string' || typeof shared?.label === 'string';
}

test.each(languages)('every field, option and kind of the built-in forms has words in %s', (language) => {
  const bundle = localeTexts(language).plugins;
  const missing = forms.flatMap((form) => {
    const texts = new FieldTexts(bundle, form.texts);
    expect(texts.isKnown, form.texts.join(' ')).toBe(true);
    return askedOf(form.schema, form.schema, [], '')
      .filter((asked) => !isThere(texts, bundle, form, asked))
      .map(({ path, value }) => [...form.texts, ...path, ...(value === undefined ? [] : [String(value)])].join(' '));
  });
  expect(missing).toEqual([]);
});

test.each(languages)('every built-in type has a title and a description in %s', (language) => {
  const bundle = localeTexts(language).plugins;
  const missing = testedTypes
    .filter(({ isBuiltIn }) => isBuiltIn)
    .filter(({ kind, description }) => {
      const entry = entryAt(bundle, [kind, description.type]);
      return typeof entry?.title !== 'string' || typeof entry.description !== 'string';
    });
  expect(missing.map(nameOf)).toEqual([]);
});

test.each(languages)('every operator of tests has words in %s', (language) => {
  const operators = entryAt(localeTexts(language).form, ['operators']);
  expect(Object.keys(operators ?? {}).sort()).toEqual([...BASIC_OPERATORS].sort());
});

test('no words are left over from fields that are gone', () => {
  const bundle = localeTexts('en').plugins;
  const used = new Set<string>();
  for (const form of forms) {
    const mark = (path: readonly string[]): void => {
      for (let length = 0; length <= path.length; length++) used.add(path.slice(0, length).join('\n'));
    };
    for (const { what, path, value } of askedOf(form.schema, form.schema, [], '')) {
      if (what === 'field') mark([...form.texts, ...path]);
      else mark([...form.texts, ...path, what === 'option' ? 'options' : 'variants', String(value)]);
    }
    mark(form.texts);
  }
  /** Paths of groups of texts and of options that no form asks for. */
  const left: string[] = [];
  const visit = (entry: unknown, path: readonly string[]): void => {
    if (!isObject(entry)) return;
    for (const [key, inner] of Object.entries(entry)) {
      const place = [...path, key];
      const isOption = path.at(-1) === 'options';
      const isGroup = isObject(inner) && key !== 'fields' && key !== 'variants' && key !== 'options';
      if ((isOption || (isGroup && place.length > 1)) && !used.has(place.join('\n'))) left.push(place.join(' '));
      else visit(inner, place);
    }
  };
  if (!isObject(bundle)) throw new Error('There are no texts.');
  const { shared: _, ...own } = bundle;
  visit(own, []);
  expect(left).toEqual([]);
});

test('a name becomes words', () => {
  expect(wordsOf('maxBodyBytes')).toBe('Max body');
  expect(wordsOf('timeoutMs')).toBe('Timeout');
  expect(wordsOf('send_to-all')).toBe('Send to all');
  expect(wordsOf('apiURL')).toBe('Api URL');
  expect(wordsOf('HTTPStatus')).toBe('HTTP status');
  expect(wordsOf('$')).toBe('$');
});
