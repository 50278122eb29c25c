// Checks for rows that this version cannot read.

import { findUnreadable } from '../storage/find-unreadable.ts';
import { MAX_ITEMS, type Patient } from './patient.ts';
import { type Finding, plural } from './report.ts';

/** Rows that are shown as unreadable and left out of work. */
export async function checkUnreadable({ sequelize }: Patient): Promise<Finding> {
  const rows = await findUnreadable(sequelize);
  return {
    check: 'unreadable',
    isProblem: rows.length > 0,
    summary:
      rows.length === 0
        ? 'Every row that was looked at can be read.'
        : `${plural(rows.length, 'row')} that this version cannot read: damaged, or written by a newer version. They are shown as unreadable and left out of work.`,
    items: rows.slice(0, MAX_ITEMS).map(({ table, key, reason }) => ({ id: key, text: `in ${table}: ${reason}` })),
    values: { count: rows.length },
  };
}
