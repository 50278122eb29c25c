// The route that sends a test call to a workflow.

import { z } from 'zod';
import { defineRoute, type Route } from '../route.ts';
import { testCallView } from './designer-views.ts';
import { workflowParams } from './views.ts';

const callWorkflow = defineRoute({
  method: 'POST',
  path: '/api/workflows/{id}/call',
  name: 'callWorkflow',
  permission: 'executions:write',
  summary: 'Calls a workflow as somebody would over its trigger URL, and shows the reply',
  description:
    'An enabled workflow makes every check that a call over the network meets; a refusal is a reply like any other. A disabled one is run by hand. The body of the reply is cut at 1 MiB.',
  tag: 'Workflows',
  params: workflowParams,
  body: z
    .strictObject({
      headers: z.record(z.string().min(1).max(200), z.string().max(8_000)).default({}),
      query: z.string().max(16_000).default('').meta({ description: 'Text such as `a=1&b[0]=2`, with or without `?`.' }),
      body: z.string().default('').meta({ description: 'As it is sent.' }),
      contentType: z.string().max(200).default('application/json').meta({ description: 'Of a body that is not empty.' }),
      authenticate: z
        .boolean()
        .default(true)
        .meta({ description: 'Add the credentials that the trigger asks for; the caller does not see them.' }),
    })
    .prefault({}),
  response: testCallView,
  errors: ['workflow_not_found', 'conflict'],
  async handle({ params, body }, { workflows, callWorkflow: call }) {
    const { contentType, headers, ...others } = body;
    return call(await workflows.get(params.id), { ...others, contentType, headers });
  },
});

export const callRoutes: readonly Route[] = [callWorkflow];
