// Tells that a user has a new notice, once it is stored, so that open pages show it without asking again and again.

import type { AccessStore } from './ports.ts';

/**
 * The same store, with every method that stores or reads off notices followed by a call.
 * @param onNotice called with the user's id after the transaction was committed; never when it failed or changed nothing
 */
export function announceNotices(store: AccessStore, onNotice: (userId: string) => void): AccessStore {
  const { users, sessions, links, tokens, secondFactors, notices } = store;
  return {
    ...store,
    users: {
      ...users,
      async updateSelf(id, change) {
        const user = await users.updateSelf(id, change);
        if (user && change.password) onNotice(id);
        return user;
      },
    },
    sessions: {
      ...sessions,
      async start(session, password, notice) {
        const isStarted = await sessions.start(session, password, notice);
        if (isStarted) onNotice(session.userId);
        return isStarted;
      },
    },
    links: {
      ...links,
      async insert(link, options) {
        await links.insert(link, options);
        if (options?.notice) onNotice(options.notice.userId);
      },
      async accept(hash, options) {
        const user = await links.accept(hash, options);
        if (user) onNotice(user.id);
        return user;
      },
    },
    tokens: {
      ...tokens,
      async insert(token, notice) {
        await tokens.insert(token, notice);
        if (notice) onNotice(notice.userId);
      },
    },
    secondFactors: {
      ...secondFactors,
      async enable(userId, change) {
        const isOn = await secondFactors.enable(userId, change);
        if (isOn) onNotice(userId);
        return isOn;
      },
      async replaceRecoveryCodes(userId, hashes, notice) {
        await secondFactors.replaceRecoveryCodes(userId, hashes, notice);
        onNotice(userId);
      },
      async remove(userId, notice) {
        const wasThere = await secondFactors.remove(userId, notice);
        if (wasThere) onNotice(userId);
        return wasThere;
      },
    },
    notices: {
      ...notices,
      async read(userId, at) {
        await notices.read(userId, at);
        onNotice(userId);
      },
    },
  };
}
