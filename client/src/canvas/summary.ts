// Pure: one line that says what a node is configured to do, for people.

import type { TFunction } from 'i18next';
import type { Node, Trigger } from '../../../src/engine/model.ts';
import { isRecord } from '../../../src/engine/path.ts';

type Config = Readonly<Record<string, unknown>>;
type T = TFunction<'canvas'>;

const UNITS: readonly unknown[] = ['milliseconds', 'seconds', 'minutes', 'hours', 'days', 'weeks'];

/** Longest line, in characters; the card cuts what does not fit. */
const MAX_LENGTH = 140;

const WRITERS: Readonly<Record<string, (config: Config, t: T) => string>> = {
  condition: ({ test }, t) => testText(test, t),
  'multi-conditions': ({ cases }, t) => t('summary.cases', { count: Array.isArray(cases) ? cases.length : 0 }),
  loop: ({ over, while: condition }, t) => {
    if (over !== undefined) return t('summary.loopOver', { over: short(over) });
    return isRecord(condition) ? t('summary.loopWhile', { test: testText(condition.test, t) }) : '';
  },
  parallel: ({ branches, mode = 'all' }, t) =>
    `${t('summary.branches', { count: Array.isArray(branches) ? branches.length : 0 })} · ${mode === 'any' ? t('summary.any') : mode === 'race' ? t('summary.race') : t('summary.all')}`,
  calculation: ({ expression }) => short(expression),
  'json-query': ({ expression }) => short(expression),
  'json-mapping': ({ source, variables }, t) =>
    t('summary.mapping', { source: short(source), count: Array.isArray(variables) ? variables.length : 0 }),
  'date-calculation': ({ input }, t) => (input === undefined ? t('summary.now') : short(input)),
  javascript: ({ code }) => short(typeof code === 'string' ? code.trim().split('\n')[0] : undefined),
  variable: ({ assign, value }, t) =>
    typeof assign === 'string' ? t('summary.assign', { name: assign, value: short(value) }) : short(value),
  response: ({ status = 200, body }) => [short(status), short(body)].filter((part) => part !== '').join(' · '),
  output: ({ value }) => short(value),
  end: ({ status = 'succeeded' }, t) => (status === 'failed' ? t('summary.endFailed') : t('summary.endSucceeded')),
  'http-request': ({ method = 'GET', url }) => `${short(method)} ${short(url)}`,
  'send-webhook': ({ event, to }) => (isRecord(to) && to.type === 'url' ? short(to.url) : short(event)),
  subflow: ({ workflow }) => short(workflow),
  delay: ({ duration, unit = 'seconds', until }, t) =>
    until === undefined ? amountText(duration, unit, t) : t('summary.until', { time: short(until) }),
  wait: ({ timeout, unit = 'hours' }, t) =>
    timeout === undefined ? t('summary.waitForever') : t('summary.waitAtMost', { time: amountText(timeout, unit, t) }),
};

export function summaryOf({ type, config }: Pick<Node, 'type' | 'config'>, t: T): string {
  const text = Object.hasOwn(WRITERS, type) ? (WRITERS[type]?.(config, t) ?? '') : firstValue(config);
  return text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
}

export function triggerSummary({ type, config }: Trigger, t: T): string {
  if (type !== 'webhook') return firstValue(config);
  const count = (['headers', 'query', 'body'] as const).reduce(
    (sum, part) => sum + (Array.isArray(config[part]) ? config[part].length : 0),
    0,
  );
  const parts = [count === 0 ? t('summary.everything') : t('summary.values', { count })];
  if (config.auth !== undefined) parts.push(t('summary.auth'));
  return parts.join(' · ');
}

/** Types from elsewhere: the first thing that is filled in. */
function firstValue(config: Config): string {
  for (const value of Object.values(config)) {
    if ((typeof value === 'string' && value !== '') || typeof value === 'number') return short(value);
  }
  return '';
}

function amountText(amount: unknown, unit: unknown, t: T): string {
  const count = Number(amount);
  return Number.isFinite(count) && UNITS.includes(unit)
    ? t(`unit.${String(unit)}`, { count })
    : `${short(amount)} ${String(unit)}`;
}

function testText(test: unknown, t: T): string {
  if (typeof test === 'string') return short(test);
  if (!isRecord(test)) return '';
  const list = Array.isArray(test.all) ? test.all : Array.isArray(test.any) ? test.any : undefined;
  if (list) {
    const word = Array.isArray(test.all) ? t('summary.and') : t('summary.or');
    return list
      .map((term: unknown) => (isRecord(term) && term.operator === undefined ? `(${testText(term, t)})` : testText(term, t)))
      .filter((text) => text !== '' && text !== '()')
      .join(` ${word} `);
  }
  const { left, operator, right } = test;
  if (typeof operator !== 'string' || left === '' || left === undefined) return '';
  const verb = isOperator(operator) ? t(`operator.${operator}`) : operator;
  return operator === 'isEmpty' || operator === 'isNotEmpty'
    ? `${short(left)} ${verb}`
    : `${short(left)} ${verb} ${quoted(right)}`;
}

const OPERATORS: readonly string[] = [
  ...['equal', 'notEqual', 'gt', 'gte', 'lt', 'lte', 'includes', 'notIncludes', 'startsWith', 'notStartsWith'],
  ...['endsWith', 'notEndsWith', 'isEmpty', 'isNotEmpty', 'in', 'notIn', 'matches'],
];

function isOperator(text: string): boolean {
  return OPERATORS.includes(text);
}

function quoted(value: unknown): string {
  return typeof value === 'string' && !value.includes('{{') ? `“${value}”` : short(value);
}

/** A value as people read it: templates by the end of their path, so that `{{$context.body.payment.id}}` is `payment.id`. */
function short(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  return text
    .replace(
      /\{\{\s*(?:ctx\.)?\$(?:context\.(?:body|query|headers)\.|nodes\.|jobsMapByNodeKey\.|scopes\.|context\.)?([^{}]*?)\s*\}\}/g,
      '$1',
    )
    .replace(/\s+/g, ' ')
    .slice(0, MAX_LENGTH);
}
