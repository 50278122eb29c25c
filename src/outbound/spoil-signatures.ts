// Pure: makes signatures wrong by one character each, to find out whether a receiver looks at them.

import type { SignatureProfile } from '../engine/outbound-model.ts';
import { schemeOf } from './signing/profiles.ts';

/** A digest in hex or base64: longer than any word, number or time around it. */
const DIGEST = /[0-9A-Za-z+/_-]{24,}/g;

/** The headers of a signed request with one character changed in each signature; times, ids and versions stay right. */
export function spoilSignatures(
  headers: Readonly<Record<string, string>>,
  profiles: readonly SignatureProfile[],
): Record<string, string> {
  const signing = new Set(profiles.map((profile) => schemeOf(profile).header.toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      signing.has(name.toLowerCase()) ? value.replaceAll(DIGEST, spoilDigest) : value,
    ]),
  );
}

/** In the middle: some bits of the last character of base64 mean nothing. Both letters are hex and base64. */
function spoilDigest(digest: string): string {
  const place = Math.floor(digest.length / 2);
  return digest.slice(0, place) + (digest[place] === 'a' ? 'b' : 'a') + digest.slice(place + 1);
}
