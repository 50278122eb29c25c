// Routes of the audit log.

import { z } from 'zod';
import { auditEntryView, auditOutcomeSchema } from '../../access/model.ts';
import { defineRoute, LinesReply, type Route } from '../route.ts';
import { moment, pageOf, pageQuery } from './views.ts';

const listAudit = defineRoute({
  method: 'GET',
  path: '/api/audit',
  name: 'listAudit',
  permission: 'access:read',
  isAudited: true,
  summary: 'Lists who changed what and who was refused, the newest first; entries are kept for a year',
  description:
    'With `format=ndjson` the reply is every entry that matches, one JSON object a line (`application/x-ndjson`); `limit` and `cursor` do not count then. Reading the log is itself noted.',
  tag: 'Access',
  query: z.strictObject({
    actor: z.string().min(1).max(254).optional().meta({ description: 'Id or name.' }),
    action: z.string().min(1).max(100).optional(),
    target: z.string().min(1).max(254).optional(),
    outcome: auditOutcomeSchema.optional(),
    from: moment.optional(),
    to: moment.optional().meta({ description: 'Exclusive.' }),
    format: z.enum(['json', 'ndjson']).default('json'),
    ...pageQuery,
  }),
  response: pageOf(auditEntryView),
  auditDetails: ({ query }) => (query.format === 'ndjson' ? { format: ['ndjson'] } : {}),
  async handle({ query: { format, ...filter } }, { access }) {
    // Entries about refused credentials are written behind the reply to them.
    await access.refusals.settle();
    if (format === 'ndjson') {
      const { limit: _limit, cursor: _cursor, ...all } = filter;
      return new LinesReply(access.audit.export(all), 'audit.ndjson');
    }
    const { items, nextCursor } = await access.audit.list(filter);
    return { data: items, nextCursor };
  },
});

export const auditRoutes: readonly Route[] = [listAudit];
