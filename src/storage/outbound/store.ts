// The outbound part of the storage port, put together.

import type { Sequelize } from 'sequelize';
import type { OutboundStore } from '../../engine/outbound-ports.ts';
import type { Database } from '../database.ts';
import { attemptStore } from './attempts.ts';
import { deliveryStore } from './deliveries.ts';
import { endpointStore } from './endpoints.ts';
import { eventTypeStore } from './event-types.ts';
import { messageStore } from './messages.ts';
import { type Leases, queueStore } from './queue.ts';

/** `sequelize` is the reader's. */
export function outboundStore(sequelize: Sequelize, database: Database, leases: Leases): OutboundStore {
  return {
    endpoints: endpointStore(sequelize, database),
    eventTypes: eventTypeStore(database),
    messages: messageStore(sequelize, database),
    deliveries: deliveryStore(sequelize, database),
    attempts: attemptStore(database),
    queue: queueStore(sequelize, database, leases),
  };
}
