// Routes of access to the designer and the admin API: signing in, one-time links, users, API tokens.

import { z } from 'zod';
import {
  type Actor,
  codeNeededView,
  emailSchema,
  linkView,
  oneTimeLinkView,
  passwordSchema,
  permissionSchema,
  personNameSchema,
  roleSchema,
  type SessionView,
  sessionView,
  tokenView,
  userView,
} from '../../access/model.ts';
import { type ActiveSession, actorOfUser, type NewSession } from '../../access/sessions.ts';
import { showToken, showUser } from '../../access/views.ts';
import { requireSession } from '../require-session.ts';
import { defineRoute, ReplyWithHeaders, type Route, type RouteContext } from '../route.ts';
import { workflowParams as idParams, moment, timeSchema } from './views.ts';

const SESSION = 'Session';
const tag = 'Access';

/** Longer ones are none of ours; they are not even hashed. */
const linkToken = z.string().min(1).max(200);
/** A password that is checked: rules are for new ones. */
const givenPassword = z.string().min(1, 'must not be empty').max(200);
/** Of an app, or for recovery, however it is typed. */
const secondFactorCode = z.string().trim().min(1, 'must not be empty').max(40);
const replyHeaders = { 'Set-Cookie': 'The session.' };
const link = z.strictObject({ token: linkToken });

async function show({ access, version }: RouteContext, actor: Actor | null, session: ActiveSession | null): Promise<SessionView> {
  const mustEnrol = session !== null && (await access.secondFactors.isMissing(session.user));
  return {
    user: session && showUser(session.user),
    permissions: mustEnrol ? [] : [...(actor?.permissions ?? [])],
    csrfToken: session?.csrfToken ?? null,
    needsSetup: await access.users.needsSetup(),
    mustEnrol,
    version,
  };
}

async function begin(context: RouteContext, session: NewSession): Promise<ReplyWithHeaders<SessionView>> {
  const data = await show(context, actorOfUser(session.user), session);
  return new ReplyWithHeaders(data, {
    'Set-Cookie': [
      context.sessionCookie.write(session.secret),
      context.deviceCookie.write(session.device),
      ...(context.pendingSignIn === undefined ? [] : [context.pendingCookie.clear()]),
    ],
  });
}

/** A route that asks for more than nothing always has one. */
function required(actor: Actor | null): Actor {
  if (actor === null) throw new TypeError('A route with a permission was reached by nobody.');
  return actor;
}

const getSession = defineRoute({
  method: 'GET',
  path: '/api/session',
  name: 'getSession',
  permission: 'none',
  // Asked by strangers, and nothing but the asker's own is in it.
  isSentAsItIs: true,
  summary: 'Says who is asking and what they may do',
  tag: SESSION,
  response: sessionView,
  handle: (_input, context) => show(context, context.actor, context.origin.session),
});

const signIn = defineRoute({
  method: 'POST',
  path: '/api/session',
  name: 'signIn',
  permission: 'none',
  // Asked by strangers, and nothing but the asker's own is in it.
  isSentAsItIs: true,
  summary: 'Signs a user in, and sets the session’s cookie',
  description:
    'After five wrong passwords for one e-mail address each further try has to wait longer: `429` with `Retry-After`. A browser or a place that the user has signed in from before has a count of its own.',
  tag: SESSION,
  body: z.strictObject({ email: emailSchema, password: givenPassword }),
  response: z.union([sessionView, codeNeededView]),
  replyHeaders,
  errors: ['too_many_requests'],
  async handle({ body }, context) {
    const begun = await context.access.sessions.signIn(body, context.origin);
    if ('secret' in begun) return begin(context, begun);
    const cookie = context.pendingCookie.write(begun.proof);
    return new ReplyWithHeaders({ secondFactor: true as const }, { 'Set-Cookie': cookie });
  },
});

const signInWithCode = defineRoute({
  method: 'POST',
  path: '/api/session/second-factor',
  name: 'signInWithCode',
  permission: 'none',
  summary: 'The second step of signing in, for users with a second factor',
  description: 'Within five minutes after the password, in the same browser. Takes a code of the app, or a recovery code.',
  tag: SESSION,
  body: z.strictObject({ code: secondFactorCode }),
  response: sessionView,
  replyHeaders,
  errors: ['wrong_code', 'too_many_requests'],
  async handle({ body }, context) {
    const given = { proof: context.pendingSignIn ?? '', code: body.code };
    return begin(context, await context.access.sessions.signInWithCode(given, context.origin));
  },
});

