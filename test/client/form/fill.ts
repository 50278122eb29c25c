// Fills in a form the way a person does: finds each field by its label, and types, chooses, adds.

import { EditorView } from '@codemirror/view';
import { act, screen, within } from '@testing-library/react';
import type { UserEvent } from '@testing-library/user-event';
import { expect } from 'vitest';
import { fieldOf } from '../../../client/src/form/field-kind.ts';
import { FieldTexts } from '../../../client/src/form/field-text.ts';
import { isObject, type JsonSchema, propertiesOf, requiredOf } from '../../../client/src/form/json-schema.ts';
import { largestUnit, unitSize } from '../../../client/src/form/units.ts';
import { joinPath } from '../../../client/src/form/value-path.ts';
import { localeTexts } from '../render.tsx';

export interface Filling {
  readonly user: UserEvent;
  readonly root: JsonSchema;
  readonly texts: FieldTexts;
  /** Language of the expressions around; decides what a test is. */
  readonly expressions: readonly string[];
}

export function createFilling(
  user: UserEvent,
  root: JsonSchema,
  form: readonly string[],
  expressions: readonly string[],
): Filling {
  return { user, root, texts: new FieldTexts(localeTexts('en').plugins, form), expressions };
}

/** Everything below one object. */
export async function fillObject(
  filling: Filling,
  schema: JsonSchema,
  path: string,
  texts: readonly string[],
  target: Record<string, unknown>,
): Promise<void> {
  const required = requiredOf(schema);
  for (const [name, property] of propertiesOf(schema)) {
    if (!(name in target) || fieldOf(property, filling.root, name).kind.kind === 'constant') continue;
    const place = { name, schema: property, path: joinPath(path, name), texts: [...texts, 'fields', name] };
    await fillField(filling, { ...place, isRequired: required.has(name) }, target[name]);
  }
}

interface Place {
  readonly name: string;
  readonly schema: JsonSchema;
  readonly path: string;
  readonly texts: readonly string[];
  readonly isRequired: boolean;
  readonly label?: string;
}

