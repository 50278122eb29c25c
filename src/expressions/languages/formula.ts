// Formulas: the functions of Formula.js (which are those of spreadsheets) with operators, over values of templates.

import * as formulajs from '@formulajs/formulajs';
import { compareValues, isLooselyEqual, toText } from '../../engine/comparison.ts';
import { HooklineError } from '../../errors.ts';
import { type BinaryOperator, type FormulaNode, parseFormula } from '../formula-parser.ts';
import type { Language } from './language.ts';

type Evaluate = (values: readonly unknown[]) => unknown;

// Formula.js hands errors round as values and recognises them by identity, so that IFERROR can catch them.
const { value: VALUE_ERROR, div0: DIVISION_ERROR, num: NUMBER_ERROR } = formulajs.utils.errors;

/** Day 0 of spreadsheets. */
const EPOCH = Date.UTC(1899, 11, 30);
const DAY_MS = 86_400_000;

export const language: Language = {
  compile(expression, names) {
    const evaluate = compileNode(parseFormula(expression, names));
    return ({ values }) => {
      const result = evaluate(values);
      if (result instanceof Error) throw new Error(`The formula gives ${result.message}${meaning(result)}`);
      return result;
    };
  },
};

function meaning(error: Error): string {
  if (error === VALUE_ERROR) return ': a value is of the wrong kind';
  if (error === DIVISION_ERROR) return ': it divides by zero';
  if (error === NUMBER_ERROR) return ': a number is out of range';
  return '';
}

function compileNode(node: FormulaNode): Evaluate {
  switch (node.type) {
    case 'literal': {
      const { value } = node;
      return () => value;
    }
    case 'value': {
      const { index } = node;
      return (values) => values[index] ?? null;
    }
    case 'list': {
      const items = node.items.map(compileNode);
      return (values) => items.map((item) => item(values));
    }
    case 'unary': {
      const operand = compileNode(node.operand);
      const factor = node.operator === '-' ? -1 : node.operator === '%' ? 0.01 : 1;
      return (values) => calculate(operand(values), factor, (left, right) => (right === 0.01 ? left / 100 : left * right));
    }
    case 'binary':
      return compileBinary(node.operator, compileNode(node.left), compileNode(node.right));
    case 'call':
      return compileCall(node.name, node.args, node.at);
  }
}

function compileBinary(operator: BinaryOperator, left: Evaluate, right: Evaluate): Evaluate {
  const apply = BINARY[operator];
  return (values) => {
    const leftValue = left(values);
    if (leftValue instanceof Error) return leftValue;
    const rightValue = right(values);
    return rightValue instanceof Error ? rightValue : apply(leftValue, rightValue);
  };
}

/** Comparisons are those of the `basic` condition, so that both tell the same; spreadsheets would ignore case. */
const BINARY: Record<BinaryOperator, (left: unknown, right: unknown) => unknown> = {
  '+': (left, right) => calculate(left, right, (a, b) => a + b),
  '-': (left, right) => calculate(left, right, (a, b) => a - b),
  '*': (left, right) => calculate(left, right, (a, b) => a * b),
  '/': (left, right) => calculate(left, right, (a, b) => (b === 0 ? DIVISION_ERROR : a / b)),
  '^': (left, right) => calculate(left, right, (a, b) => a ** b),
  '&': (left, right) => {
    const leftText = left === null ? '' : toText(left);
    const rightText = right === null ? '' : toText(right);
    return leftText === undefined || rightText === undefined ? VALUE_ERROR : leftText + rightText;
  },
  '=': (left, right) => isLooselyEqual(left, right),
  '<>': (left, right) => !isLooselyEqual(left, right),
  '<': (left, right) => compareValues(left, right) < 0,
  '<=': (left, right) => compareValues(left, right) <= 0,
  '>': (left, right) => compareValues(left, right) > 0,
  '>=': (left, right) => compareValues(left, right) >= 0,
};

function calculate(left: unknown, right: unknown, operation: (left: number, right: number) => unknown): unknown {
  if (left instanceof Error) return left;
  if (right instanceof Error) return right;
  const leftNumber = toNumber(left);
  const rightNumber = toNumber(right);
  if (leftNumber === undefined || rightNumber === undefined) return VALUE_ERROR;
  const result = operation(leftNumber, rightNumber);
  return typeof result === 'number' && !Number.isFinite(result) ? NUMBER_ERROR : result;
}

/** As in spreadsheets: blank is 0, TRUE is 1, numeric text is its number, a date its number of days. */
function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  if (value === null || value === undefined) return 0;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return (value.getTime() - EPOCH) / DAY_MS;
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

function compileCall(name: string, args: readonly (FormulaNode | null)[], at: number): Evaluate {
  const call = findFunction(name);
  if (call === undefined) {
    throw new HooklineError('invalid_expression', `The formula is wrong at character ${at + 1}: there is no function ${name}`);
  }
  const compiled = args.map((arg) => (arg === null ? () => undefined : compileNode(arg)));
  return (values) => {
    const given = compiled.map((arg) => arg(values));
    try {
      return call(...given);
    } catch (error) {
      // A stack overflow or memory is not the formula's #VALUE!.
      if (error instanceof RangeError) throw error;
      return VALUE_ERROR;
    }
  };
}

/** Looks along own properties only: `BETA.DIST` is the property `DIST` of `BETA`. Helpers have lower-case names. */
function findFunction(name: string): ((...args: unknown[]) => unknown) | undefined {
  let found: unknown = formulajs;
  for (const part of name.split('.')) {
    if (found === null || (typeof found !== 'object' && typeof found !== 'function') || !Object.hasOwn(found, part))
      return undefined;
    found = Reflect.get(found, part);
  }
  return typeof found === 'function' ? (...args) => Reflect.apply(asFunction(found), undefined, args) : undefined;
}

function asFunction(value: unknown): (...args: unknown[]) => unknown {
  return value as (...args: unknown[]) => unknown;
}
