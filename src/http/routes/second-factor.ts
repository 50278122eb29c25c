// Routes of one's own second factor: setting it up, recovery codes, turning it off.

import { z } from 'zod';
import { secondFactorView } from '../../access/model.ts';
import { requireSession } from '../require-session.ts';
import { defineRoute, type Route } from '../route.ts';

const tag = 'Session';
const body = z.strictObject({ code: z.string().trim().min(1, 'must not be empty').max(40) });
const codesView = z.strictObject({ recoveryCodes: z.array(z.string()) });

const getSecondFactor = defineRoute({
  method: 'GET',
  path: '/api/me/second-factor',
  name: 'getSecondFactor',
  permission: 'any',
  whileEnrolling: true,
  summary: 'Says whether one’s own second factor is on, and how many recovery codes are left',
  tag,
  response: secondFactorView,
  handle: (_input, context) => context.access.secondFactors.get(requireSession(context.origin).user),
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
  handle: (_input, context) => context.access.secondFactors.begin(requireSession(context.origin).user),
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
    return { recoveryCodes: await access.secondFactors.enable(requireSession(context.origin).user, code, origin) };
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
    return {
      recoveryCodes: await access.secondFactors.renewRecoveryCodes(requireSession(context.origin).user, code, origin),
    };
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
    await context.access.secondFactors.disable(requireSession(context.origin).user, given, context.origin);
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
