import * as formulajs from '@formulajs/formulajs';
import { getRegisteredFunctions } from '@jmespath-community/jmespath';
import jsonata from 'jsonata';
import { all, create } from 'mathjs';
import { describe, expect, it } from 'vitest';
import { FORMULA_FUNCTIONS } from '../../../client/src/variables/functions/formula.ts';
import { type FunctionInfo, functionList } from '../../../client/src/variables/functions/function-list.ts';
import { JMESPATH_FUNCTIONS } from '../../../client/src/variables/functions/jmespath.ts';
import { JSONATA_FUNCTIONS } from '../../../client/src/variables/functions/jsonata.ts';
import { MATHJS_FUNCTIONS } from '../../../client/src/variables/functions/mathjs.ts';
import { language as mathjs } from '../../../src/expressions/languages/mathjs.ts';

const names = (list: readonly FunctionInfo[]): string[] => list.map(({ name }) => name).sort();

describe('the functions that completion knows', () => {
  it('are all those of JMESPath', () => {
    expect(names(JMESPATH_FUNCTIONS)).toEqual([...getRegisteredFunctions()].sort());
  });

  it('are all those of JSONata', async () => {
    const types = await Promise.all(names(JSONATA_FUNCTIONS).map((name) => jsonata(`$type($${name})`).evaluate(null)));
    expect(new Set(types)).toEqual(new Set(['function']));
    expect(new Set(names(JSONATA_FUNCTIONS)).size).toBe(JSONATA_FUNCTIONS.length);
  });

  it.each(names(FORMULA_FUNCTIONS))('%s is one of formulas', (name) => {
    const found = name.split('.').reduce<unknown>((value, part) => Reflect.get(value as object, part), formulajs);
    expect(typeof found).toBe('function');
  });

  it.each(names(MATHJS_FUNCTIONS))('%s is one of Math.js, and is not switched off', async (name) => {
    const { expression } = create(all ?? {}) as unknown as { expression: { mathWithTransform: Record<string, unknown> } };
    expect(typeof expression.mathWithTransform[name]).toBe('function');
    // Called without arguments it complains about them, not about itself.
    const error = await Promise.resolve()
      .then(() => mathjs.compile(`${name}()`, [])({ values: [], variables: {}, input: null }))
      .catch((thrown: unknown) => thrown);
    expect(String(error)).not.toContain('is not available');
  });
});

it('refuses a line that describes no function', () => {
  expect(() => functionList('not a function')).toThrow('describes no function');
});
