// Every migration, oldest first. A list and not a folder scan, so that it is the same from source, built and packed.

import { init } from './0001-init.ts';
import { durable } from './0002-durable.ts';
import { outbound } from './0003-outbound.ts';
import { access } from './0004-access.ts';
import { secrets } from './0005-secrets.ts';
import { activity } from './0006-activity.ts';
import { samples } from './0007-samples.ts';
import { versions } from './0008-versions.ts';
import { versionsRepair } from './0008-versions-repair.ts';
import { secretHosts } from './0009-secret-hosts.ts';
import { auditAndSessions } from './0010-audit-and-sessions.ts';
import { throttles } from './0011-throttles.ts';
import { secondFactor } from './0012-second-factor.ts';
import { sealing } from './0013-sealing.ts';
import type { Migration } from './migration.ts';

export type { Migration } from './migration.ts';

/** Landed before migrations had an effect. Programs before each of them survive it. */
const LANDED = [init, durable, outbound, access, secrets, activity, samples];

export const migrations: readonly Migration[] = [
  ...LANDED.map((migration) => ({ ...migration, effect: 'expand' as const })),
  versions,
  versionsRepair,
  secretHosts,
  auditAndSessions,
  throttles,
  secondFactor,
  sealing,
];
