// The stream of what changes, so that a page shows the present without asking again and again.

import { setTimeout as sleep } from 'node:timers/promises';
import type { Actor, Permission } from '../../access/model.ts';
import { ChangeSet, type Changes } from '../../engine/changes.ts';
import type { ChangedIds } from '../../engine/ports.ts';
import { defineRoute, EventStream, type Route } from '../route.ts';
import { type ChangeEvent, changeEvents } from './designer-views.ts';

/** At most four messages a second. */
const MESSAGE_MS = 250;

const streamEvents = defineRoute({
  method: 'GET',
  path: '/api/events',
  name: 'streamEvents',
  permission: 'any',
  summary: 'Tells what changes, as server-sent events',
  description:
    'At most four messages a second; what changes in between is told together. Only what the caller may read is told, and `notices` only to the user whom they are for. A comment comes every 15 seconds. Nothing is repeated after a lost connection: read again what is shown.',
  tag: 'Live',
  isStream: true,
  // Ids alone, many times a second.
  isSentAsItIs: true,
  response: changeEvents,
  errors: ['too_many_requests', 'shutting_down'],
  handle: (_, { changes, actor }) => new EventStream((signal) => tellChanges(changes, actor, signal)),
});

async function* tellChanges(
  changes: Pick<Changes, 'subscribe'>,
  actor: Actor | null,
  signal: AbortSignal,
): AsyncGenerator<ChangeEvent> {
  const pending = new ChangeSet();
  let wake = (): void => {};
  signal.addEventListener('abort', () => wake(), { once: true });
  const unsubscribe = changes.subscribe((changed) => {
    pending.addAll(readable(changed, actor));
    wake();
  });
  try {
    while (!signal.aborted) {
      if (pending.isEmpty) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      for (const event of toEvents(pending.take())) {
        yield event;
        await pause(signal);
      }
    }
  } finally {
    unsubscribe();
  }
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await sleep(MESSAGE_MS, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function readable(changed: ChangedIds, actor: Actor | null): ChangedIds {
  const { executions, executionWorkflows, workflows, endpoints, deliveries, notices } = changed;
  const permissions = actor?.permissions ?? new Set<Permission>();
  // Null: of too many users to name.
  const hasNotices = actor?.kind === 'user' && (notices === null || notices?.includes(actor.id) === true);
  return {
    ...(permissions.has('executions:read') ? pick({ executions, executionWorkflows }) : {}),
    ...(permissions.has('workflows:read') ? pick({ workflows }) : {}),
    ...(permissions.has('outbound:read') ? pick({ endpoints, deliveries }) : {}),
    ...(hasNotices ? { notices: [actor.id] } : {}),
  };
}

function pick(kinds: { readonly [Kind in keyof ChangedIds]: ChangedIds[Kind] | undefined }): ChangedIds {
  return Object.fromEntries(Object.entries(kinds).filter(([, ids]) => ids !== undefined));
}

function toEvents({ executions, executionWorkflows, workflows, endpoints, deliveries, notices }: ChangedIds): ChangeEvent[] {
  const events: ChangeEvent[] = [];
  if (executions !== undefined) {
    events.push({ event: 'executions', data: { workflowIds: list(executionWorkflows), executionIds: list(executions) } });
  }
  if (workflows !== undefined) events.push({ event: 'workflows', data: { workflowIds: list(workflows) } });
  if (endpoints !== undefined) events.push({ event: 'endpoints', data: { endpointIds: list(endpoints) } });
  if (deliveries !== undefined) events.push({ event: 'deliveries', data: { endpointIds: list(deliveries) } });
  if (notices !== undefined) events.push({ event: 'notices', data: {} });
  return events;
}

function list(ids: readonly string[] | null | undefined): string[] | null {
  return ids ? [...ids] : null;
}

export const eventRoutes: readonly Route[] = [streamEvents];
