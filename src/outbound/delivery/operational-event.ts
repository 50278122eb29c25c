// Makes operational events: what happened to which endpoint.

import type { Endpoint, OperationalEvent, OperationalEventType } from '../../engine/outbound-model.ts';

/** @param detail what the data has besides `endpoint` */
export function operationalEvent(
  type: OperationalEventType,
  { id, config }: Pick<Endpoint, 'id' | 'config'>,
  timestamp: number,
  detail: Readonly<Record<string, unknown>>,
): OperationalEvent {
  const { url, description, workspace } = config;
  return { type, timestamp, data: { endpoint: { id, url, description, workspace }, ...detail } };
}
