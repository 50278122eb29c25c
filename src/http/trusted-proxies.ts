// Finds out who is at the other end of a request: the connection says it, or the reverse proxies that the operator trusts.

import type { IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Context } from 'koa';
import { type Address, isInRange, type Range } from '../outbound/guard/addresses.ts';

/** The far end of a request. */
export interface Connection {
  /** The caller's IP address; empty when there is none, as on a Unix socket. IPv4 inside IPv6 is written as IPv4. */
  readonly address: string;
  /** Whether the caller came by https, as a trusted proxy says; undefined when none says so. */
  readonly isHttps: boolean | undefined;
}

/** What is looked at of a request. */
type Head = Pick<IncomingMessage, 'headers'> & { readonly socket: Pick<Socket, 'remoteAddress'> };

export interface Connections {
  /** By the connection, and by the headers of trusted proxies. */
  of(req: Head): Connection;
  /** The same inside a Koa app; when nobody is trusted, the app's own rule counts (`ctx.ip`, and so `app.proxy`). */
  ofContext(ctx: Context): Connection;
  /** The host that the caller asked for, as a trusted proxy says it in `X-Forwarded-Host`; undefined when none does. */
  forwardedHost(req: Head): string | undefined;
}

const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  // RFC 1918 and RFC 4193
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** Reads one entry of the configuration: an address, a CIDR block, `loopback` or `private`. Undefined when it is neither. */
export function parseProxy(entry: string): readonly Range[] | undefined {
  if (Object.hasOwn(NAMED, entry)) return NAMED[entry]?.flatMap((block) => parseProxy(block) ?? []);
  const [base = '', bitsText, ...more] = entry.split('/');
  const family = isIP(base);
  if (family === 0 || base.includes('%') || more.length > 0) return undefined;
  const width = family === 4 ? 32 : 128;
  const bits = bitsText === undefined ? width : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : Number.NaN;
  if (!(bits <= width)) return undefined;
  const address = ipaddr.parse(base);
  const isMapped = address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= 96;
  return [isMapped ? [address.toIPv4Address(), bits - 96] : [address, bits]];
}

/**
 * Reads what an `X-Forwarded-For` has between two commas, as proxies write it: with a port, in brackets or quotes, or
 * with the `for=` of RFC 7239. Undefined for `unknown` and everything else that is no address.
 */
export function readHop(text: string): Address | undefined {
  const plain = text
    .trim()
    .replace(/^for=/i, '')
    .replace(/^"(.*)"$/s, '$1');
  const [, bracketed, withPort] = /^\[([^\]]*)\](?::\d{1,5})?$|^([\d.]+):\d{1,5}$/.exec(plain) ?? [];
  const address = (bracketed ?? withPort ?? plain).replace(/%.*$/s, '');
  if (isIP(address) === 0 || (bracketed !== undefined && isIP(address) !== 6)) return undefined;
  return ipaddr.process(address);
}

/** @param entries as `parseProxy` reads them; others trust nobody. Empty: the headers say nothing */
export function createConnections(entries: readonly string[]): Connections {
  const ranges = entries.flatMap((entry) => parseProxy(entry) ?? []);
  const isTrusted = (address: Address): boolean => ranges.some((range) => isInRange(address, range));

  function trustedPeer({ socket }: Head): Address | undefined {
    const peer = ranges.length === 0 ? undefined : readHop(plainAddress(socket.remoteAddress ?? ''));
    return peer !== undefined && isTrusted(peer) ? peer : undefined;
  }

  function of(head: Head): Connection {
    const { socket, headers } = head;
    const peer = trustedPeer(head);
    if (peer === undefined) return { address: plainAddress(socket.remoteAddress ?? ''), isHttps: undefined };
    // Each proxy writes down who called it, behind what it was told. So it is read from the right, and only as long as
    // those who wrote are trusted: what stands further left is whatever the caller liked to send.
    const hops = listOf(headers['x-forwarded-for']);
    let caller = peer;
    let passed = 0;
    for (const hop of hops.reverse()) {
      const address = readHop(hop);
      if (address === undefined) break;
      caller = address;
      if (!isTrusted(address)) break;
      passed += 1;
    }
    return { address: caller.toString(), isHttps: schemeAt(listOf(headers['x-forwarded-proto']), passed) };
  }

  return {
    of,
    forwardedHost(req) {
      if (trustedPeer(req) === undefined) return undefined;
      // The nearest proxy writes last.
      const host = listOf(req.headers['x-forwarded-host']).at(-1)?.trim();
      return host === '' ? undefined : host;
    },
    ofContext: (ctx) => (ranges.length === 0 ? { address: plainAddress(ctx.ip), isHttps: undefined } : of(ctx.req)),
  };
}

/** What the proxy said that the caller spoke to: the last one, or further left when each has added a word of its own. */
function schemeAt(schemes: readonly string[], passed: number): boolean | undefined {
  const scheme = schemes[Math.max(0, schemes.length - 1 - passed)]?.trim().toLowerCase();
  return scheme === 'https' ? true : scheme === 'http' ? false : undefined;
}

function listOf(header: string | string[] | undefined): string[] {
  return header === undefined ? [] : String(header).split(',');
}

/** A socket that listens for IPv6 too has IPv4 callers in this form. */
function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=[\d.]+$)/i, '');
}