async function fillField(filling: Filling, place: Place, target: unknown): Promise<void> {
  const { user, root, texts } = filling;
  const { name, path } = place;
  const { kind, schema } = fieldOf(place.schema, root, name);
  const box = await openField(user, path);
  const label = place.label ?? texts.field(place.texts, name, schema).label;
  switch (kind.kind) {
    case 'text':
    case 'test-or-text':
      if (typeof schema.reference === 'string') {
        await user.click(within(box).getByRole('combobox'));
        await user.click(screen.getByRole('option', { name: REFERENCES[String(target)] ?? String(target) }));
        return;
      }
      await enterText(user, labelled(box, label, place), String(target));
      return;
    case 'number': {
      const measure = kind.unit === 'duration' || kind.unit === 'size' ? kind.unit : undefined;
      const fallback = typeof schema.default === 'number' ? schema.default : 1_000;
      const size = measure ? unitSize(measure, largestUnit(measure, fallback)) : 1;
      await enterText(user, labelled(box, label, place), String(Number(target) / size));
      return;
    }
    case 'switch': {
      const input = within(box).getByRole('switch', { name: label });
      if ((input as HTMLInputElement).checked !== target) await user.click(input);
      return;
    }
    case 'choice':
      await choose(user, box, label, kind.options.indexOf(target as string), kind.options.length);
      return;
    case 'tags': {
      const input = labelled(box, label, place);
      if (!Array.isArray(target)) throw new Error(`${path} is no list.`);
      if (kind.options !== undefined) for (const value of target) await chooseOption(user, input, kind.options.indexOf(value));
      else for (const value of target) await user.type(input, `${String(value)}{Enter}`);
      return;
    }
    case 'group':
      if (!isObject(target)) throw new Error(`${path} is no object.`);
      await addIfMissing(user, box, label);
      await fillObject(filling, schema, path, place.texts, target);
      return;
    case 'table':
    case 'cards':
      if (!Array.isArray(target)) throw new Error(`${path} is no list.`);
      for (const [index, item] of target.entries()) {
        if (findField(joinPath(path, index)) === undefined && firstInside(joinPath(path, index)) === undefined) {
          await user.click(within(box).getByRole('button', { name: addName(label) }));
        }
        await fillItem(
          filling,
          { ...place, schema: kind.item, path: joinPath(path, index), label: `${label} ${index + 1}` },
          item,
        );
      }
      return;
    case 'record':
      if (!isObject(target)) throw new Error(`${path} is no object.`);
      for (const [key, value] of Object.entries(target)) {
        await user.type(within(box).getByLabelText(`${label}: new name`), `${key}{Enter}`);
        const inner = { name: key, schema: kind.item, path: joinPath(path, key), texts: [...place.texts, 'values'] };
        await fillField(filling, { ...inner, isRequired: true, label: `Value of ${key}` }, value);
      }
      return;
    case 'variants': {
      if (!isObject(target)) throw new Error(`${path} is no object.`);
      await chooseVariant(filling, place, box, label, target[kind.tag], kind.variants);
      const variant = kind.variants.find(({ value }) => value === target[kind.tag]);
      if (variant === undefined) throw new Error(`${path} has no variant ${String(target[kind.tag])}.`);
      const { [kind.tag]: _, ...rest } = target;
      await fillObject(filling, variant.schema, path, [...place.texts, 'variants', String(variant.value)], rest);
      return;
    }
    case 'alternatives': {
      const index = kind.alternatives.findIndex(({ schema: one }) =>
        'const' in one ? one.const === target : one.type === 'array' && Array.isArray(target),
      );
      const alternative = kind.alternatives[index];
      if (alternative === undefined) throw new Error(`${path} has no alternative for ${String(target)}.`);
      const shift = place.isRequired || schema.default !== undefined ? 0 : 1;
      await choose(user, box, label, index + shift, kind.alternatives.length + shift);
      if ('const' in alternative.schema) return;
      const inner = { ...place, schema: alternative.schema, label: `${label}: value`, isRequired: true };
      // The same place, now with the input of its kind.
      await fillField(filling, inner, target);
      return;
    }
    default:
      throw new Error(`${path} is filled in by no hand: ${kind.kind}.`);
  }
}

/** What is shown for what a reference names; see `support.tsx`. */
const REFERENCES: Readonly<Record<string, string>> = { w2: 'Warn somebody', total: 'Sum (total)' };

async function fillItem(filling: Filling, place: Place, item: unknown): Promise<void> {
  const { kind, schema } = fieldOf(place.schema, filling.root, place.name);
  if (kind.kind === 'group' && isObject(item)) {
    // In a table the label of a cell says its column and row.
    const isTable = findField(place.path) === undefined;
    if (!isTable) return fillObject(filling, schema, place.path, place.texts, item);
    const row = /\[(\d+)\]$/.exec(place.path)?.[1];
    for (const [name, property] of propertiesOf(schema)) {
      if (!(name in item)) continue;
      const texts = [...place.texts, 'fields', name];
      const { label } = filling.texts.field(texts, name, fieldOf(property, filling.root, name).schema);
      const cell = { name, schema: property, path: joinPath(place.path, name), texts, isRequired: false };
      await fillField(filling, { ...cell, label: `${label} ${Number(row) + 1}` }, item[name]);
    }
    return;
  }
  return fillField(filling, { ...place, isRequired: true }, item);
}

// --- finding ---------------------------------------------------------------------------------------------------------------

export function findField(path: string): HTMLElement | undefined {
  return Array.from(document.querySelectorAll<HTMLElement>('[data-field]'))
    .filter((box) => box.dataset.field === path)
    .at(-1);
}

function firstInside(path: string): HTMLElement | undefined {
  return Array.from(document.querySelectorAll<HTMLElement>('[data-field]')).find((box) =>
    box.dataset.field?.startsWith(`${path}.`),
  );
}

