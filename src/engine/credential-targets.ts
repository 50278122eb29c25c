// Pure: where a configuration sends its credentials. Schema fields marked `.meta({ target: 'url' })` hold the URL, those marked
// `target: 'hosts'` the list of hosts that a URL with a template in its host may lead to. A type that marks none is judged by
// what looks like an address in it.

import { isAllowedHost, parseAllowedHost } from './allowed-hosts.ts';
import { formatPath, isRecord, type Segment } from './path.ts';
import type { JsonSchema } from './registry.ts';
import { applicable, childSchemas, createMarkFinder } from './schema-walk.ts';
import { hasTemplate, splitText } from './template.ts';

type Config = Readonly<Record<string, unknown>>;

/** A value that says where something is sent. */
interface Target {
  readonly segments: readonly Segment[];
  readonly value: unknown;
}

export interface Targets {
  readonly urls: readonly Target[];
  /** Undefined when there is no list. */
  readonly hosts: readonly string[] | undefined;
  /** Of a type that marks no targets: what looks like an address. */
  readonly guessed: readonly Target[];
}

/** A URL as it is written: its origin is `fixed` where no template can change it, else `open`. */
export type WrittenUrl =
  | { readonly kind: 'fixed'; readonly url: URL }
  /** `scheme` is undefined when a template may change it, too. */
  | { readonly kind: 'open'; readonly scheme: string | undefined };

/** Names of settings that say where something is sent, for types that mark no targets. */
const ADDRESS_NAME =
  /(?:^|[a-z0-9_-])(?:ur[il]|host|hostname|server|address|endpoint|domain|origin|port|base|target|proxy|gateway|broker|dsn)s?$/i;
const ADDRESS_VALUE = /:\/\/|^\s*\{\{|^[^\s/]+\.[^\s/]+:\d+$/;

/** Whether a type says where it sends to. */
export const marksTargets = createMarkFinder('"target":');

/** Where a configuration sends to. @param config as it is written, or rendered */
export function findTargets(config: Config, schema: JsonSchema): Targets {
  const isMarked = marksTargets(schema);
  const urls: Target[] = [];
  const guessed: Target[] = [];
  let hosts: string[] | undefined;
  const visit = (value: unknown, schemas: readonly JsonSchema[], segments: readonly Segment[], name: string): void => {
    const here = applicable(schemas, schema, value);
    if (here.some(({ writeOnly }) => writeOnly === true)) return;
    const mark = here.find(({ target }) => typeof target === 'string')?.target;
    if (mark === 'url') {
      urls.push({ segments, value });
    } else if (mark === 'hosts') {
      if (Array.isArray(value)) hosts = [...(hosts ?? []), ...value.filter((item) => typeof item === 'string')];
    } else if (Array.isArray(value)) {
      for (const [index, item] of value.entries()) visit(item, childSchemas(here, index), [...segments, index], name);
    } else if (isRecord(value)) {
      for (const [key, item] of Object.entries(value)) visit(item, childSchemas(here, key), [...segments, key], key);
    } else if (!isMarked && isAddress(value, name)) {
      guessed.push({ segments, value });
    }
  };
  visit(config, [schema], [], '');
  return { urls, hosts, guessed };
}

function isAddress(value: unknown, name: string): boolean {
  if (value === undefined || value === null || typeof value === 'boolean') return false;
  return ADDRESS_NAME.test(name) || (typeof value === 'string' && ADDRESS_VALUE.test(value));
}

/** Reads a URL before its templates are filled in. */
export function readWrittenUrl(value: unknown): WrittenUrl {
  const open = (scheme?: string): WrittenUrl => ({ kind: 'open', scheme: scheme?.toLowerCase() });
  if (typeof value !== 'string') return open();
  const isConstant = !hasTemplate(value);
  const start = literalStart(value);
  if (start === undefined) return open();
  if (isConstant) return fixed(start) ?? open();
  // As the URL standard reads it: without tabs and line breaks, and a backslash ends the host, too.
  const text = start.replace(/[\t\n\r]/g, '').replace(/^[\p{Cc} ]+/u, '');
  const [, scheme, authority] = /^([a-z][a-z0-9+.-]*:)\/\/([^/?#\\]+[/?#\\])?/i.exec(text) ?? [];
  if (scheme === undefined || authority === undefined) return open(scheme);
  return fixed(`${scheme}//${authority}`) ?? open(scheme);
}

/** `localhost:80` is a URL, too, but one without a host. */
function fixed(text: string): WrittenUrl | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url === undefined || url.hostname === '' ? undefined : { kind: 'fixed', url };
}

/** The text before the first template, as it is rendered; undefined when a template is wrong. */
function literalStart(text: string): string | undefined {
  try {
    const [first = ''] = splitText(text, '');
    return typeof first === 'string' ? first : '';
  } catch {
    // Whoever checks the document says so.
    return undefined;
  }
}

/** Scheme, host and port. A dot at the end of the host only says that the name is complete. */
export function originOf({ protocol, hostname, port }: URL): string {
  return `${protocol}//${hostname.toLowerCase().replace(/\.$/, '')}:${port === '' ? (DEFAULT_PORTS[protocol] ?? '') : port}`;
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443' };

/** Whether everywhere that `next` sends to was named by `previous` already, so that its credentials may be kept. */
export function isWithinTargets(next: Config, previous: Config, schema: JsonSchema): boolean {
  const after = findTargets(next, schema);
  const before = findTargets(previous, schema);
  if (after.urls.length === 0 && before.urls.length > 0) return false;
  return (
    after.urls.every((url) => before.urls.some((other) => isWithinUrl(url.value, after.hosts, other.value, before.hosts))) &&
    isSameGuess(after.guessed, before.guessed)
  );
}

function isWithinUrl(
  next: unknown,
  nextHosts: readonly string[] | undefined,
  previous: unknown,
  previousHosts: readonly string[] | undefined,
): boolean {
  const after = readWrittenUrl(next);
  const before = readWrittenUrl(previous);
  if (before.kind === 'fixed') {
    if (after.kind === 'fixed') return originOf(after.url) === originOf(before.url);
    return (
      after.scheme === before.url.protocol && nextHosts !== undefined && nextHosts.every((host) => isHostOf(host, before.url))
    );
  }
  const isScheme = (scheme: string | undefined): boolean => before.scheme === undefined || before.scheme === scheme;
  if (after.kind === 'fixed') return isScheme(after.url.protocol) && isAllowedHost(after.url, previousHosts ?? []);
  // Without a list nothing is sent at all.
  if (nextHosts === undefined) return previousHosts === undefined && next === previous;
  return isScheme(after.scheme) && nextHosts.every((host) => isCoveredHost(host, previousHosts ?? []));
}

/** Whether an entry allows the origin of this URL and no other. */
function isHostOf(text: string, url: URL): boolean {
  return parseAllowedHost(text)?.isWildcard !== true && isAllowedHost(url, [text]);
}

/** Whether a list allows everything that one entry does. */
export function isCoveredHost(text: string, list: readonly string[]): boolean {
  const entry = parseAllowedHost(text);
  // What cannot be read allows nothing.
  if (entry === undefined) return true;
  return list.some((other) => {
    const wider = parseAllowedHost(other);
    if (wider === undefined || wider.port !== entry.port) return false;
    if (wider.host === entry.host && wider.isWildcard === entry.isWildcard) return true;
    return wider.isWildcard && entry.host.endsWith(`.${wider.host}`);
  });
}

function isSameGuess(after: readonly Target[], before: readonly Target[]): boolean {
  if (after.length !== before.length) return false;
  const known = new Map(before.map(({ segments, value }) => [formatPath(segments), value]));
  return after.every(({ segments, value }) => {
    const other = known.get(formatPath(segments));
    if (value === other) return true;
    // A path or a query may change.
    const [now, then] = [readWrittenUrl(value), readWrittenUrl(other)];
    return now.kind === 'fixed' && then.kind === 'fixed' && originOf(now.url) === originOf(then.url);
  });
}

/** A place that a URL names, for messages: its origin, or as it is written. */
export function describeTarget({ urls }: Targets): string | undefined {
  const [first] = urls;
  if (first === undefined) return undefined;
  const written = readWrittenUrl(first.value);
  return written.kind === 'fixed' ? `${written.url.protocol}//${written.url.host}` : String(first.value).slice(0, 100);
}

/** The place of the list of hosts that belongs to a URL; undefined when the type has none. */
export function hostsPlaceOf(url: readonly Segment[], config: Config, schema: JsonSchema): readonly Segment[] | undefined {
  let value: unknown = config;
  let here = applicable([schema], schema, value);
  const around = url.slice(0, -1);
  for (const segment of around) {
    value = isRecord(value) || Array.isArray(value) ? (value as Readonly<Record<Segment, unknown>>)[segment] : undefined;
    here = applicable(childSchemas(here, segment), schema, value);
  }
  for (const { properties } of here) {
    if (!isRecord(properties)) continue;
    const found = Object.entries(properties).find(([, property]) => isRecord(property) && property.target === 'hosts');
    if (found) return [...around, found[0]];
  }
  return undefined;
}
