// Math.js: arithmetic, statistics and matrices; templates are variables of its own.

import { all, create, type MathJsInstance } from 'mathjs';
import { NotPlainError } from '../plain.ts';
import type { Language } from './language.ts';

/** Functions that reach the parser or change the library (https://mathjs.org/docs/expressions/security.html). */
const DISABLED = [
  'chain',
  'compile',
  'config',
  'createUnit',
  'derivative',
  'evaluate',
  'help',
  'import',
  'leafCount',
  'parse',
  'parser',
  'rationalize',
  'resolve',
  'reviver',
  'simplify',
  'simplifyConstant',
  'simplifyCore',
  'symbolicEqual',
] as const;

const math = createMath();
// Taken before they are disabled for expressions.
const { parse } = math;
replaceReaders(math);
disable(math);

function createMath(): MathJsInstance {
  return create(all ?? {}, { matrix: 'Array' });
}

function disable(instance: MathJsInstance): void {
  const refusals: Record<string, () => never> = {};
  for (const name of DISABLED) {
    refusals[name] = () => refuse(name);
  }
  instance.import(refusals, { override: true });
}

/** Functions that look a name up in an object and find inherited members, too. */
function replaceReaders(instance: MathJsInstance): void {
  const { format, numeric } = instance;
  instance.import(
    {
      print: (template: unknown, values: unknown, options?: FormatOptions) => print(format, template, values, options),
      numeric: (value: unknown, type: unknown = 'number') => {
        if (!NUMERIC_TYPES.has(String(type))) throw new TypeError(`numeric gives ${[...NUMERIC_TYPES].join(', ')} only`);
        return numeric(value as Parameters<typeof numeric>[0], String(type) as NumericType);
      },
    },
    { override: true },
  );
}

type FormatOptions = Parameters<MathJsInstance['format']>[1];
type NumericType = Parameters<MathJsInstance['numeric']>[1];

const NUMERIC_TYPES: ReadonlySet<string> = new Set(['number', 'bigint', 'BigNumber', 'Fraction']);

/** As the library's `print`, over own members only. */
function print(format: MathJsInstance['format'], template: unknown, values: unknown, options: FormatOptions): string {
  if (typeof template !== 'string' || typeof values !== 'object' || values === null) {
    throw new TypeError('print takes a text and an object or a list: print("$a", {a: 1})');
  }
  return template.replace(/\$([\w.]+)/g, (original: string, key: string) => {
    const [first = '', ...names] = key.split('.');
    let value = ownMember(values, first);
    for (const name of names) {
      if (value === undefined) break;
      value = name === '' ? `${String(value)}.` : ownMember(value, name);
    }
    if (value === undefined) return original;
    return typeof value === 'string' ? value : format(value, options);
  });
}

function ownMember(value: unknown, name: string): unknown {
  const list: unknown = math.isMatrix(value) ? value.toArray() : value;
  return list !== null && list !== undefined && Object.hasOwn(Object(list), name) ? Reflect.get(Object(list), name) : undefined;
}

function refuse(name: string): never {
  throw new Error(`The function ${name} is not available`);
}

function refuseTyped(): never {
  refuse('typed');
}

export const language: Language = {
  compile(expression, names) {
    const code = parse(expression).compile();
    return ({ values }) => {
      // The library itself needs `typed`, so it is hidden from expressions rather than replaced.
      const scope = new Map<string, unknown>([['typed', refuseTyped]]);
      names.forEach((name, index) => {
        scope.set(name, values[index] ?? null);
      });
      let result: unknown;
      try {
        result = code.evaluate(scope);
      } catch (error) {
        throw explain(error);
      }
      return convert(result, 0);
    };
  },
};

/** The usual surprise: `==` compares numbers. */
function explain(error: unknown): unknown {
  if (!(error instanceof Error) || !/^Cannot convert ".*" to a number$/s.test(error.message)) return error;
  return new Error(`${error.message}; compare texts with equalText(a, b)`, { cause: error });
}

/** Math.js's own types as plain values. */
function convert(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > 100) return value;
  if (Array.isArray(value)) return value.map((member) => convert(member, depth + 1));
  if (math.isBigNumber(value) || math.isFraction(value)) return math.number(value);
  if (math.isMatrix(value)) return convert(value.toArray(), depth + 1);
  // Several expressions, one a line: the last one counts.
  if (math.isResultSet(value)) return convert(value.valueOf().at(-1), depth + 1);
  if (math.isComplex(value)) {
    throw new NotPlainError(`The result is the complex number ${value.toString()}; take re(…), im(…) or abs(…) of it`);
  }
  if (math.isUnit(value)) {
    throw new NotPlainError(`The result has a unit: ${value.toString()}; take number(…, "unit") or format(…) of it`);
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, convert(member, depth + 1)]));
}
