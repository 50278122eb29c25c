// Keeps hook keys and resume URLs out of the log, whoever writes to it and wherever they come from.

import { concealCapabilities } from './capabilities.ts';
import { createHookKeyIndex } from './hook-key-index.ts';
import type { Log } from './plugin.ts';

/** Deeper fields are nobody's to read in a log. */
const MAX_DEPTH = 8;

/** Trigger URLs are known by their form here; a bare key in a text of a plugin is not. */
export function concealLog(log: Log): Log {
  const kinds = { hookKeys: createHookKeyIndex([]), resumeTokens: true };
  const conceal = (value: unknown, depth: number): unknown => {
    if (typeof value === 'string') return concealCapabilities(value, kinds);
    if (typeof value !== 'object' || value === null) return value;
    if (depth >= MAX_DEPTH) return '[too deep]';
    if (Array.isArray(value)) return value.map((item: unknown) => conceal(item, depth + 1));
    if (value instanceof Error) {
      const { name, message, stack, cause } = value;
      const code = 'code' in value ? { code: value.code } : {};
      return conceal({ type: name, message, ...code, stack, ...(cause === undefined ? {} : { cause }) }, depth);
    }
    const isPlain = Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null;
    // A date, a buffer or an object of a class writes itself.
    if (!isPlain) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, conceal(item, depth + 1)]));
  };
  const fieldsOf = (fields: object): object => {
    const shown = conceal(fields, 0);
    return typeof shown === 'object' && shown !== null ? shown : {};
  };
  return {
    debug: (fields, message) => log.debug(fieldsOf(fields), concealCapabilities(message, kinds)),
    info: (fields, message) => log.info(fieldsOf(fields), concealCapabilities(message, kinds)),
    warn: (fields, message) => log.warn(fieldsOf(fields), concealCapabilities(message, kinds)),
    error: (fields, message) => log.error(fieldsOf(fields), concealCapabilities(message, kinds)),
  };
}
