// The response: answers the caller of a sync workflow and ends the flow.

import { defineNode } from '../../engine/plugin.ts';
import { buildReply, checkReply } from '../../engine/reply.ts';
import { type ResponseConfig, responseConfigSchema } from './schema.ts';

export const responseNode = defineNode<ResponseConfig>({
  type: 'response',
  title: 'Response',
  description: 'Answers the caller with a status, headers and a body, and ends the flow. For sync workflows.',
  config: responseConfigSchema,
  flow: 'ending',
  replies: true,
  modes: ['sync'],
  check: checkReply,
  run: ({ config }) => ({ type: 'end', status: 'succeeded', reply: buildReply(config) }),
});
