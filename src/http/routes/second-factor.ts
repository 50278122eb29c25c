// Routes of one's own second factor: setting it up, recovery codes, turning it off.

import { z } from 'zod';
import { secondFactorView } from '../../access/model.ts';
import type { User } from '../../access/ports.ts';
import { HooklineError } from '../../errors.ts';
import { defineRoute, type Route, type RouteContext } from '../route.ts';

const tag = 'Session';
const body = z.strictObject({ code: z.string().trim().min(1, 'must not be empty').max(40) });
const codesView = z.strictObject({ recoveryCodes: z.array(z.string()) });

/** Tokens have no second factor. @throws HooklineError `forbidden` */
function userOf({ origin }: RouteContext): User {
  if (origin.session) return origin.session.user;
  throw new HooklineError('forbidden', 'Only a user who is signed in can do this, not a token.');
}

const getSecondFactor = defineRoute({
  method: 'GET',
  path: '/api/me/second-factor',
  name: 'getSecondFactor',
  permission: 'any',
  whileEnrolling: true,
  summary: 'Says whether one’s own second factor is on, and how many recovery codes are left',
  tag,
  response: secondFactorView,
  handle: (_input, context) => context.access.secondFactors.get(userOf(context)),
});

const beginSecondFactor = defineRoute({
  method: 'POST',
  path: '/api/me/second-factor',
  name: 'beginSecondFactor',
  permission: 'any',
  whileEnrolling: true,
  needsFreshPassword: true,
  isAudited: false,
  summary: 'Begins to set up a second factor: a key for an authenticator app (TOTP, RFC 6238: SHA-1, six digits, 30 s)',
  description: 'It counts when a code was confirmed. Beginning anew replaces a key that was not confirmed.',
  tag,
  response: z.strictObject({
    secret: z.string().meta({ description: 'Base32, for typing.' }),
    uri: z.string().meta({ description: '`otpauth://…`, for a QR code.' }),
  }),
  errors: ['conflict'],
  handle: (_input, context) => context.access.secondFactors.begin(userOf(context)),
});

const enableSecondFactor = defineRoute({
  method: 'POST',
  path: '/api/me/second-factor/enable',
  name: 'enableSecondFactor',
  permission: 'any',
  whileEnrolling: true,
  summary: 'Turns the second factor on with a first code, and shows the recovery codes this once',
  tag,
  body,
  response: codesView,
  errors: ['conflict', 'wrong_code', 'too_many_requests'],
  async handle({ body: { code } }, context) {
    const { access, origin } = context;
    return { recoveryCodes: await access.secondFactors.enable(userOf(context), code, origin.address) };
  },
});

const renewRecoveryCodes = defineRoute({
  method: 'POST',
  path: '/api/me/second-factor/recovery-codes',
  name: 'renewRecoveryCodes',
  permission: 'any',
  needsFreshPassword: true,
  summary: 'Makes new recovery codes; the ones before no longer work',
  tag,
  body,
  response: codesView,
  errors: ['wrong_code', 'too_many_requests'],
  async handle({ body: { code } }, context) {
    const { access, origin } = context;
    return { recoveryCodes: await access.secondFactors.renewRecoveryCodes(userOf(context), code, origin.address) };
  },
});

const disableSecondFactor = defineRoute({
  method: 'POST',
  path: '/api/me/second-factor/disable',
  name: 'disableSecondFactor',
  permission: 'any',
  summary: 'Turns the second factor off, with the password and a code',
  tag,
  body: body.extend({ password: z.string().min(1, 'must not be empty').max(200) }),
  response: z.undefined(),
  status: 204,
  errors: ['conflict', 'wrong_code', 'too_many_requests'],
  async handle({ body: given }, context) {
    await context.access.secondFactors.disable(userOf(context), given, context.origin.address);
    return undefined;
  },
});

export const secondFactorRoutes: readonly Route[] = [
  getSecondFactor,
  beginSecondFactor,
  enableSecondFactor,
  renewRecoveryCodes,
  disableSecondFactor,
];
