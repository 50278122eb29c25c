// Pure: the kinds of JSON values that a field can hold, and how one becomes another.

import { isRecord } from '../../../src/engine/path.ts';

export const VALUE_KINDS = ['text', 'number', 'boolean', 'list', 'object', 'empty'] as const;
export type ValueKind = (typeof VALUE_KINDS)[number];

/** Nothing at all is a text that has not been written yet. */
export function kindOf(value: unknown): ValueKind {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'number') return 'number';
  if (typeof value === 'boolean') return 'boolean';
  return isRecord(value) ? 'object' : 'text';
}

/** The value as another kind; what cannot be kept is the empty value of that kind. */
export function convertValue(value: unknown, kind: ValueKind): unknown {
  if (kindOf(value) === kind) return value;
  switch (kind) {
    case 'text':
      if (value === undefined || value === null) return '';
      return typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value);
    case 'number': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : 0;
      return Number.isFinite(number) ? number : 0;
    }
    case 'boolean':
      return value === 'true' || value === 1;
    case 'list': {
      const parsed = parsedText(value);
      if (Array.isArray(parsed)) return parsed;
      return value === undefined || value === null || value === '' ? [] : [value];
    }
    case 'object': {
      const parsed = parsedText(value);
      return isRecord(parsed) ? parsed : {};
    }
    case 'empty':
      return null;
  }
}

/** A list or an object that somebody has pasted as text; undefined when it is none. */
export function parsedText(text: unknown): unknown {
  if (typeof text !== 'string' || !/^\s*(\[|\{(?!\{))/.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) || Array.isArray(value) ? value : undefined;
  } catch {
    // It is a text then.
    return undefined;
  }
}
