// Pure: what the verification code of every language needs to know of a profile, in the form in which it is easiest to write down.

import type { SignatureProfile } from '../../../engine/outbound-model.ts';
import { isSigned, type Scheme, schemeOf } from '../profiles.ts';

/** Seconds by which a signed timestamp may differ from the receiver's clock: Standard Webhooks 1.0.0, Stripe. */
export const TOLERANCE_SECONDS = 300;

/** A literal text, or a value that the code has in a variable. */
export type TextPiece = string | { readonly variable: 'id' | 'timestamp' | 'url' };

export interface Facts {
  readonly scheme: Scheme;
  /** In lower case. */
  readonly header: string;
  readonly needsId: boolean;
  /** Where the timestamp that is signed stands; null when none is. */
  readonly timestamp: 'header' | 'inside' | null;
  /** Whether the URL is read from the environment variable `WEBHOOK_URL`, since it is signed and not known here. */
  readonly needsUrl: boolean;
  /** What is signed, in order: the body's bytes, and texts around it. */
  readonly message: readonly ('body' | readonly TextPiece[])[];
  /** Sentences at the top of the file. */
  readonly introduction: readonly string[];
}

/** @param url of the endpoint, for a profile that signs it */
export function factsOf(profile: SignatureProfile, url: string | undefined): Facts {
  const scheme = schemeOf(profile);
  const hasTimestamp = isSigned(scheme, 'timestamp');
  return {
    scheme,
    header: scheme.header.toLowerCase(),
    needsId: isSigned(scheme, 'id'),
    timestamp: hasTimestamp ? (scheme.isTimestampInside ? 'inside' : 'header') : null,
    needsUrl: isSigned(scheme, 'url') && url === undefined,
    message: groupPieces(scheme, url),
    introduction: [
      `Verifies requests that are signed as ${scheme.title} does it.`,
      'Give it the body as it came: JSON that was parsed and written again has other bytes.',
      scheme.keyEncoding === 'ed25519'
        ? "The key is the endpoint's public key: whpk_ and base64."
        : "The key is the endpoint's secret, or the key that its profile was given.",
      `To try it: the key in the environment variable WEBHOOK_SECRET, each header as an argument "name: value", the body as`,
      'standard input. It prints "valid" and exits with 0, or prints "invalid" and exits with 1.',
    ],
  };
}

function groupPieces(scheme: Scheme, url: string | undefined): Facts['message'] {
  const groups: ('body' | TextPiece[])[] = [];
  const add = (piece: TextPiece): void => {
    const last = groups.at(-1);
    if (last === undefined || last === 'body') groups.push([piece]);
    else last.push(piece);
  };
  for (const piece of scheme.signed) {
    // Half a surrogate pair is signed as what stands in for it in UTF-8.
    if (typeof piece === 'string') add(piece.toWellFormed());
    else if (piece.part === 'body') groups.push('body');
    else if (piece.part === 'method') add('POST');
    else if (piece.part === 'url') add(url === undefined ? { variable: 'url' } : url.toWellFormed());
    else add({ variable: piece.part });
  }
  return groups;
}

/** The lines of a file; what is false is left out, lists are put in. */
export function lines(...parts: readonly (string | false | readonly string[])[]): string {
  return `${parts
    .flat()
    .filter((line) => line !== false)
    .join('\n')}\n`;
}