/** A field, also one that is folded away. */
async function openField(user: UserEvent, path: string): Promise<HTMLElement> {
  for (let found = findField(path); ; found = findField(path)) {
    if (found) return found;
    const folded = screen.queryAllByRole('button', { name: /^More settings/, expanded: false });
    expect(folded, `There is no field ${path}.`).not.toEqual([]);
    for (const button of folded) await user.click(button);
  }
}

/** The input that has a label, which is how it is found by whoever does not see it. */
function labelled(box: HTMLElement, label: string, { isRequired }: Place): HTMLElement {
  const escaped = label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const found = within(box).getAllByLabelText(new RegExp(`^${escaped}( \\*)?$`), {
    selector: 'input, textarea, [role=textbox], [contenteditable]',
  });
  const [input] = found;
  if (input === undefined) throw new Error(`There is no input ${label}.`);
  if (isRequired && 'required' in input) {
    expect(input.required || input.getAttribute('aria-required') === 'true', `${label} says that it is required`).toBe(true);
  }
  return input;
}

// --- doing -----------------------------------------------------------------------------------------------------------------

/** What an input shows, a plain one or an editor. */
export function textIn(input: HTMLElement): string {
  const editor = EditorView.findFromDOM(input);
  if (editor !== null) return editor.state.doc.toString();
  return 'value' in input ? String(input.value) : (input.textContent ?? '');
}

/** Replaces what an input holds. */
export async function enterText(user: UserEvent, input: HTMLElement, text: string): Promise<void> {
  const editor = EditorView.findFromDOM(input);
  if (editor !== null) {
    // jsdom has no layout to type into an editor.
    await act(async () => editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } }));
    return;
  }
  await user.clear(input);
  if (text === '') return;
  await user.click(input);
  await user.paste(text);
}

/** "Add: Stops", "Add: Header (Headers)". */
function addName(label: string): RegExp {
  const escaped = label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^Add: (${escaped}|.* \\(${escaped}\\))$`);
}

async function addIfMissing(user: UserEvent, box: HTMLElement, label: string): Promise<void> {
  const add = within(box).queryByRole('button', { name: addName(label) });
  if (add) await user.click(add);
}

/** One of a few, side by side or in a list. */
async function choose(user: UserEvent, box: HTMLElement, label: string, index: number, count: number): Promise<void> {
  const radios = within(box).queryAllByRole('radiogroup', { name: label });
  const [group] = radios;
  if (group) {
    const options = within(group).getAllByRole('radio');
    expect(options).toHaveLength(count);
    const option = options[index];
    if (option) await user.click(option);
    return;
  }
  const escaped = label.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const [input] = within(box).getAllByRole('combobox', { name: new RegExp(`^${escaped}( \\*)?$`) });
  if (input) await chooseOption(user, input, index);
}

async function chooseOption(user: UserEvent, input: HTMLElement, index: number): Promise<void> {
  if (input.getAttribute('aria-expanded') !== 'true') await user.click(input);
  const list = document.getElementById(input.getAttribute('aria-controls') ?? '');
  if (list === null) throw new Error('The list does not open.');
  const option = within(list).getAllByRole('option')[index];
  if (option === undefined) throw new Error(`The list has no option ${index}.`);
  await user.click(option);
}

async function chooseVariant(
  { user, texts }: Filling,
  place: Place,
  box: HTMLElement,
  label: string,
  value: unknown,
  variants: readonly { readonly value: unknown }[],
): Promise<void> {
  const isMember = /\]$/.test(place.path);
  const hasNone = !place.isRequired && place.schema.default === undefined;
  const name = isMember ? (texts.extra(place.texts, place.name, 'kind') ?? 'Kind') : label;
  const index = variants.findIndex((variant) => variant.value === value) + (hasNone ? 1 : 0);
  await choose(user, box, name, index, variants.length + (hasNone ? 1 : 0));
}
