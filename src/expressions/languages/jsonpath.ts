// JSONPath, without scripts: `?(…)` and `(…)` would need code to be evaluated.

import { JSONPath } from 'jsonpath-plus';
import type { Language } from './language.ts';

export const language: Language = {
  compile(expression) {
    const path = JSONPath.toPathArray(expression);
    if (path.some((part: string) => /^\??\(/.test(part))) {
      throw new Error('Filters and scripts, ?(…) and (…), are not available in JSONPath here; use JSONata or JMESPath to filter');
    }
    // Always a list, also of one: a flow must not change its shape with the data.
    return ({ input }) =>
      typeof input === 'object' && input !== null ? JSONPath({ path: expression, json: input, eval: false, wrap: true }) : [];
  },
};
