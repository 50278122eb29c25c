// Routes that turn a sample request into the list of paths a designer can pick variables from.

import { z } from 'zod';
import { parseBodySample, parseQuerySample } from '../../engine/sample.ts';
import { defineRoute, type Route } from '../route.ts';

const tag = 'Samples';
const querySample = z.strictObject({
  sample: z.string().meta({ description: 'A whole URL, a path with its query, or only the query.' }),
});
const bodySample = z.strictObject({ sample: z.unknown().meta({ description: 'JSON as text, or a JSON value itself.' }) });
const response = z.strictObject({
  paths: z.array(z.strictObject({ path: z.string(), value: z.unknown() })).meta({
    description: 'Every path that leads to something, containers included, with what is there.',
  }),
});

const parseQuery = defineRoute({
  method: 'POST',
  path: '/api/parse/query',
  name: 'parseQuery',
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
  summary: 'Lists the paths in a sample JSON body',
  tag,
  body: bodySample,
  response,
  errors: ['invalid_json'],
  handle: ({ body }) => ({ paths: parseBodySample(body.sample) }),
});

export const parseRoutes: readonly Route[] = [parseQuery, parseBody];
