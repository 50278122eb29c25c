// Routes of the overview: numbers of the whole installation or one workflow, and what each workflow did in the last day.

import { z } from 'zod';
import { defineRoute, type Route } from '../route.ts';
import { activityView, statsView } from './designer-views.ts';
import { moment, toTime } from './views.ts';

const tag = 'Statistics';
const MAX_IDS = 100;

const getStats = defineRoute({
  method: 'GET',
  path: '/api/stats',
  name: 'getStats',
  permission: 'executions:read',
  summary: 'Counts calls, ends, durations and the age of the backlog over a time, and names what fails',
  description:
    'A call counts when it was accepted; everything else counts when the execution ended. The range is widened to whole buckets, 120 at most. What was counted stays when retention deletes the executions. Percentiles are within 5 %. Endpoints that fail are named for actors with `outbound:read`.',
  tag,
  query: z.strictObject({
    from: moment.optional().meta({ description: 'Default: 24 hours before `to`.' }),
    to: moment.optional().meta({ description: 'Default: now.' }),
    workflowId: z.string().min(1).max(100).optional(),
  }),
  response: statsView,
  errors: ['invalid_request'],
  async handle({ query }, { statistics, actor }) {
    const maySeeEndpoints = actor?.permissions.has('outbound:read') === true;
    const { from, to, buckets, failingWorkflows, failingEndpoints, totals, ...rest } = await statistics.overview(query);
    const { queueAgeMs: _age, ...shownTotals } = totals;
    return {
      ...rest,
      ...{ from: toTime(from), to: toTime(to), totals: shownTotals },
      buckets: buckets.map(({ at, ...counts }) => ({ at: toTime(at), ...counts })),
      failingWorkflows: failingWorkflows.map(({ lastFailure, ...workflow }) => ({
        ...workflow,
        lastFailure: lastFailure && { ...lastFailure, at: toTime(lastFailure.at) },
      })),
      failingEndpoints: (maySeeEndpoints ? failingEndpoints : []).map(({ endpointId, url, status, failed, held }) => ({
        endpointId,
        url,
        status,
        failed,
        held,
      })),
    };
  },
});

const getActivity = defineRoute({
  method: 'GET',
  path: '/api/activity',
  name: 'getActivity',
  permission: 'executions:read',
  summary: 'Tells of each workflow its last execution and how executions ended in the last 24 hours',
  tag,
  query: z.strictObject({
    ids: z
      .string()
      .default('')
      .transform((text) => (text === '' ? [] : [...new Set(text.split(','))]))
      .pipe(z.array(z.string().min(1).max(100)).max(MAX_IDS))
      .meta({ description: `Ids of workflows, separated by commas, ${MAX_IDS} at most.` }),
  }),
  response: z.strictObject({ data: z.array(activityView) }),
  async handle({ query }, { statistics }) {
    const activity = await statistics.activity(query.ids);
    return {
      data: activity.map(({ workflowId, lastExecution, hours }) => ({
        workflowId,
        lastExecution: lastExecution && { ...lastExecution, createdAt: toTime(lastExecution.createdAt) },
        buckets: hours.map(({ at, ...counts }) => ({ at: toTime(at), ...counts })),
      })),
    };
  },
});

export const statsRoutes: readonly Route[] = [getStats, getActivity];
