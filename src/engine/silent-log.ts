// A log that keeps nothing: for what is only tried, and tells its outcome by itself.

import type { Log } from './plugin.ts';

const ignore = (): void => undefined;

export const SILENT_LOG: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore };
