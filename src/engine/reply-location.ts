// Pure: where a reply's `Location` may lead: to a path here, to what the workflow's author has written, or to hosts that are listed.

import { type AllowedHost, isAllowedHost, parseAllowedHost } from './allowed-hosts.ts';
import { isRecord } from './path.ts';
import { type Said, say } from './say.ts';
import { findTemplates, hasTemplate } from './template.ts';

/** What a saved configuration says of its reply's `Location`. */
export interface LocationRules {
  /** Origins that are written out in it. */
  readonly origins: ReadonlySet<string>;
  readonly hosts: readonly AllowedHost[];
}

/** Stands for our own origin, where a path leads to. */
const HERE = 'http://here.invalid';
/** Control characters, some of which browsers skip, the space that does not break, and what no header can hold. */
const ODD = /[^\x20-\x7e\xa1-\xff]/;
const ABSOLUTE = /^https?:\/\/[^/?#\\]/i;
const SCHEME = /^[a-z][a-z0-9+.-]*:/i;

/**
 * Why a `Location` cannot be saved: its host comes from a template and `allowedHosts` does not say which there may be; or it is
 * no URL to send anybody to.
 */
export function refuseWrittenLocation(text: string, allowedHosts: unknown): (Said & { readonly code: string }) | undefined {
  const written = text.trim();
  if (!hasTemplate(written)) {
    const url = parseLocation(written);
    return url === undefined ? { code: 'location_not_allowed', ...say('reply.locationUrl') } : undefined;
  }
  const prefix = written.slice(0, findTemplates(written)[0]?.from);
  if (isPath(prefix) || writtenOrigin(written) !== undefined) return undefined;
  return Array.isArray(allowedHosts) ? undefined : { code: 'location_not_allowed', ...say('reply.locationHosts') };
}

/** The rules of a reply's configuration as it is saved; undefined for a configuration without a list `headers`. */
export function readLocationRules(config: unknown): LocationRules | undefined {
  if (!isRecord(config) || !Array.isArray(config.headers)) return undefined;
  const origins = new Set<string>();
  for (const header of config.headers) {
    if (!isRecord(header) || typeof header.name !== 'string' || typeof header.value !== 'string') continue;
    if (header.name.toLowerCase() !== 'location' && !hasTemplate(header.name)) continue;
    const origin = writtenOrigin(header.value.trim());
    if (origin !== undefined) origins.add(origin);
  }
  const entries: readonly unknown[] = Array.isArray(config.allowedHosts) ? config.allowedHosts : [];
  const hosts = entries.flatMap((entry) => (typeof entry === 'string' ? (parseAllowedHost(entry) ?? []) : []));
  return { origins, hosts };
}

/** Whether a rendered `Location` may be sent. @param rules undefined: to any host */
export function isLocationAllowed(text: string, rules: LocationRules | undefined): boolean {
  if (rules === undefined) return !ODD.test(text);
  const { origins, hosts } = rules;
  const url = parseLocation(text.trim());
  return url !== undefined && (url.origin === HERE || origins.has(url.origin) || isAllowedHost(url, hosts));
}

/** As browsers read it; undefined for everything that is neither a path here nor a plain http or https URL. */
function parseLocation(text: string): URL | undefined {
  if (ODD.test(text) || !URL.canParse(text, HERE)) return undefined;
  const url = new URL(text, HERE);
  if (url.username !== '' || url.password !== '') return undefined;
  if (SCHEME.test(text)) return ABSOLUTE.test(text) && !hasBackslash(text) && url.origin !== HERE ? url : undefined;
  return url.origin === HERE && !text.startsWith('//') && !hasBackslash(text) ? url : undefined;
}

/** In front of the query, where browsers take it for a slash and other clients do not. */
function hasBackslash(text: string): boolean {
  return /^[^?#]*\\/.test(text);
}

/** The origin of a URL whose scheme, host and port are written out; undefined when a template may change them. */
function writtenOrigin(text: string): string | undefined {
  const first = findTemplates(text)[0]?.from;
  const literal = first === undefined ? text : text.slice(0, first);
  const [authority] = /^https?:\/\/[^/?#\\@\s]+(?=[/?#])/i.exec(first === undefined ? `${literal}/` : literal) ?? [];
  return authority !== undefined && URL.canParse(authority) ? new URL(authority).origin : undefined;
}

/** A beginning of a path, which a template cannot give a scheme; whether it makes `//` of `/` is looked at when it is rendered. */
function isPath(prefix: string): boolean {
  return /^(?:[?#]|\/(?![/\\])|[^:/?#\\]+[/?#])/.test(prefix);
}
