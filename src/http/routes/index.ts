// The table of all routes of the admin API, in the order in which the documentation shows them.

import type { Route } from '../route.ts';
import { aboutRoutes } from './about.ts';
import { deliveryRoutes } from './deliveries.ts';
import { endpointRoutes } from './endpoints.ts';
import { eventTypeRoutes } from './event-types.ts';
import { executionRoutes } from './executions.ts';
import { messageRoutes } from './messages.ts';
import { parseRoutes } from './parse.ts';
import { revisionRoutes } from './revisions.ts';
import { workflowRoutes } from './workflows.ts';

export const routes: readonly Route[] = [
  ...workflowRoutes,
  ...revisionRoutes,
  ...executionRoutes,
  ...endpointRoutes,
  ...eventTypeRoutes,
  ...messageRoutes,
  ...deliveryRoutes,
  ...parseRoutes,
  ...aboutRoutes,
];
