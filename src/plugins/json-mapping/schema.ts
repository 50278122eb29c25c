// The configuration of a JSON mapping: a document and the paths that become variables.

import { z } from 'zod';
import { compilePath } from '../../engine/path.ts';
import { customIssue, type Said, say, sentence } from '../../engine/say.ts';
import { HooklineError } from '../../errors.ts';

const variableSchema = z.strictObject({
  path: z
    .string()
    .superRefine((path, context) => {
      const fault = pathFault(path);
      if (fault !== undefined) context.addIssue(customIssue(fault));
    })
    .meta({
      title: 'Path',
      description: 'Such as `b.c`, which maps over lists, or `b[0].c`.',
      templates: false,
    }),
  name: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, sentence('field.name'))
    .optional()
    .meta({ title: 'Name', description: 'Without one, the value keeps the place that its path names.', templates: false }),
  required: z.boolean().optional().meta({ title: 'Required', description: 'Without it the node fails.' }),
  default: z.unknown().optional().meta({ title: 'Default', description: 'The value when the path finds nothing.' }),
});

export const jsonMappingConfigSchema = z.strictObject({
  source: z.unknown().meta({
    title: 'Source',
    description: 'The JSON to take values from, such as {{$nodes.request.body}}. Text is parsed as JSON.',
  }),
  variables: z
    .array(variableSchema)
    .min(1)
    .max(500)
    .superRefine((variables, context) => {
      const seen = new Set<string>();
      variables.forEach(({ name, path }, index) => {
        if (name === undefined && path.startsWith('[') && !/^\[["']/.test(path)) {
          context.addIssue(customIssue(say('field.nameForIndex'), [index, 'name']));
        }
        const key = name ?? path;
        const field = name === undefined ? 'path' : 'name';
        if (seen.has(key)) context.addIssue(customIssue(say('field.earlierVariable'), [index, field]));
        seen.add(key);
      });
    })
    .meta({ title: 'Variables' }),
  includeIndex: z.boolean().default(false).meta({
    advanced: true,
    title: 'Include array index',
    description:
      'Lists on the way stay lists: `b.c` gives {"b": [{"c": 2}, {"c": 3}]} and not {"b": {"c": [2, 3]}}. For paths without a name.',
  }),
});

export type JsonMappingConfig = z.infer<typeof jsonMappingConfigSchema>;
export type MappedVariable = z.infer<typeof variableSchema>;

function pathFault(path: string): Said | undefined {
  try {
    compilePath(path);
    return undefined;
  } catch (error) {
    if (error instanceof HooklineError) return error;
    throw error;
  }
}
