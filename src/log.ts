// The log: JSON lines on standard output, with credentials taken out.

import { pino, stdTimeFunctions } from 'pino';
import type { Log } from './engine/plugin.ts';

/** Fields that may hold a credential wherever a request or a configuration is logged. */
const REDACTED_FIELDS = ['authorization', 'cookie', 'password', 'token', 'secret'].flatMap((name) => [
  name,
  `*.${name}`,
  `*.*.${name}`,
]);

/** @param level the least important line that is written; `silent` writes none */
export function createLog(level: 'debug' | 'info' | 'warn' | 'error' | 'silent'): Log {
  return pino({
    level,
    redact: REDACTED_FIELDS,
    base: null,
    // People read it too: words and times, not numbers.
    formatters: { level: (label) => ({ level: label }) },
    timestamp: stdTimeFunctions.isoTime,
  });
}
