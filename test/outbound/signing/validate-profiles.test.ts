import { describe, expect, it } from 'vitest';
import { type EndpointSecrets, type SignatureProfile, signatureProfileSchema } from '../../../src/engine/outbound-model.ts';
import { makeSecret, makeSigningKey } from '../../../src/outbound/signing/keys.ts';
import { validateProfiles } from '../../../src/outbound/signing/validate-profiles.ts';

const secrets: EndpointSecrets = { secret: makeSecret(), signingKey: makeSigningKey() };
const parse = (profiles: readonly unknown[]): SignatureProfile[] =>
  profiles.map((profile) => signatureProfileSchema.parse(profile));
const pathsOf = (profiles: readonly unknown[], given = secrets): string[] =>
  validateProfiles(parse(profiles), given).map(({ path }) => path);

describe('profiles that can be saved', () => {
  it.each([
    ['one of each', ['standard', 'standard-v1a', 'dastra', 'logto', 'github', 'stripe', 'shopify'].map((type) => ({ type }))],
    [
      'two Logto profiles with headers of their own',
      [{ type: 'logto' }, { type: 'logto', header: 'X-Other', secret: 'another key' }],
    ],
    ['two keys in the list of Standard Webhooks', [{ type: 'standard' }, { type: 'standard', secret: makeSecret() }]],
    ['two keys in the list of Stripe', [{ type: 'stripe' }, { type: 'stripe', secret: 'another key' }]],
    [
      'the same content written twice',
      [{ type: 'github' }, { type: 'custom', header: 'x-hub-signature-256', prefix: 'sha256=' }],
    ],
  ])('%s', (_what, profiles) => {
    expect(validateProfiles(parse(profiles), secrets)).toEqual([]);
  });
});

describe('profiles that cannot be saved', () => {
  it.each([
    ['the same header with other keys', [{ type: 'logto' }, { type: 'logto', secret: 'another key' }], 'profiles[1].header'],
    [
      'the same header in other letters',
      [{ type: 'logto' }, { type: 'custom', header: 'x-webhook-SIGNATURE', encoding: 'base64' }],
      'profiles[1].header',
    ],
    ['two GitHub profiles with other keys', [{ type: 'github' }, { type: 'github', secret: 'another key' }], 'profiles[1]'],
    [
      'a header that another profile adds',
      [{ type: 'github' }, { type: 'custom', header: 'X-GitHub-Event' }],
      'profiles[1].header',
    ],
    ['a list that is not one', [{ type: 'custom', header: 'Stripe-Signature' }, { type: 'stripe' }], 'profiles[1]'],
    ['a list and what is not one', [{ type: 'stripe' }, { type: 'logto', header: 'Stripe-Signature' }], 'profiles[1].header'],
    ['Host', [{ type: 'custom', header: 'Host' }], 'profiles[0].header'],
    ['Content-Type', [{ type: 'logto', header: 'Content-Type' }], 'profiles[0].header'],
    ['Content-Length', [{ type: 'custom', header: 'content-length' }], 'profiles[0].header'],
    ['webhook-signature', [{ type: 'custom', header: 'Webhook-Signature' }], 'profiles[0].header'],
    ['a name that objects have', [{ type: 'custom', header: '__proto__' }], 'profiles[0].header'],
    ['a part that there is not', [{ type: 'custom', header: 'X-S', signed: '{ts}.{body}' }], 'profiles[0].signed'],
    ['NUL', [{ type: 'custom', header: 'X-S', signed: '\0{body}' }], 'profiles[0].signed'],
    [
      'an own key that is not in its encoding',
      [{ type: 'custom', header: 'X-S', keyEncoding: 'hex', secret: 'no hex here' }],
      'profiles[0].secret',
    ],
    ['an own key that is not one of Standard Webhooks', [{ type: 'standard', secret: 'too short' }], 'profiles[0].secret'],
    ["the endpoint's secret that is not in its encoding", [{ type: 'custom', header: 'X-S', keyEncoding: 'hex' }], 'profiles[0]'],
  ])('%s', (_what, profiles, path) => {
    expect(pathsOf(profiles)).toEqual([path]);
  });

  it('lack a signing key', () => {
    expect(pathsOf([{ type: 'standard-v1a' }], { secret: makeSecret() })).toEqual(['profiles[0]']);
  });

  it('do not have their keys repeated', () => {
    const [problem] = validateProfiles(parse([{ type: 'standard', secret: 'my-own-secret' }]), secrets);
    expect(problem?.message).toMatch(/whsec_ and base64/);
    expect(problem?.message).not.toContain('my-own-secret');
  });
});
