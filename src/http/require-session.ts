// What a person does for themselves asks for a session: tokens are no persons.

import type { ActiveSession, Origin } from '../access/sessions.ts';
import { HooklineError } from '../errors.ts';

/** The session that a request was sent in. @throws HooklineError `forbidden` for a token */
export function requireSession({ session }: Pick<Origin, 'session'>): ActiveSession {
  if (session) return session;
  throw new HooklineError('forbidden', 'Only a user who is signed in can do this, not a token.');
}
