import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { describe, expect, it } from 'vitest';
import { isPublicAddress } from '../../../src/outbound/guard/addresses.ts';

/** First and last addresses of every range that must be refused, and single ones with a name of their own. */
const FORBIDDEN = [
  ['0.0.0.0', '0.255.255.255'],
  ['10.0.0.0', '10.255.255.255'],
  ['100.64.0.0', '100.127.255.255', '100.100.100.200'],
  ['127.0.0.0', '127.0.0.1', '127.255.255.255'],
  ['168.63.129.16'],
  ['169.254.0.0', '169.254.169.254', '169.254.170.2', '169.254.255.255'],
  ['172.16.0.0', '172.31.255.255'],
  ['192.0.0.0', '192.0.0.192', '192.0.0.255'],
  ['192.0.2.0', '192.0.2.255'],
  ['192.31.196.0', '192.31.196.255'],
  ['192.52.193.0', '192.52.193.255'],
  ['192.88.99.0', '192.88.99.255'],
  ['192.168.0.0', '192.168.255.255'],
  ['192.175.48.0', '192.175.48.255'],
  ['198.18.0.0', '198.19.255.255'],
  ['198.51.100.0', '198.51.100.255'],
  ['203.0.113.0', '203.0.113.255'],
  ['224.0.0.0', '239.255.255.255'],
  ['240.0.0.0', '255.255.255.255'],
  ['::', '::1', '::2', '::7f00:1', '::5efe:7f00:1', '::ffff:0:7f00:1'],
  ['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:a9fe:a9fe', '::ffff:10.0.0.1', '::ffff:0:0'],
  ['64:ff9b::7f00:1', '64:ff9b::10.0.0.1', '64:ff9b::169.254.169.254', '64:ff9b:1::', '64:ff9b:1:ffff:ffff:ffff:ffff:ffff'],
  ['100::', '100:0:0:1::1', '1::1', '1fff:ffff::', '4000::1', '5f00::1'],
  ['2001::', '2001::1', '2001:1ff:ffff::', '2001:2::1', '2001:10::1', '2001:20::1', '2001:30::1'],
  ['2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['2002::', '2002:7f00:1::', '2002:ffff:ffff::'],
  ['2620:4f:8000::1', '3fff::', '3fff:fff:ffff::'],
  ['fc00::1', 'fd00:ec2::254', 'fd20:ce::254', 'fdff:ffff::'],
  ['fe80::', 'fe80::1', 'fe80::1%eth0', 'febf::1', 'fec0::1', 'feff::1', 'ff02::1', 'ffff::'],
].flat();

const PUBLIC = [
  ['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.0'],
  ['168.63.129.15', '168.63.129.17', '169.253.255.255', '169.255.0.0', '172.15.255.255', '172.32.0.0', '192.0.1.0'],
  ['192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0', '223.255.255.255'],
  ['::ffff:8.8.8.8', '64:ff9b::8.8.8.8', '64:ff9b::808:808'],
  ['2000::1', '2001:200::1', '2001:4860:4860::8888', '2003::1', '2606:4700::1111', '2a00::1', '3ffe::1', '3fff:1000::1'],
].flat();

/** IANA's registries of special-purpose addresses, IPv4 and IPv6 (RFC 6890 and successors), block by block, and multicast. */
const REGISTRIES = [
  ['0.0.0.0/8', '0.0.0.0/32', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24'],
  ['192.0.0.0/29', '192.0.0.8/32', '192.0.0.9/32', '192.0.0.10/32', '192.0.0.170/32', '192.0.0.171/32', '192.0.2.0/24'],
  ['192.31.196.0/24', '192.52.193.0/24', '192.88.99.0/24', '192.88.99.2/32', '192.168.0.0/16', '192.175.48.0/24'],
  ['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4', '255.255.255.255/32'],
  ['::1/128', '::/128', '::/96', '64:ff9b:1::/48', '100::/64', '100:0:0:1::/64', '2001::/23', '2001::/32', '2001:1::1/128'],
  ['2001:1::2/128', '2001:1::3/128', '2001:2::/48', '2001:3::/32', '2001:4:112::/48', '2001:10::/28', '2001:20::/28'],
  ['2001:30::/28', '2001:db8::/32', '2002::/16', '2620:4f:8000::/48', '3fff::/20', '5f00::/16', 'fc00::/7', 'fe80::/10'],
  ['fec0::/10', 'ff00::/8'],
].flat();

const anyIpv4 = fc.tuple(...Array.from({ length: 4 }, () => fc.integer({ min: 0, max: 255 })));
const anyIpv6 = fc.tuple(...Array.from({ length: 8 }, () => fc.integer({ min: 0, max: 0xffff })));

/** Every notation of an IPv4 address that URLs take. */
function notations([a = 0, b = 0, c = 0, d = 0]: readonly number[]): string[] {
  const hex = (part: number) => `0x${part.toString(16)}`;
  const octal = (part: number) => `0${part.toString(8)}`;
  const number = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  const plain = `${a}.${b}.${c}.${d}`;
  const digits = '⓪①②③④⑤⑥⑦⑧⑨';
  return [
    plain,
    `${plain}.`,
    [a, b, c, d].map(hex).join('.'),
    [a, b, c, d].map(octal).join('.'),
    `${hex(a)}.${octal(b)}.${(c << 8) | d}`,
    `${a}.${(b << 16) | (c << 8) | d}`,
    String(number),
    hex(number),
    octal(number),
    plain.replaceAll('.', '。'),
    plain.replaceAll('.', '%2e'),
    [...plain].map((sign) => `%${sign.charCodeAt(0).toString(16)}`).join(''),
    plain.replace(/\d/g, (digit) => digits[Number(digit)] ?? ''),
    `[::ffff:${plain}]`,
    `[::ffff:${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}]`,
    `[0:0:0:0:0:FFFF:${plain}]`,
    `[64:ff9b::${plain}]`,
  ];
}

function hostOf(notation: string): string {
  return new URL(`http://${notation}/`).hostname.replace(/^\[(.*)\]$/, '$1');
}

describe('isPublicAddress', () => {
  it.each(FORBIDDEN)('refuses %s', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each(REGISTRIES)('refuses the first, the last and any address of %s', (block) => {
    const [base, bits] = ipaddr.parseCIDR(block);
    const bytes = base.toByteArray();
    const within = (fill: readonly number[]): string => {
      const mixed = bytes.map((byte, index) => {
        const free = 0xff >> Math.min(8, Math.max(0, bits - index * 8));
        return (byte & ~free) | ((fill[index] ?? 0) & free);
      });
      return ipaddr.fromByteArray(mixed).toString();
    };
    expect(isPublicAddress(within(bytes.map(() => 0)))).toBe(false);
    expect(isPublicAddress(within(bytes.map(() => 0xff)))).toBe(false);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 16, maxLength: 16 }),
        (fill) => !isPublicAddress(within(fill)),
      ),
    );
  });

  it.each(PUBLIC)('lets %s pass', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '',
    'localhost',
    '2130706433',
    '0x7f000001',
    '127.1',
    '8.8.8',
    '08.8.8.8',
    ' 8.8.8.8',
    '8.8.8.8 ',
    '[2a00::1]',
    '2a00::1%1',
  ])('refuses %j, which no system answers with', (text) => {
    expect(isPublicAddress(text)).toBe(false);
  });

  it('judges every notation of an address that a URL can have like the address', () => {
    const forbidden = FORBIDDEN.filter((text) => ipaddr.IPv4.isValidFourPartDecimal(text));
    for (const text of [...forbidden, '8.8.8.8']) {
      for (const notation of notations(text.split('.').map(Number))) {
        expect([notation, isPublicAddress(hostOf(notation))]).toEqual([notation, text === '8.8.8.8']);
      }
    }
    fc.assert(
      fc.property(anyIpv4, (octets) => {
        const expected = isPublicAddress(octets.join('.'));
        return notations(octets).every((notation) => isPublicAddress(hostOf(notation)) === expected);
      }),
    );
  });

  it('judges long, short, upper and lower case forms of IPv6 alike', () => {
    fc.assert(
      fc.property(anyIpv6, (parts) => {
        const address = new ipaddr.IPv6([...parts]);
        const forms = [address.toString(), address.toNormalizedString(), address.toRFC5952String()];
        const verdicts = forms.flatMap((form) => [form, form.toUpperCase(), hostOf(`[${form}]`)]).map(isPublicAddress);
        return new Set(verdicts).size === 1;
      }),
    );
  });

  it('refuses whatever another library calls special', () => {
    const isSpecial = (address: ipaddr.IPv4 | ipaddr.IPv6) => !['unicast', 'rfc6052', 'ipv4Mapped'].includes(address.range());
    fc.assert(
      fc.property(anyIpv4, (octets) => {
        const address = new ipaddr.IPv4([...octets]);
        return !isSpecial(address) || !isPublicAddress(address.toString());
      }),
      { numRuns: 2000 },
    );
    const nearGlobal = anyIpv6.map(([first = 0, ...rest]) => [0x2000 | (first & 0x1fff), ...rest]);
    fc.assert(
      fc.property(fc.oneof(anyIpv6, nearGlobal), (parts) => {
        const address = new ipaddr.IPv6([...parts]);
        return !isSpecial(address) || !isPublicAddress(address.toString());
      }),
      { numRuns: 2000 },
    );
  });

  it('allows of IPv6 nothing but what is handed out, and embedded public IPv4', () => {
    fc.assert(
      fc.property(anyIpv6, (parts) => {
        const address = new ipaddr.IPv6([...parts]);
        return ((parts[0] ?? 0) & 0xe000) === 0x2000 || !isPublicAddress(address.toString());
      }),
      { numRuns: 2000 },
    );
  });
});
