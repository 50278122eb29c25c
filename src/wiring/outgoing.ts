// The client for requests of nodes and for webhooks; loaded with the first of them, so that no start has to wait for it.

import type { Config } from '../config.ts';
import type { GuardedFetch } from '../outbound/guard/guarded-fetch.ts';
import { USER_AGENT } from './setup.ts';

/** It asks only what the configuration allows. */
export function createOutgoing(config: Config): GuardedFetch {
  let loading: Promise<GuardedFetch> | undefined;
  const load = async (): Promise<GuardedFetch> => {
    const { createGuardedFetch } = await import('../outbound/guard/guarded-fetch.ts');
    return createGuardedFetch({
      allowedTargets: config.outboundAllow,
      ports: config.outboundPorts,
      plainHttp: config.outboundPlainHttp,
      defaultTimeoutMs: config.outboundTimeoutMs,
      maxTimeoutMs: config.outboundMaxTimeoutMs,
      userAgent: USER_AGENT,
    });
  };
  return {
    async fetch(request) {
      loading ??= load();
      return (await loading).fetch(request);
    },
    async close() {
      await (await loading)?.close();
    },
  };
}
