import { describe, expect, test } from 'vitest';
import type { SignatureProfile } from '../../src/engine/outbound-model.ts';
import { makeSecret, makeSigningKey } from '../../src/outbound/signing/keys.ts';
import { signRequest } from '../../src/outbound/signing/sign.ts';
import { spoilSignatures } from '../../src/outbound/spoil-signatures.ts';

const request = {
  id: 'msg_0190163d8694739ba53b8f2f7cc6bd3d',
  timestamp: 1_614_265_330,
  body: '{"test":true}',
  url: 'https://shop.example/',
  method: 'POST',
  eventType: 'hookline.verification',
};
const PROFILES: readonly SignatureProfile[] = [
  { type: 'standard' },
  { type: 'standard-v1a' },
  { type: 'dastra' },
  { type: 'logto', header: 'X-Webhook-Signature' },
  { type: 'github' },
  { type: 'stripe' },
  { type: 'shopify' },
  {
    type: 'custom',
    header: 'X-Own',
    algorithm: 'sha1',
    encoding: 'hex',
    prefix: 'v0=',
    signed: '{timestamp}.{body}',
    keyEncoding: 'text',
  },
];

/** How many characters differ. */
function differences(one: string, two: string): number {
  return [...one].filter((character, index) => character !== two[index]).length;
}

describe('spoiled signatures', () => {
  test.each(PROFILES.map((profile): [string, SignatureProfile] => [profile.type, profile]))(
    'of %s differ in one character each, and nothing else does',
    (_type, profile) => {
      const secrets = {
        secret: makeSecret(),
        previous: { secret: makeSecret(), until: 2 },
        signingKey: makeSigningKey(),
        previousKey: { signingKey: makeSigningKey(), until: 2 },
      };
      const headers = signRequest(request, [profile], secrets, 1);
      const spoiled = spoilSignatures(headers, [profile]);
      expect(Object.keys(spoiled)).toEqual(Object.keys(headers));
      const changed = Object.keys(headers).filter((name) => headers[name] !== spoiled[name]);
      expect(changed).toHaveLength(1);
      const [name = ''] = changed;
      const count = ['standard', 'standard-v1a', 'stripe'].includes(profile.type) ? 2 : 1;
      expect(spoiled[name]).toHaveLength((headers[name] ?? '').length);
      expect(differences(headers[name] ?? '', spoiled[name] ?? '')).toBe(count);
    },
  );
});
