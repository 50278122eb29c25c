// Every migration, oldest first. A list and not a folder scan, so that it is the same from source, built and packed.

import type { QueryInterface } from 'sequelize';
import type { RunnableMigration } from 'umzug';
import { init } from './0001-init.ts';
import { durable } from './0002-durable.ts';
import { outbound } from './0003-outbound.ts';
import { access } from './0004-access.ts';
import { secrets } from './0005-secrets.ts';
import { activity } from './0006-activity.ts';
import { samples } from './0007-samples.ts';
import { throttles } from './0011-throttles.ts';
import { secondFactor } from './0012-second-factor.ts';

export const migrations: readonly RunnableMigration<QueryInterface>[] = [
  init,
  durable,
  outbound,
  access,
  secrets,
  activity,
  samples,
  throttles,
  secondFactor,
];
