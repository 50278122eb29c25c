// The end: stops the flow here, as succeeded or as failed.

import { defineNode } from '../../engine/plugin.ts';
import { type EndConfig, endConfigSchema } from './schema.ts';

export const endNode = defineNode<EndConfig>({
  type: 'end',
  title: 'End',
  description: 'Stops the flow here. The execution counts as succeeded or as failed.',
  config: endConfigSchema,
  flow: 'ending',
  run: ({ config }) =>
    config.status === 'failed'
      ? { type: 'end', status: 'failed', reason: 'An end node says so.' }
      : { type: 'end', status: 'succeeded' },
});
