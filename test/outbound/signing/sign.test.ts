import { createHmac, createPublicKey, timingSafeEqual, verify as verifyBytes } from 'node:crypto';
import { verify as verifyGithub } from '@octokit/webhooks-methods';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import { describe, expect, it } from 'vitest';
import { type EndpointSecrets, type SignatureProfile, signatureProfileSchema } from '../../../src/engine/outbound-model.ts';
import { makeSecret, makeSigningKey, publicKeyOf } from '../../../src/outbound/signing/keys.ts';
import { type SignedRequest, signRequest } from '../../../src/outbound/signing/sign.ts';

const now = Date.now();
const request: SignedRequest = {
  id: 'msg_0190f0e0000070008000000000000001',
  timestamp: Math.floor(now / 1000),
  body: '{"type":"order.created","data":{"total":12.5}}',
  url: 'https://example.com/webhooks?a=1',
  method: 'POST',
  eventType: 'order.created',
};
const secrets: EndpointSecrets = { secret: makeSecret(), signingKey: makeSigningKey() };

const bodies: readonly (readonly [string, string])[] = [
  ['plain', request.body],
  ['empty', '{}'],
  ['with characters of two and three bytes', '{"nom":"Zoë Çelik","名":"值"}'],
  ['with emoji', '{"text":"🎉 done 👩‍👩‍👧"}'],
  ['with placeholders in it', '{"text":"{id} {timestamp} $& $1 {body}"}'],
  ['large', JSON.stringify({ list: Array.from({ length: 30_000 }, (_, index) => `élément ${index}`) })],
];

function signOne(profile: SignatureProfile, body: string, given: EndpointSecrets = secrets): Record<string, string> {
  return signRequest({ ...request, body }, [profile], given, now);
}

function verifyEd25519(text: string, signature: string, publicKey: string): boolean {
  const x = Buffer.from(publicKey.replace(/^whpk_/, ''), 'base64').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verifyBytes(null, Buffer.from(text), key, Buffer.from(signature, 'base64'));
}

