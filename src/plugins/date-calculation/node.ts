// The date calculation: adds to, compares, reads and writes dates; the outcome is the node's result.

import { defineNode } from '../../engine/plugin.ts';
import { calculateDate, localeFault, zoneFault } from './calculate.ts';
import { type DateCalculationConfig, dateCalculationConfigSchema } from './schema.ts';

export const dateCalculationNode = defineNode<DateCalculationConfig>({
  type: 'date-calculation',
  title: 'Date calculation',
  description: 'Adds to dates, compares them, takes parts of them and writes them in any format and time zone.',
  config: dateCalculationConfigSchema,
  check({ zone, steps }) {
    const places: readonly (readonly [string, string | undefined])[] = [
      ['zone', zoneFault(zone)],
      ...steps.map((step, index): readonly [string, string | undefined] => {
        if (step.action === 'toZone') return [`steps[${index}].zone`, zoneFault(step.zone)];
        if (step.action === 'format') return [`steps[${index}].locale`, localeFault(step.locale ?? 'en')];
        return ['', undefined];
      }),
    ];
    return places.flatMap(([path, message]) => (message === undefined ? [] : [{ path, code: 'invalid_value', message }]));
  },
  run: (context) => ({ type: 'done', output: calculateDate(context.config, context.now()) }),
});
