// The wait for a callback: the execution sleeps until somebody calls its resume URL, `$resume.<key>`.

import { defineNode } from '../../engine/plugin.ts';
import { UNIT_MS, type WaitConfig, waitConfigSchema } from './schema.ts';

export const waitNode = defineNode<WaitConfig>({
  type: 'wait',
  title: 'Wait for a callback',
  description:
    'Waits until somebody sends a POST to {{$resume.<key>}}; what they send is the result. Hand that URL on in a node before this one.',
  config: waitConfigSchema,
  branches: ({ onTimeout }) => (onTimeout === 'branch' ? ['resumed', 'timeout'] : ['resumed']),
  canWait: true,
  isResumable: true,
  run({ config, now }) {
    const { timeout, unit, onTimeout } = config;
    const wait = { type: 'wait', resumedBranch: 'resumed' } as const;
    if (timeout === undefined) return wait;
    const until = Math.round(now() + timeout * UNIT_MS[unit]);
    if (onTimeout === 'continue') return { ...wait, until };
    if (onTimeout === 'branch') return { ...wait, until, due: { branch: 'timeout' } };
    return { ...wait, until, due: { error: { code: 'wait_timed_out', message: `Nobody called within ${timeout} ${unit}.` } } };
  },
});
