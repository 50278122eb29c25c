// Delivers what is due: leases endpoints, gives each a worker, and sees to it that none holds up another.

import type { Endpoint } from '../../engine/outbound-model.ts';
import type { EventSink, OutboundStore } from '../../engine/outbound-ports.ts';
import type { Log } from '../../engine/plugin.ts';
import type { Bus, ExecutionStore } from '../../engine/ports.ts';
import type { OpenEndpoint } from '../open-endpoint.ts';
import type { AttemptResult, Sender } from './attempt.ts';

export interface DispatcherOptions {
  readonly store: OutboundStore;
  readonly commit: ExecutionStore['commit'];
  readonly sender: Sender;
  /** @throws HooklineError when its secrets cannot be opened; the endpoint is then left alone and logged */
  open(endpoint: Endpoint): OpenEndpoint;
  readonly events: EventSink;
  readonly bus: Bus;
  readonly log: Log;
  /** Milliseconds since 1970. */
  now(): number;
  /** From 0 to 1, for jitter. Default Math.random. */
  random?(): number;
  /** Requests at once, of all endpoints. Default 512. Slow and failing endpoints share at most half of them. */
  readonly maxRequests?: number;
  /** How often the database is asked for endpoints with something due, in milliseconds. Default 1000. */
  readonly pollMs?: number;
  /** Executions that wait for a message were put into the queue. */
  onSignaled(): void;
  /** Told of each attempt when it is committed. */
  onAttempt?(result: AttemptResult): void;
}

export interface Dispatcher {
  start(): void;
  /** Sends nothing more, waits for what is under way at most `graceMs`, then gives its leases back. */
  stop(graceMs: number): Promise<void>;
  /** Deliveries of these endpoints were committed; none named: of some. */
  notify(endpointIds: readonly string[]): void;
  stats(): { readonly sending: number; readonly endpoints: number };
}
