// Decides by the host that a request was sent to what exists there: trigger and resume URLs, the designer with its API, or both.

import type { IncomingMessage } from 'node:http';
import { isHostOf, parseAllowedHost } from '../engine/allowed-hosts.ts';
import { type ReplyHeaders, repliesOfOwnOrigin, SANDBOXED_REPLY } from './reply-headers.ts';
import type { Connections } from './trusted-proxies.ts';

/** What exists at the place that a request was sent to. */
export interface Place {
  /** Trigger and resume URLs. */
  readonly hasHooks: boolean;
  /** The designer and its API; `unknown`: they exist, but not by this host name. */
  readonly designer: 'yes' | 'no' | 'unknown';
  /** Of every answer to a trigger or resume URL. */
  readonly replyHeaders: ReplyHeaders;
}

/** Both on one origin. */
export const SHARED_PLACE: Place = { hasHooks: true, designer: 'yes', replyHeaders: SANDBOXED_REPLY };

export interface OriginsOptions {
  /** The public URL. */
  readonly publicUrl: string;
  /** The origin of trigger and resume URLs; undefined: the public URL's. */
  readonly hooksUrl?: string | undefined;
  /** Further hosts that the designer and the API answer by: `hookline.internal`, `*.cluster.local`. Default none. */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Whether hosts that are not known are refused. Default true; a plugin without a public URL does not know its own host. */
  readonly checksHosts?: boolean | undefined;
  readonly connections: Pick<Connections, 'forwardedHost'>;
}

export interface Origins {
  /** Whether trigger and resume URLs share an origin with the designer; then they exist wherever a request was sent to. */
  readonly isShared: boolean;
  /** Of every answer to a trigger or resume URL at its right place. */
  readonly replyHeaders: ReplyHeaders;
  of(req: IncomingMessage): Place;
  /** This request came in by the port that trigger and resume URLs have to themselves, whatever host it names. */
  assignToHooks(req: IncomingMessage): void;
}

/** What a `Host` says. */
interface Asked {
  readonly hostname: string;
  /** Undefined: the default port of whatever scheme it was. */
  readonly port: number | undefined;
}

interface Finding {
  readonly place: Place;
  /** A proxy in front may have put this name there, and says in another header what the caller asked for. */
  readonly mayBeInternal: boolean;
}

/** Hosts that are asked for again and again are looked up once. */
const MAX_KNOWN = 100;

export function createOrigins(options: OriginsOptions): Origins {
  const { connections, checksHosts = true } = options;
  const publicUrl = new URL(options.publicUrl);
  const hooksUrl = options.hooksUrl === undefined ? undefined : new URL(options.hooksUrl);
  const further = (options.allowedHosts ?? []).flatMap((entry) => parseAllowedHost(entry) ?? []);
  const isShared = hooksUrl === undefined;
  const hooks: Place = {
    hasHooks: true,
    designer: 'no',
    replyHeaders: isShared ? SANDBOXED_REPLY : repliesOfOwnOrigin(publicUrl, hooksUrl),
  };
  const designer: Place = { ...SHARED_PLACE, hasHooks: isShared };
  // Callers of trigger URLs may use a name that nobody has told us of. There is no designer by that name.
  const stranger: Place = checksHosts ? { hasHooks: true, designer: 'unknown', replyHeaders: SANDBOXED_REPLY } : designer;
  const known = new Map<string, Finding>();
  const assigned = new WeakSet<IncomingMessage>();

  function find(host: string): Finding {
    const before = known.get(host);
    if (before) return before;
    const finding = judge(readHost(host));
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(host, finding);
    return finding;
  }

  function judge(asked: Asked | undefined): Finding {
    if (asked === undefined) return { place: stranger, mayBeInternal: true };
    const { hostname, port } = asked;
    if (isHost(asked, publicUrl)) return { place: designer, mayBeInternal: false };
    if (hooksUrl !== undefined && isHost(asked, hooksUrl)) return { place: hooks, mayBeInternal: false };
    const isListed = further.some((entry) => isHostOf(hostname, entry));
    const mayBeInternal = isListed || !hostname.includes('.') || isAddress(hostname);
    // The hooks' port by another name of this machine.
    const isHooksPort =
      hooksUrl !== undefined && isLoopback(hostname) && isLoopback(hooksUrl.hostname) && port === portOf(hooksUrl);
    if (isHooksPort) return { place: hooks, mayBeInternal };
    const isKnown = isListed || isLoopback(hostname) || hostname === plainName(publicUrl.hostname);
    return { place: isKnown ? designer : stranger, mayBeInternal };
  }

  return {
    isShared,
    replyHeaders: hooks.replyHeaders,
    of(req) {
      if (assigned.has(req)) return hooks;
      const { place, mayBeInternal } = find(req.headers.host ?? authorityOf(req));
      // A name of the Internet decides by itself: a page whose name server gives it our address (DNS rebinding) can send any
      // other header, and not every proxy takes it out.
      const forwarded = mayBeInternal ? connections.forwardedHost(req) : undefined;
      return forwarded === undefined ? place : find(forwarded).place;
    },
    assignToHooks: (req) => void assigned.add(req),
  };
}

/** HTTP/2 has the host in a header of its own. */
function authorityOf({ headers }: IncomingMessage): string {
  const authority = headers[':authority'];
  return typeof authority === 'string' ? authority : '';
}

function readHost(text: string): Asked | undefined {
  if (text === '' || !URL.canParse(`http://${text}`)) return undefined;
  const [, port] = /:(\d+)$/.exec(text) ?? [];
  return { hostname: plainName(new URL(`http://${text}`).hostname), port: port === undefined ? undefined : Number(port) };
}

function isHost({ hostname, port }: Asked, url: URL): boolean {
  return hostname === plainName(url.hostname) && (port === undefined ? url.port === '' : port === portOf(url));
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** Whether a name always means this machine, so that no name server can give it to a page of others. */
function isLoopback(hostname: string): boolean {
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

/** As URLs have them: IPv4 in decimal, IPv6 in brackets. */
function isAddress(hostname: string): boolean {
  return /^(?:\d+(?:\.\d+){3}|\[.*\])$/.test(hostname);
}

/** A name with and without the dot at its end is the same host. */
function plainName(hostname: string): string {
  return hostname.replace(/\.$/, '');
}