const signOut = defineRoute({
  method: 'DELETE',
  path: '/api/session',
  name: 'signOut',
  permission: 'any',
  whileEnrolling: true,
  summary: 'Signs out: the session ends, also for copies of its cookie',
  tag: SESSION,
  response: z.undefined(),
  status: 204,
  replyHeaders,
  async handle(_input, { access, origin, sessionCookie }) {
    if (origin.session) await access.sessions.end(origin.session);
    return new ReplyWithHeaders(undefined, { 'Set-Cookie': sessionCookie.clear() });
  },
});

const checkLink = defineRoute({
  method: 'POST',
  path: '/api/links/check',
  name: 'checkLink',
  permission: 'none',
  // Asked by strangers, and nothing but the asker's own is in it.
  isSentAsItIs: true,
  summary: 'Says what a one-time link is for, without using it up',
  tag: SESSION,
  body: link,
  response: linkView,
  errors: ['not_found', 'too_many_requests'],
  handle: ({ body }, { access, origin }) => access.links.check(body.token, origin),
});

const acceptLink = defineRoute({
  method: 'POST',
  path: '/api/links/accept',
  name: 'acceptLink',
  permission: 'none',
  // Asked by strangers, and nothing but the asker's own is in it.
  isSentAsItIs: true,
  summary: 'Uses a one-time link up: sets the password and signs in',
  tag: SESSION,
  body: link.extend({
    password: passwordSchema,
    email: emailSchema.optional().meta({ description: 'For `setup` only, and needed there, as `name`.' }),
    name: personNameSchema.optional(),
    revokeTokens: z.boolean().optional().meta({
      description: 'Whether the API tokens of this user stop working. Default: yes for `reset`.',
    }),
    code: secondFactorCode.optional().meta({ description: 'For a user with a second factor, and needed there.' }),
  }),
  response: sessionView,
  replyHeaders,
  errors: ['not_found', 'conflict', 'weak_password', 'too_many_requests', 'wrong_code'],
  handle: async ({ body }, context) => begin(context, await context.access.links.accept(body, context.origin)),
});

const confirmPassword = defineRoute({
  method: 'POST',
  path: '/api/session/confirm',
  name: 'confirmPassword',
  permission: 'any',
  // Setting up a second factor asks for a fresh password.
  whileEnrolling: true,
  summary: 'Takes one’s password again, which counts as fresh for 10 minutes',
  description:
    'Routes that could give lasting access answer `403` with the code `password_needed` to a session without a fresh password.',
  tag: SESSION,
  body: z.strictObject({ password: givenPassword }),
  response: z.undefined(),
  status: 204,
  errors: ['too_many_requests'],
  async handle({ body }, { access, origin }) {
    await access.confirmation.confirm(requireSession(origin), body.password);
    return undefined;
  },
});

const updateMe = defineRoute({
  method: 'PATCH',
  path: '/api/me',
  name: 'updateMe',
  permission: 'any',
  summary: 'Changes one’s own name or password; a new password ends all other sessions',
  tag: SESSION,
  body: z.strictObject({
    name: personNameSchema.optional(),
    password: z
      .strictObject({
        current: givenPassword,
        new: passwordSchema,
        revokeTokens: z.boolean().default(false).meta({ description: 'Whether one’s own API tokens stop working, too.' }),
      })
      .optional(),
  }),
  response: userView,
  errors: ['weak_password', 'too_many_requests', 'user_not_found'],
  async handle({ body }, { access, origin }) {
    return showUser(await access.users.updateSelf(requireSession(origin), body, origin));
  },
});

const listUsers = defineRoute({
  method: 'GET',
  path: '/api/users',
  name: 'listUsers',
  permission: 'access:read',
  summary: 'Lists the users',
  tag,
  response: z.strictObject({ data: z.array(userView) }),
  handle: async (_input, { access }) => ({ data: (await access.users.list()).map(showUser) }),
});

const createUser = defineRoute({
  method: 'POST',
  path: '/api/users',
  name: 'createUser',
  permission: 'access:write',
  needsFreshPassword: true,
  summary: 'Adds a user, with the invitation to hand over: a link that works once, for seven days',
  tag,
  body: z.strictObject({ email: emailSchema, name: personNameSchema, role: roleSchema }),
  response: z.strictObject({ user: userView, link: oneTimeLinkView }),
  status: 201,
  errors: ['conflict'],
  async handle({ body }, { access, actor, ownUrl }) {
    const { user, link } = await access.users.invite(body, required(actor));
    return { user: showUser(user), link: { ...link, url: ownUrl(link.url) } };
  },
});

