// What counts as one place on the network: an IPv4 address, or the blocks that one IPv6 customer controls.

import ipaddr from 'ipaddr.js';

export interface Places {
  /** The IPv4 address itself, or the IPv6 /64, which a single customer has. */
  readonly narrow: string;
  /** The IPv6 /48 around it, which many providers hand to one customer: 65,536 blocks of /64. Undefined for IPv4. */
  readonly wide: string | undefined;
}

/** IPv4-mapped IPv6 addresses (RFC 4291, section 2.5.5.2) count as IPv4. What is no address is a place as it is written. */
export function placesOfAddress(address: string): Places {
  const plain = address.replace(/%.*$/s, '');
  if (!ipaddr.isValid(plain)) return { narrow: plain, wide: undefined };
  const parsed = ipaddr.process(plain);
  if (!(parsed instanceof ipaddr.IPv6)) return { narrow: parsed.toString(), wide: undefined };
  const block = (groups: number): string =>
    parsed.parts
      .slice(0, groups)
      .map((part) => part.toString(16))
      .join(':');
  return { narrow: `${block(4)}::/64`, wide: `${block(3)}::/48` };
}

/** The narrow place of an address. */
export function placeOfAddress(address: string): string {
  return placesOfAddress(address).narrow;
}
