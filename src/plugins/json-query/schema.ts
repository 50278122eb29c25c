// The configuration of a JSON query: a document, a language and a query.

import { z } from 'zod';
import { expressionSchema } from '../../engine/test-config.ts';

export const jsonQueryConfigSchema = z.strictObject({
  engine: z.enum(['jsonata', 'jsonpath', 'jmespath']).meta({ title: 'Language' }),
  source: z.unknown().optional().meta({
    title: 'Source',
    description: 'The JSON to query, such as {{$context.body}}. Without one: all variables.',
  }),
  expression: expressionSchema.meta({ title: 'Query' }),
});

export type JsonQueryConfig = z.infer<typeof jsonQueryConfigSchema>;
