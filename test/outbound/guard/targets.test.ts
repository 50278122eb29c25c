import { describe, expect, it } from 'vitest';
import {
  type AllowedTarget,
  isAddressAllowed,
  isPortAllowed,
  parsePorts,
  parseTarget,
} from '../../../src/outbound/guard/targets.ts';

function rules(targets: readonly string[], ports = '80,443') {
  return {
    targets: targets.map((text): AllowedTarget => {
      const target = parseTarget(text);
      if (target === undefined) throw new Error(`cannot read ${text}`);
      return target;
    }),
    ports: parsePorts(ports) ?? [],
  };
}

describe('parseTarget', () => {
  it.each([
    ['10.0.0.0/8', 'http://anything/', '10.9.8.7', true],
    ['10.0.0.0/8', 'http://anything/', '11.0.0.1.', false],
    ['10.0.0.0/8', 'http://anything/', '192.168.0.1', false],
    ['10.0.0.0/8', 'http://anything/', '::ffff:10.9.8.7', true],
    ['10.0.0.0/8', 'http://anything:8080/', '10.9.8.7', false],
    ['10.1.2.3', 'http://anything/', '10.1.2.3', true],
    ['10.1.2.3', 'http://anything/', '10.1.2.4', false],
    ['127.0.0.1:9000', 'http://anything:9000/', '127.0.0.1', true],
    ['127.0.0.1:9000', 'http://anything:9001/', '127.0.0.1', false],
    ['127.0.0.1:9000', 'http://anything/', '127.0.0.1', false],
    ['127.0.0.1:9000', 'http://anything:9000/', '127.0.0.2', false],
    ['[fd00::1]:9000', 'http://anything:9000/', 'fd00::1', true],
    ['[fd00::1]', 'http://anything/', 'fd00::1', true],
    ['fd00::1', 'http://anything/', 'fd00::1', true],
    ['fd00::/8', 'http://anything/', 'fd12::34', true],
    ['fd00::/8', 'http://anything/', 'fc00::1', false],
    ['::1', 'http://anything/', '127.0.0.1', false],
    ['erp.internal', 'https://erp.internal/', '10.0.0.1', true],
    ['ERP.Internal', 'https://erp.internal./', '10.0.0.1', true],
    ['erp.internal', 'https://x.erp.internal/', '10.0.0.1', false],
    ['erp.internal', 'https://erp.internal:8443/', '10.0.0.1', false],
    ['erp.internal:8443', 'https://erp.internal:8443/', '10.0.0.1', true],
    ['erp.internal', 'https://erp.internal/', 'fe80::1%eth0', false],
    ['0.0.0.0/0', 'http://anything/', '127.0.0.1', true],
  ])('with %s allowed, %s at %s is %s', (target, url, address, expected) => {
    const { hostname, port, protocol } = new URL(url);
    const destination = { host: hostname, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
    expect(isAddressAllowed(rules([target]), destination, address)).toBe(expected);
  });

  it.each([
    '',
    '*',
    '*.internal',
    'http://a',
    'a/b',
    'a:0',
    'a:65536',
    'a:b',
    'a b',
    'user@a',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0/8',
    'fd00::/129',
    '[fd00::1',
    '[10.0.0]:1',
    'fe80::1%eth0',
    '10.0.0.0/8:80',
  ])('refuses %j', (text) => {
    expect(parseTarget(text)).toBeUndefined();
  });
});

describe('parsePorts', () => {
  it('reads ports and ranges', () => {
    expect(parsePorts('443')).toEqual([[443, 443]]);
    expect(parsePorts(' 80 , 8000 - 8999')).toEqual([
      [80, 80],
      [8000, 8999],
    ]);
  });

  it.each(['', '0', '65536', '1-', '2-1', '80,', '80;81', 'http'])('refuses %j', (text) => {
    expect(parsePorts(text)).toBeUndefined();
  });

  it('holds for public addresses, and a target names a port beside them', () => {
    const both = rules(['127.0.0.1:25']);
    expect(isPortAllowed(both, 443)).toBe(true);
    expect(isPortAllowed(both, 25)).toBe(true);
    expect(isPortAllowed(both, 22)).toBe(false);
    expect(isAddressAllowed(both, { host: 'a', port: 443 }, '8.8.8.8')).toBe(true);
    expect(isAddressAllowed(both, { host: 'a', port: 25 }, '8.8.8.8')).toBe(false);
  });
});
