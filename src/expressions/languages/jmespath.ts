// JMESPath in its community edition.

import { compile, type JSONValue, TreeInterpreter } from '@jmespath-community/jmespath';
import type { Language } from './language.ts';

const interpreter: { visit: typeof TreeInterpreter.visit } = Object.getPrototypeOf(TreeInterpreter);
const { visit } = interpreter;

/** The library reads inherited members, too: `constructor` would be a function. Every interpreter it makes shares this method. */
interpreter.visit = function visitOwn(this: typeof TreeInterpreter, node, value) {
  if (node.type !== 'Field' || isOwn(value, node.name)) return visit.call(this, node, value);
  return null;
};

export const language: Language = {
  compile(expression) {
    const tree = compile(expression);
    return ({ input }) => TreeInterpreter.search(tree, toJson(input));
  },
};

function isOwn(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name);
}

/** The input came as JSON; missing is null there. */
function toJson(input: unknown): JSONValue {
  return (input ?? null) as JSONValue;
}
