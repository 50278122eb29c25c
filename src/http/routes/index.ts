// The table of all routes of the admin API, in the order in which the documentation shows them.

import type { Route } from '../route.ts';
import { aboutRoutes } from './about.ts';
import { accessRoutes } from './access.ts';
import { accountRoutes } from './account.ts';
import { auditRoutes } from './audit.ts';
import { callRoutes } from './call.ts';
import { deliveryRoutes } from './deliveries.ts';
import { draftRoutes } from './drafts.ts';
import { endpointRoutes } from './endpoints.ts';
import { eventTypeRoutes } from './event-types.ts';
import { eventRoutes } from './events.ts';
import { executionRoutes } from './executions.ts';
import { listenRoutes } from './listen.ts';
import { messageRoutes } from './messages.ts';
import { parseRoutes } from './parse.ts';
import { revisionRoutes } from './revisions.ts';
import { sampleRoutes } from './samples.ts';
import { secondFactorRoutes } from './second-factor.ts';
import { secretRoutes } from './secrets.ts';
import { settingsRoutes } from './settings.ts';
import { statsRoutes } from './stats.ts';
import { workflowRoutes } from './workflows.ts';

export const routes: readonly Route[] = [
  ...workflowRoutes,
  ...callRoutes,
  ...revisionRoutes,
  ...draftRoutes,
  ...executionRoutes,
  ...statsRoutes,
  ...endpointRoutes,
  ...eventTypeRoutes,
  ...messageRoutes,
  ...deliveryRoutes,
  ...listenRoutes,
  ...eventRoutes,
  ...sampleRoutes,
  ...parseRoutes,
  ...secretRoutes,
  ...settingsRoutes,
  ...accessRoutes,
  ...accountRoutes,
  ...auditRoutes,
  ...secondFactorRoutes,
  ...aboutRoutes,
];
