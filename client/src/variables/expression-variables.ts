// Pure: variables as each expression language writes them.

import { compilePath, type Segment } from '../../../src/engine/path.ts';
import type { ExpressionEngine } from '../../../src/engine/plugin.ts';

/** A path that may look into every element of a list. */
export type Step = Segment | typeof EVERY;
export const EVERY = Symbol('every element');

/** Languages whose variables are templates. */
export function hasTemplates(engine: ExpressionEngine): boolean {
  return engine === 'mathjs' || engine === 'formula' || engine === 'template';
}

/**
 * @param template as it stands between braces
 * @param list the beginning of the template that is a list whose every element is meant
 */
export function stepsOf(template: string, list: string | null): Step[] {
  const segments = compilePath(template).segments;
  const isList = list !== null && list !== '';
  if (list === null) return [...segments];
  const length = isList ? compilePath(list).segments.length : 0;
  return [...segments.slice(0, length), EVERY, ...segments.slice(length)];
}

const PLAIN = /^[A-Za-z_]\w*$/;

/**
 * @param steps from the variable's root, or from the source of a query
 * @param fromSource whether they begin in the source
 */
export function writeVariable(engine: ExpressionEngine, steps: readonly Step[], fromSource: boolean): string {
  switch (engine) {
    case 'jsonata':
      return steps.reduce<string>((text, step, index) => {
        // A name on a list looks into every element by itself.
        if (step === EVERY) return text;
        if (typeof step === 'number') return `${text === '' ? '$' : text}[${step}]`;
        const name = PLAIN.test(step) || (index === 0 && !fromSource) ? step : `\`${step}\``;
        return text === '' ? name : `${text}.${name}`;
      }, '');
    case 'jmespath':
      return steps.reduce<string>((text, step) => {
        if (step === EVERY) return `${text}[*]`;
        if (typeof step === 'number') return `${text}[${step}]`;
        const name = PLAIN.test(step) ? step : JSON.stringify(step);
        return text === '' ? name : `${text}.${name}`;
      }, '');
    case 'jsonpath':
      return steps.reduce<string>((text, step) => {
        if (step === EVERY) return `${text}[*]`;
        if (typeof step === 'number') return `${text}[${step}]`;
        return PLAIN.test(step) ? `${text}.${step}` : `${text}['${step}']`;
      }, '$');
    default:
      throw new Error(`Variables of ${engine} are templates.`);
  }
}
