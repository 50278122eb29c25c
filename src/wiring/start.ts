// Starts what runs by itself: the engine, the deliveries, the listening triggers, the counting and the retention.

import { startRetention } from '../storage/retention.ts';
import { startCounting } from '../storage/statistics/rounds.ts';
import type { Resources } from './resources.ts';
import type { WiredServices } from './services.ts';
import type { Setup } from './setup.ts';

/** @returns stops all of it: takes nothing new, and lets what runs finish within `shutdownGraceMs` */
export async function startServices(
  { config, log, now }: Setup,
  { storage, lead, streams }: Resources,
  { engine, outbound, settings, access, secrets }: WiredServices,
): Promise<() => Promise<void>> {
  await access.audit.adopt();
  await engine.start();
  outbound.start();
  await lead({ onLead: () => engine.lead(), onLose: () => engine.unlead() });
  const stopCounting = startCounting(storage, { log, now });
  const stopRetention = startRetention(storage, settings.retention, {
    others: [{ what: 'entries of the audit log', deleteOld: access.deleteOld }],
    log,
    now,
  });
  return async () => {
    await streams.close();
    await Promise.all([engine.stop(), outbound.stop(config.shutdownGraceMs)]);
    await Promise.all([stopRetention(), stopCounting()]);
    await access.audit.close();
    secrets.close();
    await access.settle();
  };
}