const updateUser = defineRoute({
  method: 'PATCH',
  path: '/api/users/{id}',
  name: 'updateUser',
  permission: 'access:write',
  needsFreshPassword: true,
  summary: 'Changes a user; one who is disabled is signed out at once',
  tag,
  params: idParams,
  body: z.strictObject({ name: personNameSchema.optional(), role: roleSchema.optional(), disabled: z.boolean().optional() }),
  response: userView,
  errors: ['user_not_found', 'conflict'],
  async handle({ params, body }, { access, actor }) {
    return showUser(await access.users.update(params.id, body, required(actor)));
  },
});

const deleteUser = defineRoute({
  method: 'DELETE',
  path: '/api/users/{id}',
  name: 'deleteUser',
  permission: 'access:write',
  needsFreshPassword: true,
  summary: 'Deletes a user with the API tokens that this user made',
  tag,
  params: idParams,
  response: z.undefined(),
  status: 204,
  errors: ['user_not_found', 'conflict'],
  async handle({ params }, { access, actor }) {
    await access.users.delete(params.id, required(actor));
    return undefined;
  },
});

const createUserLink = defineRoute({
  method: 'POST',
  path: '/api/users/{id}/link',
  name: 'createUserLink',
  permission: 'access:write',
  needsFreshPassword: true,
  summary: 'Makes a new link to choose a password; the one before no longer works',
  tag,
  params: idParams,
  response: oneTimeLinkView,
  errors: ['user_not_found', 'conflict'],
  async handle({ params }, { access, actor, origin, ownUrl }) {
    const link = await access.users.createLink(params.id, required(actor), origin);
    return { ...link, url: ownUrl(link.url) };
  },
});

const endUserSessions = defineRoute({
  method: 'DELETE',
  path: '/api/users/{id}/sessions',
  name: 'endUserSessions',
  permission: 'access:write',
  summary: 'Signs a user out everywhere',
  tag,
  params: idParams,
  response: z.undefined(),
  status: 204,
  errors: ['user_not_found'],
  async handle({ params }, { access, actor }) {
    await access.users.endSessions(params.id, required(actor));
    return undefined;
  },
});

const removeUserSecondFactor = defineRoute({
  method: 'DELETE',
  path: '/api/users/{id}/second-factor',
  name: 'removeUserSecondFactor',
  permission: 'access:write',
  needsFreshPassword: true,
  summary: 'Removes the second factor of a user who has lost it',
  tag,
  params: idParams,
  response: z.undefined(),
  status: 204,
  errors: ['user_not_found', 'conflict'],
  async handle({ params }, { access, actor, origin }) {
    await access.users.removeSecondFactor(params.id, required(actor), origin);
    return undefined;
  },
});

const listTokens = defineRoute({
  method: 'GET',
  path: '/api/tokens',
  name: 'listTokens',
  permission: 'access:read',
  summary: 'Lists the API tokens, without what they hold',
  tag,
  response: z.strictObject({ data: z.array(tokenView) }),
  handle: async (_input, { access }) => ({ data: (await access.tokens.list()).map(showToken) }),
});

const createToken = defineRoute({
  method: 'POST',
  path: '/api/tokens',
  name: 'createToken',
  permission: 'access:write',
  needsFreshPassword: true,
  summary: 'Makes an API token; what it holds is shown this once',
  description:
    'It cannot have more rights than its maker, now or later, and stops working when that user is disabled or deleted. A token with an end makes tokens that end no later.',
  tag,
  body: z.strictObject({
    name: personNameSchema,
    permissions: z.array(permissionSchema).min(1, 'must name at least one').max(100),
    expiresAt: moment.nullable(),
  }),
  documentedBody: z.strictObject({
    name: personNameSchema,
    permissions: z.array(permissionSchema).min(1),
    expiresAt: timeSchema.nullable().meta({ description: 'Null: works until it is deleted.' }),
  }),
  response: z.strictObject({ token: tokenView, secret: z.string() }),
  status: 201,
  async handle({ body }, { access, actor, origin }) {
    const { token, secret } = await access.tokens.create(body, required(actor), origin);
    return { token: showToken(token), secret };
  },
});

const deleteToken = defineRoute({
  method: 'DELETE',
  path: '/api/tokens/{id}',
  name: 'deleteToken',
  permission: 'access:write',
  summary: 'Deletes an API token; it stops working at once',
  tag,
  params: idParams,
  response: z.undefined(),
  status: 204,
  errors: ['token_not_found'],
  async handle({ params }, { access, actor }) {
    await access.tokens.delete(params.id, required(actor));
    return undefined;
  },
});

export const accessRoutes: readonly Route[] = [
  getSession,
  signIn,
  signInWithCode,
  signOut,
  checkLink,
  acceptLink,
  confirmPassword,
  updateMe,
  listUsers,
  createUser,
  updateUser,
  deleteUser,
  createUserLink,
  endUserSessions,
  removeUserSecondFactor,
  listTokens,
  createToken,
  deleteToken,
];
