// The configuration of a trigger on what happens inside Hookline: which events, and of which endpoints.

import { z } from 'zod';
import { OPERATIONAL_EVENTS } from '../../engine/outbound-model.ts';

export const hooklineEventConfigSchema = z.strictObject({
  events: z
    .array(z.enum([...OPERATIONAL_EVENTS, 'endpoint.*', 'delivery.*', '*']))
    .min(1)
    .max(20)
    .default(['*'])
    .meta({ title: 'Events', description: 'Single events, groups such as endpoint.*, or * for all (default).' }),
  workspace: z
    .string()
    .max(200)
    .optional()
    .meta({ title: 'Workspace', description: 'Only of endpoints with this label. Default: of all.' }),
  endpointId: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .meta({ title: 'Endpoint', description: 'Id of the only endpoint whose events count. Default: of all.' }),
});

export type HooklineEventConfig = z.infer<typeof hooklineEventConfigSchema>;
