// Routes that turn a sample request into the list of paths a designer can pick variables from.

import { z } from 'zod';
import { parseBodySample, parseQuerySample } from '../../engine/sample.ts';
import { defineRoute, type Route } from '../route.ts';

const tag = 'Samples';
/** Largest sample in characters of JSON. A reply repeats what is in containers, so it is larger than its sample. */
const MAX_SAMPLE_LENGTH = 1024 * 1024;

const querySample = z.strictObject({
  sample: z.string().max(MAX_SAMPLE_LENGTH).meta({ description: 'A whole URL, a path with its query, or only the query.' }),
});
const bodySample = z.strictObject({
  sample: z
    .unknown()
    .refine(
      (sample) => sample === undefined || JSON.stringify(sample).length <= MAX_SAMPLE_LENGTH,
      `must have at most ${MAX_SAMPLE_LENGTH} characters`,
    )
    .meta({ description: 'JSON as text, or a JSON value itself.' }),
});
const response = z.strictObject({
  paths: z.array(z.strictObject({ path: z.string(), value: z.unknown() })).meta({
    description: 'Every path that leads to something, containers included, with what is there.',
  }),
});

const parseQuery = defineRoute({
  method: 'POST',
  path: '/api/parse/query',
  name: 'parseQuery',
  permission: 'workflows:read',
  summary: 'Lists the paths in a sample URL or query string',
  tag,
  body: querySample,
  response,
  errors: ['invalid_query'],
  handle: ({ body }) => ({ paths: parseQuerySample(body.sample) }),
});

const parseBody = defineRoute({
  method: 'POST',
  path: '/api/parse/body',
  name: 'parseBody',
  permission: 'workflows:read',
  summary: 'Lists the paths in a sample JSON body',
  tag,
  body: bodySample,
  response,
  errors: ['invalid_json'],
  handle: ({ body }) => ({ paths: parseBodySample(body.sample) }),
});

export const parseRoutes: readonly Route[] = [parseQuery, parseBody];
