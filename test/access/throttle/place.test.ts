// What counts as one place.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeOfAddress, placesOfAddress } from '../../../src/access/throttle/place.ts';

test.each([
  ['127.0.0.1', '127.0.0.1', undefined],
  ['::ffff:203.0.113.7', '203.0.113.7', undefined],
  ['::FFFF:cb00:7107', '203.0.113.7', undefined],
  ['0:0:0:0:0:ffff:203.0.113.7', '203.0.113.7', undefined],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:DB8:1:2::1', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['2001:0db8:0001:0002:ffff::', '2001:db8:1:2::/64', '2001:db8:1::/48'],
  ['::1', '0:0:0:0::/64', '0:0:0::/48'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64', 'fe80:0:0::/48'],
  ['', '', undefined],
  ['no address', 'no address', undefined],
])('%j is at %j', (address, narrow, wide) => {
  expect(placesOfAddress(address)).toEqual({ narrow, wide });
});

test('addresses are at one place when their first 64 bits are the same, however they are written', () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), (one, other) => {
      const isSame = new URL(`http://[${one}]/`).hostname === new URL(`http://[${other}]/`).hostname;
      if (isSame) expect(placeOfAddress(one)).toBe(placeOfAddress(other));
      expect(placeOfAddress(one.toUpperCase())).toBe(placeOfAddress(one));
    }),
  );
});
