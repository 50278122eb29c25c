// One-time passwords by time (TOTP, RFC 6238), with the parameters that every authenticator app knows.

import { Secret, TOTP } from 'otpauth';

/** SHA-1, six digits, thirty seconds: several apps ignore any other parameters. */
const PARAMETERS = { algorithm: 'SHA1', digits: 6, period: 30 } as const;
const PERIOD_MS = PARAMETERS.period * 1_000;
/** 160 bits, as RFC 4226, section 4, recommends. */
const SECRET_BYTES = 20;
/** Steps before and after the present one that are accepted, since clocks differ (RFC 6238, section 5.2). */
const WINDOW = 1;

/** A new secret in base32. */
export function makeTotpSecret(): string {
  return new Secret({ size: SECRET_BYTES }).base32;
}

/** The URI that an app reads from a QR code. @param account the e-mail address, which the app shows */
export function totpUri(secret: string, account: string): string {
  return new TOTP({ ...PARAMETERS, issuer: 'Hookline', label: account, secret: Secret.fromBase32(secret) }).toString();
}

/** The time step that a code is of, compared in constant time; undefined when it is none of those accepted now. */
export function totpStep(secret: string, code: string, now: number): number | undefined {
  const totp = new TOTP({ ...PARAMETERS, secret: Secret.fromBase32(secret) });
  const delta = totp.validate({ token: code, timestamp: now, window: WINDOW });
  return delta === null ? undefined : Math.floor(now / PERIOD_MS) + delta;
}
