// The trigger of workflows that only other workflows (or somebody by hand) start: it has no URL.

import { defineTrigger } from '../../engine/plugin.ts';
import { subflowTriggerConfigSchema } from './schema.ts';

export const subflowTrigger = defineTrigger<Record<string, never>>({
  type: 'subflow',
  title: 'Called by another workflow',
  description: 'The workflow is started by subflow nodes; {{$context}} is what they hand over.',
  config: subflowTriggerConfigSchema,
  create: () => ({ listen: () => () => {} }),
});
