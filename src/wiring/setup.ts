// What is known of a Hookline before anything is opened.

import type { Config } from '../config.ts';
import type { Log } from '../engine/plugin.ts';
import type { Registry } from '../engine/registry.ts';
import type { HooklineError } from '../errors.ts';
import type { Origins } from '../http/origins.ts';
import type { Connections } from '../http/trusted-proxies.ts';
import { version } from '../version.ts';

export interface Setup {
  readonly config: Config;
  /** The built-in types and those of the host. */
  readonly registry: Registry;
  readonly log: Log;
  /** Path under which everything is served, such as `/automation`; empty for none. */
  readonly prefix: string;
  /** The public URL with the prefix. */
  readonly baseUrl: string;
  /** What trigger and resume URLs begin with; the same unless they have an origin of their own. */
  readonly hooksBaseUrl: string;
  /** What exists where a request was sent to. */
  readonly origins: Origins;
  /** Who is at the other end of a request. */
  readonly connections: Connections;
  /** Folder of the built designer; undefined: the one of this package. */
  readonly designerFolder: string | undefined;
  /** Milliseconds since 1970. */
  now(): number;
  /** The database was migrated beyond what this program can work on. */
  onTooOld(error: HooklineError): void;
}

/** How outgoing requests name their sender. */
export const USER_AGENT = `Hookline/${version}`;
