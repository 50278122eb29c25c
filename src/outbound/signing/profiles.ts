// Pure: what each signature profile comes to: which header, over which text, with which key, written how. One table, from which
// requests are signed and the verification code for receivers is written.

import type { SignatureProfile } from '../../engine/outbound-model.ts';
import type { SignedRequest } from './sign.ts';

/** What may stand in braces in a signed text. */
export type SignedPart = 'body' | 'timestamp' | 'id' | 'url' | 'method';

/** How the text of a key becomes the key. `standard`: base64 behind `whsec_`; `ed25519`: a key pair. */
export type KeyEncoding = 'text' | 'hex' | 'base64' | 'standard' | 'ed25519';

export interface Scheme {
  /** For people. */
  readonly title: string;
  readonly header: string;
  readonly algorithm: 'sha1' | 'sha256' | 'sha512' | 'ed25519';
  readonly keyEncoding: KeyEncoding;
  /** Literal texts and parts of the request, in order. */
  readonly signed: readonly (string | { readonly part: SignedPart })[];
  readonly encoding: 'hex' | 'base64';
  /** In front of each signature. */
  readonly prefix: string;
  /** Between signatures: the header holds several while a key is rotated. Null: it holds one. */
  readonly separator: ' ' | ',' | null;
  /** Whether `t=<timestamp>` is the first of them, as Stripe has it; the timestamp is read from there. */
  readonly isTimestampInside: boolean;
  /** Headers that go with it. */
  readonly companions: Readonly<Record<string, (request: SignedRequest) => string>>;
}

const PART = /\{(body|timestamp|id|url|method)\}/;

/** `{id}.{body}` as parts. Split in one pass: what is put in is never looked at for braces. */
function parseSigned(template: string): Scheme['signed'] {
  return template
    .split(PART)
    .map((text, index) => (index % 2 === 1 ? { part: text as SignedPart } : text))
    .filter((part) => part !== '');
}

const BODY = parseSigned('{body}');

/** Standard Webhooks 1.0.0. */
const STANDARD = {
  header: 'webhook-signature',
  signed: parseSigned('{id}.{timestamp}.{body}'),
  encoding: 'base64',
  separator: ' ',
  isTimestampInside: false,
  companions: {},
} as const;

const OVER_BODY = {
  algorithm: 'sha256',
  keyEncoding: 'text',
  signed: BODY,
  prefix: '',
  separator: null,
  isTimestampInside: false,
  companions: {},
} as const;

/** Sources: Standard Webhooks 1.0.0; Dastra's and Logto's pages on webhooks; the senders' own documentation. */
export function schemeOf(profile: SignatureProfile): Scheme {
  switch (profile.type) {
    case 'standard':
      return {
        ...STANDARD,
        title: 'Standard Webhooks (v1, HMAC-SHA256)',
        algorithm: 'sha256',
        keyEncoding: 'standard',
        prefix: 'v1,',
      };
    case 'standard-v1a':
      return {
        ...STANDARD,
        title: 'Standard Webhooks (v1a, Ed25519)',
        algorithm: 'ed25519',
        keyEncoding: 'ed25519',
        prefix: 'v1a,',
      };
    case 'dastra':
      return { ...OVER_BODY, title: 'Dastra', header: 'Dastra-Signature', encoding: 'base64' };
    case 'logto':
      return {
        ...OVER_BODY,
        title: 'Logto',
        header: profile.header,
        encoding: 'hex',
        companions: { 'X-Webhook-Version': () => '1.0' },
      };
    case 'github':
      return {
        ...OVER_BODY,
        title: 'GitHub',
        header: 'X-Hub-Signature-256',
        encoding: 'hex',
        prefix: 'sha256=',
        companions: { 'X-GitHub-Event': ({ eventType }) => eventType, 'X-GitHub-Delivery': ({ id }) => id },
      };
    case 'stripe':
      return {
        ...OVER_BODY,
        title: 'Stripe',
        header: 'Stripe-Signature',
        signed: parseSigned('{timestamp}.{body}'),
        encoding: 'hex',
        prefix: 'v1=',
        separator: ',',
        isTimestampInside: true,
      };
    case 'shopify':
      return {
        ...OVER_BODY,
        title: 'Shopify',
        header: 'X-Shopify-Hmac-SHA256',
        encoding: 'base64',
        companions: { 'X-Shopify-Topic': ({ eventType }) => eventType, 'X-Shopify-Webhook-Id': ({ id }) => id },
      };
    case 'custom':
      return {
        ...OVER_BODY,
        title: `the header ${profile.header} (HMAC-${profile.algorithm.toUpperCase()})`,
        header: profile.header,
        algorithm: profile.algorithm,
        keyEncoding: profile.keyEncoding,
        signed: parseSigned(profile.signed),
        encoding: profile.encoding,
        prefix: profile.prefix,
      };
  }
}

/** Whether a part of the request is in the signed text. */
export function isSigned(scheme: Scheme, part: SignedPart): boolean {
  return scheme.signed.some((piece) => typeof piece !== 'string' && piece.part === part);
}
