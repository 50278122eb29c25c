// The trigger on what happens inside Hookline: an endpoint is blocked, a delivery has failed for good.

import type { OperationalEvent } from '../../engine/outbound-model.ts';
import { getOwn } from '../../engine/path.ts';
import { defineTrigger } from '../../engine/plugin.ts';
import { type HooklineEventConfig, hooklineEventConfigSchema } from './schema.ts';

export const hooklineEventTrigger = defineTrigger<HooklineEventConfig>({
  type: 'hookline-event',
  title: 'Hookline event',
  description:
    'Runs when something happens to outgoing webhooks, such as endpoint.blocked or delivery.failed. {{$context}} has type, timestamp and data.',
  config: hooklineEventConfigSchema,
  create: (config) => ({ hears: (event) => isWanted(config, event) }),
});

function isWanted({ events, workspace, endpointId }: HooklineEventConfig, { type, data }: OperationalEvent): boolean {
  const isNamed = events.some(
    (name) => name === '*' || name === type || (name.endsWith('.*') && type.startsWith(name.slice(0, -1))),
  );
  if (!isNamed) return false;
  const endpoint = getOwn(data, 'endpoint');
  if (workspace !== undefined && getOwn(endpoint, 'workspace') !== workspace) return false;
  return endpointId === undefined || getOwn(endpoint, 'id') === endpointId;
}
