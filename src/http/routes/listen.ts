// The next calls of a workflow, as they come: what a designer picks variables from, and sees why a caller is refused by.

import type { z } from 'zod';
import type { Captures } from '../../engine/captures.ts';
import type { Capture } from '../../engine/model.ts';
import { defineRoute, EventStream, type Route, type StreamEvent } from '../route.ts';
import { StreamQueue } from '../stream-queue.ts';
import { type CaptureView, listenEvents } from './designer-views.ts';
import { toTime, workflowParams } from './views.ts';

const LISTEN_MS = 10 * 60_000;
/** Calls that wait for a slow reader. */
const MAX_WAITING = 20;

const listenForCalls = defineRoute({
  method: 'GET',
  path: '/api/workflows/{id}/listen',
  name: 'listenForCalls',
  permission: 'executions:read',
  summary: 'Shows the next calls of a workflow as they come, as server-sent events',
  description:
    'Begins with `listening`; each call, test call and manual run is then a `request`, also of a disabled workflow, and also when it is refused; at most 20 a second. Secret headers are redacted, bodies are cut at 256 KiB. Ends after ten minutes.',
  tag: 'Live',
  isStream: true,
  params: workflowParams,
  response: listenEvents,
  errors: ['workflow_not_found', 'too_many_requests', 'shutting_down'],
  async handle({ params }, { workflows, captures }) {
    await workflows.get(params.id);
    return new EventStream((signal) => listen(params.id, captures, signal));
  },
});

async function* listen(
  workflowId: string,
  captures: Pick<Captures, 'listen'>,
  reader: AbortSignal,
): AsyncGenerator<StreamEvent & z.input<typeof listenEvents>> {
  const signal = AbortSignal.any([reader, AbortSignal.timeout(LISTEN_MS)]);
  const queue = new StreamQueue<Capture>(signal, MAX_WAITING);
  const unsubscribe = captures.listen(workflowId, (capture) => queue.push(capture));
  try {
    yield { event: 'listening', data: { until: toTime(Date.now() + LISTEN_MS) } };
    for (let capture = await queue.next(); capture; capture = await queue.next()) {
      yield { event: 'request', data: toCaptureView(capture) };
    }
  } finally {
    unsubscribe();
  }
}

export function toCaptureView({ at, ...capture }: Omit<Capture, 'outcome'> & { outcome: CaptureView['outcome'] }): CaptureView {
  return { at: toTime(at), ...capture };
}

export const listenRoutes: readonly Route[] = [listenForCalls];
