// Requests that verification code must accept or refuse, for every profile.

import { randomBytes } from 'node:crypto';
import { type EndpointSecrets, type SignatureProfile, signatureProfileSchema } from '../../../../src/engine/outbound-model.ts';
import { makeSecret, makeSigningKey, publicKeyOf } from '../../../../src/outbound/signing/keys.ts';
import { isSigned, schemeOf } from '../../../../src/outbound/signing/profiles.ts';
import { type SignedRequest, signRequest } from '../../../../src/outbound/signing/sign.ts';

export interface SnippetCase {
  /** Index in `PROFILES`. */
  readonly profile: number;
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** `WEBHOOK_SECRET`. */
  readonly secret: string;
  readonly expected: 'valid' | 'invalid';
}

export const URL_SIGNED = 'https://example.com/hooks?a=$HOME&b=#{1}%20\'"`é🎉';

/** Characters that mean something in one language or another must stay what they are. */
export const PROFILES: readonly SignatureProfile[] = [
  { type: 'standard' },
  { type: 'standard-v1a' },
  { type: 'dastra', secret: 'your validation key é' },
  { type: 'logto' },
  { type: 'github' },
  { type: 'stripe' },
  { type: 'shopify' },
  { type: 'custom', header: 'X-Plain', secret: 'text $(date) #{1} \' " \\ `é🎉`' },
  { type: 'custom', header: 'X-Hex', algorithm: 'sha1', keyEncoding: 'hex', secret: randomBytes(20).toString('hex') },
  {
    type: 'custom',
    header: 'X-Everything',
    algorithm: 'sha512',
    encoding: 'base64',
    prefix: 'v="$HOME" #{1} %s \\n\' {$x}; ',
    signed: `{method} {url}\r\n{id}\t$HOME #{1} %s \\u0022 '"\`\${x}é🎉?>{timestamp}*/{body}{body}//`,
    keyEncoding: 'base64',
  },
].map((profile) => signatureProfileSchema.parse(profile));

const BODIES = ['{"type":"order.created","data":{"total":12.5}}', '{"nom":"Zoë 🎉","名":["值", "%s \\\\ $x"]}\n'] as const;

/** Signed now: the code that is tested looks at the clock. */
export function makeCases(): SnippetCase[] {
  return PROFILES.flatMap((profile, index) => casesOf(profile, index));
}

function casesOf(profile: SignatureProfile, index: number): SnippetCase[] {
  const scheme = schemeOf(profile);
  const hasTime = isSigned(scheme, 'timestamp');
  const secrets: EndpointSecrets = { secret: makeSecret(), signingKey: makeSigningKey() };
  const others: EndpointSecrets = { secret: makeSecret(), signingKey: makeSigningKey() };
  const isPair = profile.type === 'standard-v1a';
  const own = 'secret' in profile ? profile.secret : undefined;
  const secretOf = (given: EndpointSecrets): string => own ?? (isPair ? publicKeyOf(given.signingKey ?? '') : given.secret);
  const secret = secretOf(secrets);
  const now = Date.now();
  const timestamp = Math.floor(now / 1000);
  const sign = (change: Partial<SignedRequest> = {}, given = secrets): Record<string, string> => {
    const request = { id: 'msg_0190f0', timestamp, body: BODIES[0], url: URL_SIGNED, method: 'POST', eventType: 'order.created' };
    return signRequest({ ...request, ...change }, [profile], given, now);
  };
  const headers = sign();
  const signature = headers[scheme.header] ?? '';
  const withSignature = (value: string): Record<string, string> => ({ ...headers, [scheme.header]: value });
  const make = (name: string, expected: SnippetCase['expected'], change: Partial<SnippetCase> = {}): SnippetCase => {
    return { profile: index, name: `${profile.type} ${index}: ${name}`, headers, body: BODIES[0], secret, expected, ...change };
  };
  const whenTimed = hasTime ? 'invalid' : 'valid';
  const otherSecret = own === undefined ? secretOf(others) : own.replace(/.$/u, (last) => (last === '0' ? '1' : '0'));
  const changedTime = scheme.isTimestampInside
    ? withSignature(signature.replace(`t=${timestamp}`, `t=${timestamp + 1}`))
    : { ...headers, 'webhook-timestamp': String(timestamp + 1) };
  const { [scheme.header]: _signature, ...unsigned } = headers;
  const { 'webhook-id': _id, ...withoutId } = headers;

  const cases = [
    make('as it was sent', 'valid'),
    make('header names in other letters', 'valid', {
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value])),
    }),
    make('another alphabet', 'valid', { headers: sign({ body: BODIES[1] }), body: BODIES[1] }),
    make('the body changed', 'invalid', { body: BODIES[0].replace('12.5', '12.6') }),
    make('the body longer by a line break', 'invalid', { body: `${BODIES[0]}\n` }),
    make('another key', 'invalid', { secret: otherSecret }),
    make('the timestamp changed', whenTimed, { headers: changedTime }),
    make('too old', whenTimed, { headers: sign({ timestamp: timestamp - 400 }) }),
    make('too new', whenTimed, { headers: sign({ timestamp: timestamp + 400 }) }),
    make('no time', whenTimed, { headers: sign({ timestamp: Number.NaN }) }),
    make('no signature', 'invalid', { headers: unsigned }),
    make('an empty signature', 'invalid', { headers: withSignature('') }),
    make('a part of the signature', 'invalid', { headers: withSignature(signature.slice(0, -8)) }),
    make('no id', isSigned(scheme, 'id') ? 'invalid' : 'valid', { headers: withoutId }),
  ];
  if (scheme.separator === null) return cases;
  const rotated: EndpointSecrets = {
    ...others,
    previous: { secret: secrets.secret, until: now + 1 },
    previousKey: { signingKey: secrets.signingKey ?? '', until: now + 1 },
  };
  return [...cases, make('in a rotation, with the key before', 'valid', { headers: sign({}, rotated) })];
}

/** That the program can be called as it says. */
export const two = (cases: readonly SnippetCase[]): SnippetCase[] =>
  cases.filter(({ name }) => /: (another alphabet|another key)$/.test(name));
