// Routes of one's own sessions and notices, and of the sessions of others for those who may end them.

import { z } from 'zod';
import { noticeView, type UserSessionView, userSessionView } from '../../access/model.ts';
import type { Session } from '../../access/ports.ts';
import { type ActiveSession, actorOfUser } from '../../access/sessions.ts';
import { requireSession } from '../require-session.ts';
import { defineRoute, type Route } from '../route.ts';
import { workflowParams as idParams } from './views.ts';

const SESSION = 'Session';
const sessionList = z.strictObject({ data: z.array(userSessionView) });

function show(session: Session, current: ActiveSession | null): UserSessionView {
  return {
    id: session.id,
    isCurrent: session.id === current?.id,
    address: session.address,
    userAgent: session.userAgent,
    createdAt: new Date(session.createdAt).toISOString(),
    lastSeenAt: new Date(session.lastSeenAt).toISOString(),
  };
}

const listOwnSessions = defineRoute({
  method: 'GET',
  path: '/api/me/sessions',
  name: 'listOwnSessions',
  permission: 'any',
  summary: 'Lists where one is signed in, the latest seen first',
  tag: SESSION,
  response: sessionList,
  async handle(_input, { access, origin }) {
    const own = requireSession(origin);
    return { data: (await access.sessions.list(own.user.id)).map((session) => show(session, own)) };
  },
});

const endOwnSession = defineRoute({
  method: 'DELETE',
  path: '/api/me/sessions/{id}',
  name: 'endOwnSession',
  permission: 'any',
  summary: 'Ends one of one’s own sessions',
  tag: SESSION,
  params: idParams,
  response: z.undefined(),
  status: 204,
  errors: ['session_not_found', 'user_not_found'],
  async handle({ params }, { access, origin }) {
    const { user } = requireSession(origin);
    await access.sessions.endOne(user.id, params.id, actorOfUser(user));
    return undefined;
  },
});

const endOtherSessions = defineRoute({
  method: 'DELETE',
  path: '/api/me/sessions',
  name: 'endOtherSessions',
  permission: 'any',
  summary: 'Ends all of one’s own sessions but this one',
  tag: SESSION,
  response: z.undefined(),
  status: 204,
  async handle(_input, { access, origin }) {
    await access.sessions.endOthers(requireSession(origin));
    return undefined;
  },
});

const listNotices = defineRoute({
  method: 'GET',
  path: '/api/me/notices',
  name: 'listNotices',
  permission: 'any',
  summary: 'Lists what one is told about one’s own account, the newest first: sign-ins from new places, passwords, links, tokens',
  tag: SESSION,
  response: z.strictObject({ data: z.array(noticeView), unread: z.int() }),
  async handle(_input, { access, origin }) {
    const data = await access.notices.list(requireSession(origin).user.id);
    return { data, unread: data.filter(({ isRead }) => !isRead).length };
  },
});

const readNotices = defineRoute({
  method: 'POST',
  path: '/api/me/notices/read',
  name: 'readNotices',
  permission: 'any',
  isAudited: false,
  summary: 'Marks all notices as read',
  tag: SESSION,
  response: z.undefined(),
  status: 204,
  async handle(_input, { access, origin }) {
    await access.notices.read(requireSession(origin).user.id);
    return undefined;
  },
});

const listUserSessions = defineRoute({
  method: 'GET',
  path: '/api/users/{id}/sessions',
  name: 'listUserSessions',
  permission: 'access:read',
  summary: 'Lists where a user is signed in, the latest seen first',
  tag: 'Access',
  params: idParams,
  response: sessionList,
  errors: ['user_not_found'],
  async handle({ params }, { access, origin }) {
    return { data: (await access.sessions.list(params.id)).map((session) => show(session, origin.session)) };
  },
});

const endUserSession = defineRoute({
  method: 'DELETE',
  path: '/api/users/{id}/sessions/{sessionId}',
  name: 'endUserSession',
  permission: 'access:write',
  summary: 'Ends one session of a user',
  tag: 'Access',
  params: z.strictObject({ ...idParams.shape, sessionId: z.string().min(1).max(100) }),
  response: z.undefined(),
  status: 204,
  errors: ['user_not_found', 'session_not_found'],
  async handle({ params }, { access, actor }) {
    if (actor === null) throw new TypeError('A route with a permission was reached without an actor.');
    await access.sessions.endOne(params.id, params.sessionId, actor);
    return undefined;
  },
});

export const accountRoutes: readonly Route[] = [
  listOwnSessions,
  endOwnSession,
  endOtherSessions,
  listNotices,
  readNotices,
  listUserSessions,
  endUserSession,
];
