// Pure: what the operator says of outgoing requests: targets inside that are allowed, and ports.

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { HooklineError } from '../../errors.ts';
import { isInRange, isPublicAddress, type Range, readAddress } from './addresses.ts';

/** A target inside the operator's network that may be called. */
export interface AllowedTarget {
  /** Either a host name, as URLs have it after parsing, */
  readonly host?: string;
  /** or addresses. */
  readonly range?: Range;
  /** Without one: the ports of all outgoing requests. */
  readonly port?: number;
}

/** First and last port. */
export type PortRange = readonly [number, number];

export interface TargetRules {
  readonly targets: readonly AllowedTarget[];
  readonly ports: readonly PortRange[];
}

/** Where a connection goes to. */
export interface Destination {
  /** `hostname` of a parsed URL, without the brackets of IPv6. */
  readonly host: string;
  readonly port: number;
}

/** Reads `10.0.0.0/8`, `10.1.2.3`, `10.1.2.3:8080`, `[fd00::1]:8080`, `erp.internal` or `erp.internal:8080`. */
export function parseTarget(text: string): AllowedTarget | undefined {
  const range = parseRange(text);
  if (range) return { range };
  const [, bracketed, plain, portText] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/?#@[\]\\%]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && !isPort(port)) return undefined;
  const rest = port === undefined ? {} : { port };
  if (bracketed !== undefined) {
    const address = parseRange(bracketed);
    return address && { range: address, ...rest };
  }
  if (plain === undefined || !URL.canParse(`http://${plain}`)) return undefined;
  const host = plainHost(new URL(`http://${plain}`).hostname);
  const address = parseRange(host);
  if (address) return { range: address, ...rest };
  return /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(host) ? { host, ...rest } : undefined;
}

/** Reads a CIDR block, or one address as the block that holds nothing else. */
function parseRange(text: string): Range | undefined {
  const [base = '', bits, ...more] = text.split('/');
  if (isIP(base) === 0 || base.includes('%') || more.length > 0) return undefined;
  const width = isIP(base) === 4 ? 32 : 128;
  // Embedded IPv4 is compared as IPv4, as the addresses that are connected to.
  const address = bits === undefined ? readAddress(base) : ipaddr.parse(base);
  if (address === undefined) return undefined;
  if (bits === undefined) return [address, address instanceof ipaddr.IPv4 ? 32 : 128];
  return /^\d{1,3}$/.test(bits) && Number(bits) <= width ? [address, Number(bits)] : undefined;
}

/**
 * Reads what the operator says.
 * @param ports such as `443,8000-8999`
 * @throws HooklineError `invalid_configuration` for a target or a port that cannot be read
 */
export function readTargetRules(allowedTargets: readonly string[], ports: string): TargetRules {
  const targets = allowedTargets.map((text) => {
    const target = parseTarget(text);
    if (target) return target;
    throw new HooklineError('invalid_configuration', `The allowed target ${JSON.stringify(text)} is no CIDR, address or host.`);
  });
  const ranges = parsePorts(ports);
  if (ranges) return { targets, ports: ranges };
  throw new HooklineError('invalid_configuration', `The ports ${JSON.stringify(ports)} are no list such as 80,443,1024-65535.`);
}

/** Reads `443,8000-8999`; undefined when it is wrong. */
export function parsePorts(text: string): readonly PortRange[] | undefined {
  const ranges: PortRange[] = [];
  for (const part of text.split(',')) {
    const [, first, last] = /^\s*(\d{1,5})(?:\s*-\s*(\d{1,5}))?\s*$/.exec(part) ?? [];
    const range: PortRange = [Number(first), Number(last ?? first)];
    if (!isPort(range[0]) || !isPort(range[1]) || range[0] > range[1]) return undefined;
    ranges.push(range);
  }
  return ranges;
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}

/** Whether a port can be allowed at all, whatever address it is on. */
export function isPortAllowed({ targets, ports }: TargetRules, port: number): boolean {
  return ports.some(([first, last]) => port >= first && port <= last) || targets.some((target) => target.port === port);
}

/** Whether a connection for this host may go to this address: it is public, or the operator allows it. */
export function isAddressAllowed(rules: TargetRules, destination: Destination, addressText: string): boolean {
  return judgeAddress(rules, destination, addressText) !== 'forbidden';
}

/** `target`: the operator allows it by name or number; `public`: everybody may; an address can be both, and is a target then. */
export type Verdict = 'target' | 'public' | 'forbidden';

/** What is to be thought of a connection for this host to this address. Ports count as part of it. */
export function judgeAddress(rules: TargetRules, { host, port }: Destination, addressText: string): Verdict {
  const address = readAddress(addressText);
  if (address === undefined) return 'forbidden';
  const isUsualPort = rules.ports.some(([first, last]) => port >= first && port <= last);
  const name = plainHost(host);
  const isTarget = rules.targets.some((target) => {
    if (target.port === undefined ? !isUsualPort : target.port !== port) return false;
    return target.range ? isInRange(address, target.range) : target.host === name;
  });
  if (isTarget) return 'target';
  return isUsualPort && isPublicAddress(addressText) ? 'public' : 'forbidden';
}

/** A name with and without the dot at its end is the same host. */
function plainHost(host: string): string {
  return host.replace(/\.$/, '');
}
