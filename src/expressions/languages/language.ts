// What an expression language is to the process that runs it.

import type { Inputs } from '../task.ts';

export interface Language {
  /**
   * Compiles an expression; `names` are the identifiers in it that stand for the values of its templates.
   * @throws Error with a message for the designer when the syntax is wrong
   */
  compile(expression: string, names: readonly string[]): CompiledExpression;
}

/** Runs a compiled expression. What it throws is the expression's failure. */
export type CompiledExpression = (inputs: Inputs) => unknown;
