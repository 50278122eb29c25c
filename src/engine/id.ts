// Makes ids that sort by time: UUIDv7 (RFC 9562, section 5.7) with a counter, in order also within one millisecond.

import { randomUUID } from 'node:crypto';

/** Ids of one millisecond: the 12 bits of `rand_a` count (section 6.2, method 1). Beyond, the next millisecond is borrowed. */
const MAX_COUNT = 0xfff;

/**
 * Makes a source of ids; every one sorts behind the one before, also when the clock is set back. The random half comes from
 * `randomUUID`, which draws its bytes in bulk: asking the system for each id would cost as much as running a short flow.
 * @returns makes an id for a time in milliseconds since 1970
 */
export function createIdSource(): (time: number) => string {
  let lastTime = 0;
  let count = 0;
  let prefix = '';

  function startAt(time: number): void {
    lastTime = time;
    count = 0;
    const hex = time.toString(16).padStart(12, '0');
    prefix = `${hex.slice(0, 8)}-${hex.slice(8)}-7`;
  }

  return (time) => {
    if (time > lastTime) startAt(time);
    else if (count < MAX_COUNT) count += 1;
    else startAt(lastTime + 1);
    return `${prefix}${count.toString(16).padStart(3, '0')}${randomUUID().slice(18)}`;
  };
}
