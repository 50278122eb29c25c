// The configuration of a JavaScript node: the code, its arguments and its limits.

import { z } from 'zod';
import { customIssue, say, sentence } from '../../engine/say.ts';
import { argumentNameFault } from '../../engine/script-names.ts';

/** Longest code, in characters. */
const MAX_CODE_LENGTH = 100_000;

const argumentSchema = z.strictObject({
  name: z
    .string()
    .superRefine((name, context) => {
      const fault = argumentNameFault(name);
      if (fault !== undefined) context.addIssue(customIssue(fault));
    })
    .meta({ title: 'Name', description: 'The name of the constant in the code.', templates: false }),
  value: z.unknown().meta({ title: 'Value', description: 'Any JSON value; variables are written {{…}}.' }),
});

export const javascriptConfigSchema = z.strictObject({
  code: z.string().min(1, sentence('value.empty')).max(MAX_CODE_LENGTH).meta({
    title: 'Code',
    description: 'The body of an async function; what it returns is the result. Nothing but the language, JSON and console.',
  }),
  arguments: z
    .array(argumentSchema)
    .max(50)
    .superRefine((list, context) => {
      const seen = new Set<string>();
      list.forEach(({ name }, index) => {
        if (seen.has(name)) context.addIssue(customIssue(say('field.earlierArgument'), [index, 'name']));
        seen.add(name);
      });
    })
    .default([])
    .meta({ title: 'Arguments', description: 'Constants of the code. A {{…}} in the code itself is not a variable.' }),
  timeoutMs: z
    .int()
    .min(1)
    .max(60_000)
    .default(2_000)
    .meta({ title: 'Time limit', description: 'In milliseconds.', advanced: true }),
  memoryMb: z.int().min(1).max(256).default(32).meta({ title: 'Memory limit', description: 'In megabytes.', advanced: true }),
});

export type JavascriptConfig = z.infer<typeof javascriptConfigSchema>;
