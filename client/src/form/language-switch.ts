// Pure: what becomes of tests when another language is chosen beside them. What was typed comes back with its language.

import { fieldOf } from './field-kind.ts';
import { isObject, type JsonObject, type JsonSchema, propertiesOf } from './json-schema.ts';
import { setProperty } from './update.ts';
import { joinPath } from './value-path.ts';

/** The property that names the language of the expressions beside it. */
export const LANGUAGE = 'engine';
/** The language of tests that are clicked together. */
export const CLICKED = 'basic';

interface Around {
  readonly schema: JsonSchema;
  readonly root: JsonSchema;
  readonly path: string;
  /** Changed: what was typed, by path and kind of language. */
  readonly remembered: Map<string, unknown>;
}

/** The language that is chosen, or the schema's default. */
export function languageOf(object: JsonObject, schema: JsonSchema): string | undefined {
  if (typeof object[LANGUAGE] === 'string') return object[LANGUAGE];
  const property = propertiesOf(schema).find(([name]) => name === LANGUAGE)?.[1];
  return typeof property?.default === 'string' ? property.default : undefined;
}

export function afterLanguage(
  changedName: string,
  before: JsonObject,
  after: Record<string, unknown>,
  { schema, root, path, remembered }: Around,
): Record<string, unknown> {
  if (changedName !== LANGUAGE) return after;
  const wasClicked = languageOf(before, schema) === CLICKED;
  const isClicked = languageOf(after, schema) === CLICKED;
  if (wasClicked === isClicked) return after;
  return propertiesOf(schema).reduce((object, [name, property]) => {
    if (fieldOf(property, root, name).kind.kind !== 'test-or-text') return object;
    const place = joinPath(path, name);
    remembered.set(`${place}:${wasClicked}`, object[name]);
    const next = remembered.get(`${place}:${isClicked}`);
    const fitting = isClicked ? isObject(next) : typeof next === 'string';
    return setProperty(object, name, fitting ? next : undefined);
  }, after);
}
