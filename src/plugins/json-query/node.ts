// The JSON query: picks values out of a JSON document; what it finds is the node's result.

import { defineNode } from '../../engine/plugin.ts';
import { type JsonQueryConfig, jsonQueryConfigSchema } from './schema.ts';

export const jsonQueryNode = defineNode<JsonQueryConfig>({
  type: 'json-query',
  title: 'JSON query',
  description: 'Picks or reshapes values of a JSON document with JSONata, JSONPath or JMESPath.',
  config: jsonQueryConfigSchema,
  expressions: ['expression'],
  async run(context) {
    const { config } = context;
    const { engine, expression } = config;
    // A source whose template finds nothing is an empty document, not all variables.
    const options = Object.hasOwn(config, 'source') ? { source: config.source ?? null } : {};
    return { type: 'done', output: await context.evaluate(engine, expression, options) };
  },
});
