// JMESPath in its community edition.

import { compile, type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath';
import type { Language } from './language.ts';

export const language: Language = {
  compile(expression) {
    const tree = compile(expression);
    return ({ input }) => TreeInterpreter.search(tree, toJson(input));
  },
};

/** The input came as JSON; missing is null there. */
function toJson(input: unknown): JSONValue {
  return (input ?? null) as JSONValue;
}
