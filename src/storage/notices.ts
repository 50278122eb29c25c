// What users are told about their accounts, in the database.

import { Op } from 'sequelize';
import type { Notice, NoticeStore } from '../access/ports.ts';
import { noticeRow, toNotice } from './access-records.ts';
import { type Database, isSearchable } from './database.ts';
import type { Models } from './models.ts';
import { withStorageErrors } from './storage-error.ts';

/** Notices kept for one user; the oldest give way. */
const MAX_NOTICES = 100;

/** Adds a notice, in the transaction of what it is about. */
export async function addNotice({ notices }: Models, notice: Notice): Promise<void> {
  await notices.create(noticeRow(notice));
  const { userId } = notice;
  const [oldest] = await notices.findAll({
    attributes: ['id'],
    where: { userId },
    order: [['id', 'DESC']],
    offset: MAX_NOTICES,
    limit: 1,
  });
  if (oldest) await notices.destroy({ where: { userId, id: { [Op.lte]: oldest.get().id } } });
}

/** Adds the notice of a sign-in, unless one from the same place and browser is kept; that one is kept for longer then. */
export async function addSignInNotice(models: Models, notice: Notice): Promise<void> {
  const { userId, kind, subject } = noticeRow(notice);
  const [known] = await models.notices.update({ lastAt: notice.at }, { where: { userId, kind, subject } });
  if (known === 0) await addNotice(models, notice);
}

export function noticeStore({ read, write, rows: reader }: Database): NoticeStore {
  return {
    list: (userId) =>
      withStorageErrors(async () => {
        if (!isSearchable(userId)) return [];
        const rows = await read.notices.findAll({ where: { userId }, order: [['id', 'DESC']], limit: MAX_NOTICES });
        return rows.flatMap((row) => toNotice(reader, row.get()) ?? []);
      }),
    read: (userId, at) =>
      write(async ({ notices }) => {
        await notices.update({ readAt: at }, { where: { userId, readAt: null } });
      }),
  };
}
