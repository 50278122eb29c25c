// Pure: which IP addresses are out on the public Internet, so that a request to them stays out of the operator's network.

import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address and a prefix length. */
export type Range<Kind extends Address = Address> = readonly [Kind, number];

/**
 * IPv4 that is not the public Internet: IANA's special-purpose registry (RFC 6890 and successors), multicast, and what
 * clouds serve to their machines alone.
 */
const FORBIDDEN_IPV4: readonly Range<ipaddr.IPv4>[] = [
  '0.0.0.0/8', // "this network", RFC 791; many systems take 0.0.0.0 for themselves
  '10.0.0.0/8', // private, RFC 1918
  '100.64.0.0/10', // shared address space of carriers, RFC 6598; Alibaba's metadata service is in it
  '127.0.0.0/8', // loopback, RFC 1122
  '168.63.129.16/32', // the host of an Azure machine, a public number that is answered inside
  '169.254.0.0/16', // link-local, RFC 3927; the metadata service of most clouds
  '172.16.0.0/12', // private, RFC 1918
  '192.0.0.0/24', // IETF protocol assignments, RFC 6890; Oracle's metadata service
  '192.0.2.0/24', // documentation, RFC 5737
  '192.31.196.0/24', // AS112, RFC 7535
  '192.52.193.0/24', // AMT, RFC 7450
  '192.88.99.0/24', // 6to4 relays, deprecated by RFC 7526
  '192.168.0.0/16', // private, RFC 1918
  '192.175.48.0/24', // AS112, RFC 7534
  '198.18.0.0/15', // benchmarks, RFC 2544
  '198.51.100.0/24', // documentation, RFC 5737
  '203.0.113.0/24', // documentation, RFC 5737
  '224.0.0.0/4', // multicast, RFC 5771
  '240.0.0.0/4', // reserved, RFC 1112; limited broadcast, RFC 919
].map((text) => ipaddr.IPv4.parseCIDR(text));

/** IPv6 unicast that IANA hands out (RFC 4291): whatever is outside is not the public Internet, named or not. */
const GLOBAL_IPV6: Range<ipaddr.IPv6> = ipaddr.IPv6.parseCIDR('2000::/3');

/** Exceptions inside of it, from IANA's special-purpose registry. */
const FORBIDDEN_IPV6: readonly Range<ipaddr.IPv6>[] = [
  '2001::/23', // IETF protocol assignments: Teredo, benchmarks, ORCHID and others
  '2001:db8::/32', // documentation, RFC 3849
  '2002::/16', // 6to4, RFC 3056: leads to any IPv4 address
  '2620:4f:8000::/48', // AS112, RFC 7534
  '3fff::/20', // documentation, RFC 9637
].map((text) => ipaddr.IPv6.parseCIDR(text));

/** Prefixes whose last 32 bits are the IPv4 address that is really meant: IPv4-mapped (RFC 4291), NAT64 (RFC 6052). */
const EMBEDDING: readonly (readonly number[])[] = [
  [0, 0, 0, 0, 0, 0xffff],
  [0x64, 0xff9b, 0, 0, 0, 0],
];

/**
 * Reads an address in the strict notation that systems answer with; undefined for everything else, zones included
 * (`fe80::1%eth0` is on this machine's own network). IPv4 inside IPv6 comes back as IPv4.
 */
export function readAddress(text: string): Address | undefined {
  const family = isIP(text);
  if (family === 0 || text.includes('%')) return undefined;
  return family === 4 ? ipaddr.IPv4.parse(text) : unwrap(ipaddr.IPv6.parse(text));
}

function unwrap(address: ipaddr.IPv6): Address {
  const { parts } = address;
  if (!EMBEDDING.some((prefix) => prefix.every((part, index) => part === parts[index]))) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

/** Whether an address belongs to a range; never for the other family. */
export function isInRange(address: Address, range: Range): boolean {
  const [base, bits] = range;
  if (address instanceof ipaddr.IPv4) return base instanceof ipaddr.IPv4 && address.match(base, bits);
  return base instanceof ipaddr.IPv6 && address.match(base, bits);
}

/** Whether an address is one of the public Internet. What cannot be read is not. */
export function isPublicAddress(text: string): boolean {
  const address = readAddress(text);
  if (address === undefined) return false;
  if (address instanceof ipaddr.IPv4) return !FORBIDDEN_IPV4.some((range) => isInRange(address, range));
  return isInRange(address, GLOBAL_IPV6) && !FORBIDDEN_IPV6.some((range) => isInRange(address, range));
}
