// The pinned sample of a workflow: a request that its designer keeps to build by.

import { z } from 'zod';
import { pathsOf } from '../../engine/capture.ts';
import type { Sample, SampleStore } from '../../engine/ports.ts';
import { toStoredRequest } from '../../engine/stored-request.ts';
import { HooklineError } from '../../errors.ts';
import { defineRoute, type Route } from '../route.ts';
import { type CaptureView, captureView } from './designer-views.ts';
import { toCaptureView } from './listen.ts';
import { requestView, unreadableView, workflowParams } from './views.ts';

const tag = 'Samples';
/** Of the whole request as JSON. */
const MAX_SAMPLE_BYTES = 1024 * 1024;

const sampleView = z.strictObject({ sample: captureView.nullable(), unreadable: unreadableView });

function show(sample: Sample | undefined): { sample: CaptureView | null; unreadable?: string } {
  if (sample?.unreadable !== undefined) return { sample: null, unreadable: sample.unreadable };
  return { sample: sample ? toCaptureView({ ...sample, outcome: null, paths: pathsOf(sample.request) }) : null };
}

/** @throws HooklineError `payload_too_large`, `workflow_not_found` */
async function pin(samples: SampleStore, workflowId: string, { at, request: given }: Sample): Promise<Sample> {
  const headers = Object.fromEntries(Object.entries(given.headers).map(([name, value]) => [name.toLowerCase(), value]));
  const sample = { at, request: toStoredRequest({ ...given, headers }, given.body) };
  if (Buffer.byteLength(JSON.stringify(sample.request)) > MAX_SAMPLE_BYTES) {
    throw new HooklineError('payload_too_large', `A sample has at most ${MAX_SAMPLE_BYTES} bytes.`, {
      details: { maxBytes: MAX_SAMPLE_BYTES },
    });
  }
  await samples.set(workflowId, sample);
  return sample;
}

const getSample = defineRoute({
  method: 'GET',
  path: '/api/workflows/{id}/sample',
  name: 'getSample',
  permission: 'executions:read',
  summary: 'Reads the pinned sample of a workflow',
  tag,
  params: workflowParams,
  response: sampleView,
  errors: ['workflow_not_found'],
  async handle({ params }, { workflows, samples }) {
    await workflows.get(params.id);
    return show(await samples.get(params.id));
  },
});

const pinSample = defineRoute({
  method: 'POST',
  path: '/api/workflows/{id}/sample',
  name: 'pinSample',
  permission: 'workflows:write',
  summary: 'Pins a request as the sample of a workflow',
  description:
    'Either a request itself or that of one of its executions (which needs `executions:read`). Secret headers are redacted; at most 1 MiB.',
  tag,
  params: workflowParams,
  body: z.union([
    z.strictObject({ request: requestView }),
    z.strictObject({ executionId: z.string().min(1).max(100).meta({ description: 'An execution of this workflow.' }) }),
  ]),
  response: sampleView,
  errors: ['workflow_not_found', 'execution_not_found', 'forbidden', 'conflict', 'payload_too_large'],
  async handle({ params: { id }, body }, { workflows, executions, samples, actor }) {
    await workflows.get(id);
    if ('request' in body) return show(await pin(samples, id, { at: Date.now(), request: body.request }));
    if (actor?.permissions.has('executions:read') !== true) {
      throw new HooklineError('forbidden', 'To pin the request of an execution you have to be allowed to read executions.');
    }
    const execution = await executions.get(body.executionId);
    if (execution?.workflowId !== id) {
      throw new HooklineError('execution_not_found', `The workflow has no execution ${body.executionId}.`);
    }
    if (execution.request === null) throw new HooklineError('conflict', 'The execution did not come from an HTTP request.');
    return show(await pin(samples, id, { at: execution.createdAt, request: execution.request }));
  },
});

const unpinSample = defineRoute({
  method: 'DELETE',
  path: '/api/workflows/{id}/sample',
  name: 'unpinSample',
  permission: 'workflows:write',
  summary: 'Removes the pinned sample of a workflow',
  tag,
  params: workflowParams,
  response: z.undefined(),
  status: 204,
  errors: ['workflow_not_found'],
  async handle({ params }, { workflows, samples }) {
    await workflows.get(params.id);
    await samples.delete(params.id);
    return undefined;
  },
});

export const sampleRoutes: readonly Route[] = [getSample, pinSample, unpinSample];
