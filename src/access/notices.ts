// What users are told about their own accounts: new sign-ins, passwords, links, tokens.

import { createIdSource } from '../engine/id.ts';
import type { NoticeKind, NoticeView } from './model.ts';
import type { Notice, NoticeStore } from './ports.ts';
import { placeOfAddress } from './throttle/place.ts';

/** How long notices are kept after they were last true, in milliseconds. */
export const NOTICE_KEEP_MS = 90 * 86_400_000;
/** The longest `User-Agent` that is kept; those of browsers are about 110 characters. */
export const MAX_USER_AGENT = 200;

/** Where a request comes from, as notices and sessions show it. */
export interface Place {
  readonly address: string;
  readonly userAgent?: string | undefined;
}

/** Makes notices; their ids sort by time. */
export type MakeNotice = (userId: string, kind: NoticeKind, from: Place, subject?: string) => Notice;

/** What a user recognises a sign-in by; a newer version of the same browser is no other one. */
export function placeAndBrowser({ address, userAgent = '' }: Place): string {
  return JSON.stringify([placeOfAddress(address), userAgent.slice(0, MAX_USER_AGENT).replace(/\/[\d.]+/g, '')]);
}

export interface NoticeService {
  /** Those of a user, the newest first: 100 at most. */
  list(userId: string): Promise<NoticeView[]>;
  /** Marks all of a user as read. */
  read(userId: string): Promise<void>;
}

export function createNoticeMaker(now: () => number): MakeNotice {
  const makeId = createIdSource();
  return (userId, kind, { address, userAgent = '' }, subject = '') => {
    const at = now();
    return { id: makeId(at), userId, kind, address, userAgent: userAgent.slice(0, MAX_USER_AGENT), subject, at, readAt: null };
  };
}

export function createNotices({ store, now }: { store: NoticeStore; now: () => number }): NoticeService {
  return {
    list: async (userId) => (await store.list(userId)).map(show),
    read: (userId) => store.read(userId, now()),
  };
}

function show({ id, kind, address, userAgent, subject, at, readAt }: Notice): NoticeView {
  const shown = kind === 'sign-in' ? '' : subject;
  return { id, kind, address, userAgent, subject: shown, at: new Date(at).toISOString(), isRead: readAt !== null };
}
