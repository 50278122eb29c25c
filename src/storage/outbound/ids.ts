// Ids of messages, deliveries and attempts: a prefix and the digits of a UUIDv7, and so ordered by time.

import { lowestIdAt } from '../execution-id.ts';

type Prefix = 'msg' | 'dlv';

/** The lowest id of a millisecond: everything accepted at or after `time` is not below it, all before is. */
export function lowestOutboundIdAt(prefix: Prefix, time: number): string {
  return `${prefix}_${lowestIdAt(time).replaceAll('-', '')}`;
}

/** Whether a text has the form in which these ids are stored. */
export function isOutboundId(prefix: Prefix, value: unknown): value is string {
  return typeof value === 'string' && value.startsWith(`${prefix}_`) && /^[a-z]+_[0-9a-f]{32}$/.test(value);
}
