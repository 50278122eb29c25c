// Pure: shows `[secret NAME]` in place of the values of named secrets, in texts and in JSON values of any depth.

import { createTextRedactor, type HiddenText } from './redactor.ts';

/** A secret's name with a value that it has or had. */
export type NamedValue = readonly [name: string, value: string];

/** Keeps the values of some secrets out of what is stored, logged and shown. */
export interface Concealer {
  /** The secrets that it knows, with the values that it looks for. */
  readonly secrets: readonly NamedValue[];
  /** @param isCut whether the text may end in the middle of a secret; default false @param found gets the secrets in it */
  text(text: string, options?: { readonly isCut?: boolean; readonly found?: Set<NamedValue> }): string;
  /** A copy of a JSON value; the value itself when there is no secret in it. Names of members are looked at, too. */
  value<Value>(value: Value, found?: Set<NamedValue>): Value;
}

/** What stands in place of a secret's value. */
export function shownAs(name: string): string {
  return `[secret ${name}]`;
}

/** @param secrets a name may be there several times, with each value that it had */
export function createConcealer(secrets: readonly NamedValue[]): Concealer {
  const owners = new Map<HiddenText, NamedValue>();
  for (const secret of secrets) owners.set({ value: secret[1], shown: shownAs(secret[0]) }, secret);
  const redact = createTextRedactor([...owners.keys()], { insideBase64: true });
  const onFoundOf = (found: Set<NamedValue>) => (hidden: HiddenText) => {
    const owner = owners.get(hidden);
    if (owner) found.add(owner);
  };

  function concealText(text: string, found: Set<NamedValue> | undefined): string {
    return found === undefined ? redact(text) : redact(text, { onFound: onFoundOf(found) });
  }

  function conceal(value: unknown, found: Set<NamedValue> | undefined): unknown {
    if (typeof value === 'string') return concealText(value, found);
    // A secret of digits may have become a number.
    if (typeof value === 'number' || typeof value === 'bigint') {
      const text = String(value);
      const shown = concealText(text, found);
      return shown === text ? value : shown;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const copy = value.map((item: unknown) => conceal(item, found));
      return copy.every((item, index) => item === value[index]) ? value : copy;
    }
    let isSame = true;
    const entries = Object.entries(value).map(([key, item]): [string, unknown] => {
      const shown: [string, unknown] = [concealText(key, found), conceal(item, found)];
      if (shown[0] !== key || shown[1] !== item) isSame = false;
      return shown;
    });
    return isSame ? value : Object.fromEntries(entries);
  }

  return {
    secrets,
    text: (text, { isCut = false, found } = {}) =>
      isCut ? redact(text, { isCut, ...(found ? { onFound: onFoundOf(found) } : {}) }) : concealText(text, found),
    value: <Value>(value: Value, found?: Set<NamedValue>) => conceal(value, found) as Value,
  };
}