describe('Standard Webhooks', () => {
  it('gives the signature of the known test vector', () => {
    const vector = {
      ...request,
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: 1_614_265_330,
      body: '{"test": 2432232314}',
    };
    expect(signRequest(vector, [{ type: 'standard' }], { secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }, now)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it.each(bodies)('is verified by standardwebhooks and svix: a body %s', (_what, body) => {
    const headers = signOne({ type: 'standard' }, body);
    expect(new Webhook(secrets.secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(new SvixWebhook(secrets.secret).verify(body, headers)).toEqual(JSON.parse(body));
    expect(() => new Webhook(secrets.secret).verify(`${body} `, headers)).toThrow();
    expect(() => new Webhook(makeSecret()).verify(body, headers)).toThrow();
  });

  it('is verified with the new and with the previous key during a rotation, with the previous one no longer behind it', () => {
    const rotated: EndpointSecrets = { secret: makeSecret(), previous: { secret: secrets.secret, until: now + 1 } };
    const during = signOne({ type: 'standard' }, request.body, rotated);
    expect(during['webhook-signature']?.split(' ')).toHaveLength(2);
    for (const key of [rotated.secret, secrets.secret]) {
      new Webhook(key).verify(request.body, during);
      new SvixWebhook(key).verify(request.body, during);
    }
    const behind = signRequest(request, [{ type: 'standard' }], rotated, now + 1);
    new Webhook(rotated.secret).verify(request.body, behind);
    expect(() => new Webhook(secrets.secret).verify(request.body, behind)).toThrow();
  });

  it('leaves out a previous key that is not written as it wants: it served another profile', () => {
    const given: EndpointSecrets = { secret: makeSecret(), previous: { secret: 'a plain text', until: now + 1 } };
    expect(signOne({ type: 'standard' }, '{}', given)['webhook-signature']?.split(' ')).toHaveLength(1);
    expect(signOne({ type: 'stripe' }, '{}', given)['Stripe-Signature']?.split(',')).toHaveLength(3);
  });

  it.each(bodies)('v1a is verified with the public key: a body %s', (_what, body) => {
    const signature = signOne({ type: 'standard-v1a' }, body)['webhook-signature'] ?? '';
    const publicKey = publicKeyOf(secrets.signingKey ?? '');
    const text = `${request.id}.${request.timestamp}.${body}`;
    expect(signature.startsWith('v1a,')).toBe(true);
    expect(verifyEd25519(text, signature.slice(4), publicKey)).toBe(true);
    expect(verifyEd25519(`${text} `, signature.slice(4), publicKey)).toBe(false);
    expect(verifyEd25519(text, signature.slice(4), publicKeyOf(makeSigningKey()))).toBe(false);
  });

  it('shares one header between v1 and v1a, also in a rotation of both', () => {
    const rotated: EndpointSecrets = {
      secret: makeSecret(),
      previous: { secret: secrets.secret, until: now + 1 },
      signingKey: makeSigningKey(),
      previousKey: { signingKey: secrets.signingKey ?? '', until: now + 1 },
    };
    const headers = signRequest(request, [{ type: 'standard' }, { type: 'standard-v1a' }], rotated, now);
    const signatures = headers['webhook-signature']?.split(' ') ?? [];
    expect(signatures.map((signature) => signature.split(',')[0])).toEqual(['v1', 'v1', 'v1a', 'v1a']);
    new Webhook(secrets.secret).verify(request.body, headers);
    const text = `${request.id}.${request.timestamp}.${request.body}`;
    const [current = '', before = ''] = signatures.slice(2).map((signature) => signature.slice(4));
    expect(verifyEd25519(text, current, publicKeyOf(rotated.signingKey ?? ''))).toBe(true);
    expect(verifyEd25519(text, before, publicKeyOf(secrets.signingKey ?? ''))).toBe(true);
  });

  it('signs with the key of the profile alone when it has one: the rotation is of the other', () => {
    const own = makeSecret();
    const given: EndpointSecrets = { secret: makeSecret(), previous: { secret: secrets.secret, until: now + 1 } };
    const headers = signOne({ type: 'standard', secret: own }, '{}', given);
    expect(headers['webhook-signature']?.split(' ')).toHaveLength(1);
    new Webhook(own).verify('{}', headers);
    const stripe = signOne({ type: 'stripe', secret: 'a key of its own' }, '{}', given)['Stripe-Signature'] ?? '';
    expect(Stripe.webhooks.constructEvent('{}', stripe, 'a key of its own')).toEqual({});
  });

  it('lists the signatures of two profiles with keys of their own', () => {
    const own = makeSecret();
    const headers = signRequest(
      { ...request, body: '{}' },
      [{ type: 'standard' }, { type: 'standard', secret: own }],
      secrets,
      now,
    );
    for (const key of [secrets.secret, own]) new Webhook(key).verify('{}', headers);
  });

  it('reads a key again when the object that holds it was changed', () => {
    const changing: EndpointSecrets = { secret: makeSecret() };
    const first = signOne({ type: 'standard' }, '{}', changing);
    changing.secret = secrets.secret;
    const second = signOne({ type: 'standard' }, '{}', changing);
    expect(second['webhook-signature']).not.toBe(first['webhook-signature']);
    new Webhook(secrets.secret).verify('{}', second);
  });
});

describe('the profiles of other senders', () => {
  it.each(bodies)('GitHub is verified by @octokit/webhooks-methods: a body %s', async (_what, body) => {
    const headers = signOne({ type: 'github' }, body);
    expect(headers).toMatchObject({ 'X-GitHub-Event': 'order.created', 'X-GitHub-Delivery': request.id });
    const signature = headers['X-Hub-Signature-256'] ?? '';
    expect(await verifyGithub(secrets.secret, body, signature)).toBe(true);
    expect(await verifyGithub(secrets.secret, `${body} `, signature)).toBe(false);
  });

  it.each(bodies)('Stripe is verified by stripe: a body %s', (_what, body) => {
    const header = signOne({ type: 'stripe' }, body)['Stripe-Signature'] ?? '';
    expect(Stripe.webhooks.constructEvent(body, header, secrets.secret)).toEqual(JSON.parse(body));
    expect(() => Stripe.webhooks.constructEvent(`${body} `, header, secrets.secret)).toThrow();
  });

  it('Stripe is verified with both keys during a rotation', () => {
    const rotated: EndpointSecrets = { secret: 'the new key of it', previous: { secret: 'the key before it', until: now + 1 } };
    const header = signOne({ type: 'stripe' }, request.body, rotated)['Stripe-Signature'] ?? '';
    expect(header).toMatch(/^t=\d+,v1=[0-9a-f]{64},v1=[0-9a-f]{64}$/);
    for (const key of ['the new key of it', 'the key before it']) {
      Stripe.webhooks.constructEvent(request.body, header, key);
    }
  });

  it.each(bodies)('Dastra is verified as its page does it in PHP and in C#: a body %s', (_what, body) => {
    // PHP: base64_encode(hex2bin(hash_hmac('sha256', $payload, utf8_encode($secret)))), hash_equals
    const php = (secret: string, payload: string, given: string): boolean => {
      const hexHash = createHmac('sha256', Buffer.from(secret, 'utf8')).update(payload).digest('hex');
      const computed = Buffer.from(hexHash, 'hex').toString('base64');
      return computed.length === given.length && timingSafeEqual(Buffer.from(computed), Buffer.from(given));
    };
    // C#: Convert.ToBase64String(new HMACSHA256(UTF8(secret)).ComputeHash(UTF8(payload))).Equals(signature)
    const csharp = (signature: string, payload: string, secret: string): boolean => {
      const hash = createHmac('sha256', new TextEncoder().encode(secret)).update(new TextEncoder().encode(payload)).digest();
      return btoa(String.fromCharCode(...hash)) === signature;
    };
    const own = 'your validation key';
    const header = signOne({ type: 'dastra', secret: own }, body)['Dastra-Signature'] ?? '';
    expect(php(own, body, header)).toBe(true);
    expect(csharp(header, body, own)).toBe(true);
    expect(php(own, `${body} `, header)).toBe(false);
    expect(csharp(header, body, `${own}.`)).toBe(false);
    // Without a key of its own the endpoint's secret is the key, as it is shown.
    expect(php(secrets.secret, body, signOne({ type: 'dastra' }, body)['Dastra-Signature'] ?? '')).toBe(true);
  });

  it('Logto is verified as its page does it', () => {
    const verifySignature = (payload: unknown, signature: string, secret: string): boolean => {
      const expected = createHmac('sha256', secret).update(JSON.stringify(payload)).digest('hex');
      return timingSafeEqual(Buffer.from(signature), Buffer.from(expected));
    };
    const headers = signOne({ type: 'logto', header: 'X-Webhook-Signature' }, request.body);
    expect(headers['X-Webhook-Version']).toBe('1.0');
    expect(verifySignature(JSON.parse(request.body), headers['X-Webhook-Signature'] ?? '', secrets.secret)).toBe(true);
    const named = signOne({ type: 'logto', header: 'logto-signature-sha-256' }, request.body);
    expect(named['logto-signature-sha-256']).toBe(headers['X-Webhook-Signature']);
  });

  it('Shopify is base64 over the body', () => {
    const expected = createHmac('sha256', secrets.secret).update(request.body).digest('base64');
    expect(signOne({ type: 'shopify' }, request.body)).toMatchObject({
      'X-Shopify-Hmac-SHA256': expected,
      'X-Shopify-Topic': 'order.created',
      'X-Shopify-Webhook-Id': request.id,
    });
  });

  it('that hold one signature have the new key at once', () => {
    const rotated: EndpointSecrets = { secret: 'the new key', previous: { secret: secrets.secret, until: now + 1 } };
    for (const type of ['dastra', 'github', 'shopify'] as const) {
      expect(signOne({ type }, '{}', rotated)).toEqual(signOne({ type }, '{}', { secret: 'the new key' }));
    }
  });

  it('may all be there at once', () => {
    const profiles = ['standard', 'standard-v1a', 'dastra', 'logto', 'github', 'stripe', 'shopify'].map((type) =>
      signatureProfileSchema.parse({ type }),
    );
    expect(Object.keys(signRequest(request, profiles, secrets, now)).sort()).toEqual([
      'Dastra-Signature',
      'Stripe-Signature',
      'X-GitHub-Delivery',
      'X-GitHub-Event',
      'X-Hub-Signature-256',
      'X-Shopify-Hmac-SHA256',
      'X-Shopify-Topic',
      'X-Shopify-Webhook-Id',
      'X-Webhook-Signature',
      'X-Webhook-Version',
      'webhook-id',
      'webhook-signature',
      'webhook-timestamp',
    ]);
  });
});

describe('a custom profile', () => {
  const text = fc.string({ unit: 'binary', maxLength: 40 });
  const keys = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 8, maxLength: 60 }).map((secret) => ({ keyEncoding: 'text' as const, secret })),
    fc.uint8Array({ minLength: 8, maxLength: 64 }).map((bytes) => ({
      keyEncoding: 'hex' as const,
      secret: Buffer.from(bytes).toString('hex'),
    })),
    fc.uint8Array({ minLength: 8, maxLength: 64 }).map((bytes) => ({
      keyEncoding: 'base64' as const,
      secret: Buffer.from(bytes).toString('base64'),
    })),
  );

  it('signs what its template says, in one pass, with its key, algorithm, encoding and prefix', () => {
    const profiles = fc.record({
      key: keys,
      algorithm: fc.constantFrom('sha1' as const, 'sha256' as const, 'sha512' as const),
      encoding: fc.constantFrom('hex' as const, 'base64' as const),
      prefix: fc.constantFrom('', 'sha256=', 'v0='),
      pieces: fc.array(
        fc.oneof(fc.constantFrom('{timestamp}', '{id}', '{url}', '{method}', '{body}'), fc.constantFrom('.', ':', 'v0:')),
        {
          maxLength: 6,
        },
      ),
      body: fc.oneof(text, fc.constant('{"a":"{id}{url}"}')),
    });
    fc.assert(
      fc.property(profiles, ({ key, algorithm, encoding, prefix, pieces, body }) => {
        const values: Record<string, string> = {
          '{timestamp}': String(request.timestamp),
          '{id}': request.id,
          '{url}': request.url,
          '{method}': request.method,
          '{body}': body,
        };
        const all = [...pieces, '{body}'];
        const profile = signatureProfileSchema.parse({
          type: 'custom',
          header: 'X-Signature',
          algorithm,
          encoding,
          prefix,
          signed: all.join(''),
          ...key,
        });
        const bytes = Buffer.from(key.secret, key.keyEncoding === 'text' ? 'utf8' : key.keyEncoding);
        const signed = all.map((piece) => values[piece] ?? piece).join('');
        const expected = prefix + createHmac(algorithm, bytes).update(signed).digest(encoding);
        expect(signOne(profile, body)['X-Signature']).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it('takes the secret of the endpoint as base64, without whsec_', () => {
    const profile = signatureProfileSchema.parse({ type: 'custom', header: 'X-Signature', keyEncoding: 'base64' });
    const key = Buffer.from(secrets.secret.slice(6), 'base64');
    expect(signOne(profile, '{}')['X-Signature']).toBe(createHmac('sha256', key).update('{}').digest('hex'));
  });

  it('fails when its key is not written as it says, without repeating the key', () => {
    const profile = signatureProfileSchema.parse({
      type: 'custom',
      header: 'X-Signature',
      keyEncoding: 'hex',
      secret: 'this-is-no-hex',
    });
    expect(() => signOne(profile, '{}')).toThrow(
      expect.objectContaining({ code: 'invalid_endpoint', message: expect.not.stringContaining('this-is-no-hex') }),
    );
  });
});

it('fails with a sentence when a key is missing or cannot be one', () => {
  expect(() => signOne({ type: 'standard' }, '{}', { secret: 'your validation key' })).toThrow(
    expect.objectContaining({ code: 'invalid_endpoint', message: expect.stringContaining('"standard"') }),
  );
  expect(() => signOne({ type: 'standard-v1a' }, '{}', { secret: makeSecret() })).toThrow(/the endpoint has no signing key/);
});
