// Pure: what an endpoint is filled in with when its receiver was built for somebody's webhooks.

import { z } from 'zod';
import type { EndpointConfig } from '../engine/outbound-model.ts';

export const presetSchema = z.enum(['standard', 'dastra', 'logto', 'github', 'stripe', 'shopify']);
export type Preset = z.infer<typeof presetSchema>;

type Filled = Pick<EndpointConfig, 'profiles' | 'envelope' | 'success' | 'timeoutMs' | 'retry'>;

/** For the whole exchange: Dastra and GitHub wait as long. */
const TIMEOUT_MS = 10_000;

const usual = { success: '2xx', timeoutMs: TIMEOUT_MS, retry: { type: 'standard' } } as const;

/** Sources: Standard Webhooks 1.0.0; the vendors' pages on their webhooks. What somebody says himself wins. */
export const PRESETS: Readonly<Record<Preset, Filled>> = {
  standard: { ...usual, profiles: [{ type: 'standard' }], envelope: { type: 'standard' } },
  // Only 200 is success, and nothing is sent again.
  dastra: {
    profiles: [{ type: 'dastra' }],
    envelope: { type: 'dastra' },
    success: [200],
    timeoutMs: TIMEOUT_MS,
    retry: { type: 'dastra' },
  },
  logto: { ...usual, profiles: [{ type: 'logto', header: 'X-Webhook-Signature' }], envelope: { type: 'logto' } },
  // These send the object itself; its type goes in a header, or stands in the data.
  github: { ...usual, profiles: [{ type: 'github' }], envelope: { type: 'raw' } },
  stripe: { ...usual, profiles: [{ type: 'stripe' }], envelope: { type: 'raw' } },
  shopify: { ...usual, profiles: [{ type: 'shopify' }], envelope: { type: 'raw' } },
};
