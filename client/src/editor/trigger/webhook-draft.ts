// Pure: the webhook trigger's configuration as the panel edits it: read leniently, changed without losing what is not shown.

import { isRecord } from '../../../../src/engine/path.ts';
import type { Part } from '../../api/trigger.ts';

/** A header, or a path of the query or the body, that becomes a variable. */
export interface VariableDraft {
  /** The header's name, or the path. */
  readonly path: string;
  /** Needed for a JSONPath only. */
  readonly name?: string | undefined;
  readonly alias?: string | undefined;
  readonly required?: boolean | undefined;
  readonly default?: unknown;
}

type Config = Readonly<Record<string, unknown>>;

/** What the configuration says of one part, in its order. */
export function variablesOf(config: Config, part: Part): VariableDraft[] {
  const list = config[part];
  if (!Array.isArray(list)) return [];
  return list.filter(isRecord).map((entry) => {
    const path = part === 'headers' ? entry.name : entry.path;
    return {
      path: typeof path === 'string' ? path : '',
      ...(part !== 'headers' && typeof entry.name === 'string' ? { name: entry.name } : {}),
      ...(typeof entry.alias === 'string' ? { alias: entry.alias } : {}),
      ...(typeof entry.required === 'boolean' ? { required: entry.required } : {}),
      ...('default' in entry ? { default: entry.default } : {}),
    };
  });
}

/** The configuration with one part's variables replaced; empty texts and a "no" are left out. */
export function withVariables(config: Config, part: Part, variables: readonly VariableDraft[]): Record<string, unknown> {
  return {
    ...config,
    [part]: variables.map(({ path, name, alias, required, ...rest }) => ({
      ...(part === 'headers' ? { name: path } : { path }),
      ...(part === 'headers' || name === undefined || name === '' ? {} : { name }),
      ...(alias === undefined || alias === '' ? {} : { alias }),
      ...(required === true ? { required } : {}),
      ...('default' in rest && rest.default !== undefined ? { default: rest.default } : {}),
    })),
  };
}

/** Adds paths that are not there yet, in the order given. */
export function addPaths(config: Config, part: Part, paths: readonly string[]): Record<string, unknown> {
  const present = variablesOf(config, part);
  const known = new Set(present.map(({ path }) => identity(part, path)));
  const fresh = [...new Set(paths)].filter((path) => !known.has(identity(part, path)));
  return withVariables(config, part, [...present, ...fresh.map((path) => ({ path }))]);
}

/** Header names are the same in any case (RFC 9110, section 5.1). */
export function identity(part: Part, path: string): string {
  return part === 'headers' ? path.toLowerCase() : path;
}

/** A JSONPath such as `$.items[*].sku`; it needs a name of its own. */
export function isJsonPath(path: string): boolean {
  return path.startsWith('$');
}

export interface CredentialsDraft {
  /** Whether callers must sign in. */
  readonly isOn: boolean;
  /** What was typed in now; the server never gives them back. */
  readonly username: string;
  readonly password: string;
}

export function credentialsOf(config: Config): CredentialsDraft {
  const { auth } = config;
  const text = (name: string): string => (isRecord(auth) && typeof auth[name] === 'string' ? auth[name] : '');
  return { isOn: isRecord(auth), username: text('username'), password: text('password') };
}

/** Empty texts are left out: then what is saved stays. */
export function withCredentials(config: Config, credentials: CredentialsDraft): Record<string, unknown> {
  const { auth: _, ...others } = config;
  if (!credentials.isOn) return others;
  const { username, password } = credentials;
  return {
    ...others,
    auth: { type: 'basic', ...(username === '' ? {} : { username }), ...(password === '' ? {} : { password }) },
  };
}

/** The configuration with one value set; undefined takes it away. */
export function withValue(config: Config, name: string, value: unknown): Record<string, unknown> {
  const { [name]: _, ...others } = config;
  return value === undefined ? others : { ...others, [name]: value };
}
