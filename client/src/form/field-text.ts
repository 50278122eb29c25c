// What fields are called: our own words for built-in types, the schema's for others, and else the field's name in words.

import { useTranslation } from 'react-i18next';
import { isObject, type JsonObject, type JsonSchema, textAt } from './json-schema.ts';

export interface FieldText {
  readonly label: string;
  readonly help: string | undefined;
  readonly placeholder: string | undefined;
}

/** `maxBodyBytes` -> "Max body": the unit is beside the number. */
export function wordsOf(name: string): string {
  const words = name
    .replace(/(Ms|Bytes|Mb)$/, '')
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
    .trim()
    .split(/\s+/)
    // What is an abbreviation stays one.
    .map((word) => (/^[A-Z0-9]{2,}$/.test(word) ? word : word.toLowerCase()))
    .join(' ');
  return words === '' ? name : words.charAt(0).toUpperCase() + words.slice(1);
}

/** What stands at a path of texts. */
export function entryAt(texts: unknown, path: readonly string[]): JsonObject | undefined {
  let place: unknown = texts;
  for (const segment of path) place = isObject(place) && Object.hasOwn(place, segment) ? place[segment] : undefined;
  return isObject(place) ? place : undefined;
}

/** Texts of the fields of one form. Keys may hold dots, so that they are looked up by hand. */
export class FieldTexts {
  readonly #own: JsonObject | undefined;
  readonly #shared: JsonObject;

  /** @param form first keys of the form's texts: `['node', 'condition']` */
  constructor(bundle: unknown, form: readonly string[]) {
    this.#own = entryAt(bundle, form);
    this.#shared = entryAt(bundle, ['shared']) ?? {};
  }

  /** Whether somebody has written texts for this form: then they win over the schema's. */
  get isKnown(): boolean {
    return this.#own !== undefined;
  }

  /** @param path below the form: `['fields', 'cases', 'fields', 'label']` */
  field(path: readonly string[], name: string, schema: JsonSchema): FieldText {
    const own = entryAt(this.#own, path);
    const shared = entryAt(this.#shared, ['fields', name]);
    const ownLabel = own && textAt(own, 'label');
    const label = ownLabel ?? (this.isKnown ? undefined : textAt(schema, 'title')) ?? (shared && textAt(shared, 'label'));
    const help = this.isKnown
      ? // A label of its own has a help of its own, or none.
        ((own && textAt(own, 'help')) ?? (ownLabel === undefined && shared ? textAt(shared, 'help') : undefined))
      : textAt(schema, 'description');
    return {
      label: label ?? textAt(schema, 'title') ?? wordsOf(name),
      help,
      placeholder: (own && textAt(own, 'placeholder')) ?? exampleOf(schema),
    };
  }

  /** What an option of a choice is called; `undefined` where nobody says. */
  option(path: readonly string[], name: string, value: unknown): string | undefined {
    const key = String(value);
    const own = entryAt(this.#own, [...path, 'options']);
    const shared = entryAt(this.#shared, ['fields', name, 'options']);
    return (own && textAt(own, key)) ?? (shared && textAt(shared, key));
  }

  /** What a variant or alternative is called. */
  variant(path: readonly string[], name: string, value: unknown): { label: string | undefined; help: string | undefined } {
    const own = entryAt(this.#own, [...path, 'variants', String(value)]);
    const shared = entryAt(this.#shared, ['fields', name, 'variants', String(value)]);
    const found = own?.label === undefined ? shared : own;
    return { label: found && textAt(found, 'label'), help: found && textAt(found, 'help') };
  }

  /** Other texts of a field, such as `add` of a list. */
  extra(path: readonly string[], name: string, key: string): string | undefined {
    const own = entryAt(this.#own, path);
    const shared = entryAt(this.#shared, ['fields', name]);
    return (own && textAt(own, key)) ?? (shared && textAt(shared, key));
  }
}

function exampleOf(schema: JsonSchema): string | undefined {
  const [first] = Array.isArray(schema.examples) ? schema.examples : [];
  return typeof first === 'string' || typeof first === 'number' ? String(first) : undefined;
}

export function useFieldTexts(form: readonly string[]): FieldTexts {
  const { i18n } = useTranslation(['form', 'plugins']);
  return new FieldTexts(i18n.getResourceBundle(i18n.language, 'plugins'), form);
}
