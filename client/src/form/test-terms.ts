// Pure: the groups and comparisons of a basic test, and how they are changed.

import { isObject } from './json-schema.ts';

export type Junction = 'all' | 'any';
export type Term = Readonly<Record<string, unknown>>;

/** What one clicks together first. */
export const NEW_COMPARISON: Term = { left: '', operator: 'equal', right: '' };

/** The junction of a group; undefined for a comparison. */
export function junctionOf(term: Term): Junction | undefined {
  if (Array.isArray(term.all)) return 'all';
  return Array.isArray(term.any) ? 'any' : undefined;
}

export function termsOf(group: Term): Term[] {
  const junction = junctionOf(group);
  const terms = junction === undefined ? [] : group[junction];
  return Array.isArray(terms) ? terms.filter(isObject) : [];
}

/** The same terms under the other junction. */
export function setJunction(group: Term, junction: Junction): Term {
  const { all: _, any: __, ...rest } = group;
  return { ...rest, [junction]: termsOf(group) };
}

export function setTerms(group: Term, terms: readonly Term[]): Term {
  return { ...group, [junctionOf(group) ?? 'all']: terms };
}

/** Operators that look at one value alone. */
export function isUnary(operator: unknown): boolean {
  return operator === 'isEmpty' || operator === 'isNotEmpty';
}

/** Operators whose other side is a list. */
export function takesList(operator: unknown): boolean {
  return operator === 'in' || operator === 'notIn';
}

/** A comparison with another operator; the other side goes where there is none. */
export function setOperator(comparison: Term, operator: string): Term {
  const { right, ...rest } = comparison;
  if (isUnary(operator)) return { ...rest, operator };
  if (takesList(operator) !== takesList(comparison.operator)) return { ...rest, operator, right: otherSide(right, operator) };
  return { ...rest, operator, right: right ?? '' };
}

function otherSide(right: unknown, operator: string): unknown {
  if (!takesList(operator)) return Array.isArray(right) ? (right[0] ?? '') : (right ?? '');
  if (right === undefined || right === '') return [];
  // One variable may be the whole list.
  return Array.isArray(right) || isTemplate(right) ? right : [right];
}

/** Whether a text is one template and nothing else: it may stand for a value of any kind. */
export function isTemplate(value: unknown): value is string {
  return typeof value === 'string' && /^\s*\{\{[^{}]*\}\}\s*$/.test(value);
}
