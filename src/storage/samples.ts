// Pinned sample requests of workflows in the database, and captured calls on their way from one process to another.

import { Op } from 'sequelize';
import type { Capture, StoredRequest } from '../engine/model.ts';
import type { CaptureStore, SampleStore } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { type Database, isSearchable, parseStored } from './database.ts';
import { withStorageErrors } from './storage-error.ts';

/** The samples part of the storage port. */
export function sampleStore({ read, write }: Database): SampleStore {
  return {
    get: (workflowId) =>
      withStorageErrors(async () => {
        const row = isSearchable(workflowId) ? (await read.samples.findByPk(workflowId))?.get() : undefined;
        return row && { at: Number(row.createdAt), request: parseStored<StoredRequest>(row.request) };
      }),
    set: (workflowId, { at, request }) =>
      write(async ({ workflows, samples }) => {
        // In the transaction that would wait for a deletion: no sample outlives its workflow.
        const workflow = isSearchable(workflowId) ? await workflows.findByPk(workflowId, { lock: true }) : null;
        if (!workflow) throw new HooklineError('workflow_not_found', `There is no workflow ${workflowId}.`);
        await samples.upsert({ workflowId, request: JSON.stringify(request), createdAt: at });
      }),
    delete: (workflowId) =>
      write(async ({ samples }) => {
        if (isSearchable(workflowId)) await samples.destroy({ where: { workflowId } });
      }),
  };
}

/** The captures part of the storage port. */
export function captureStore({ read, write }: Database): CaptureStore {
  return {
    add: (id, workflowId, capture) =>
      write(async ({ captures }) => {
        await captures.create({ id, workflowId, capture: JSON.stringify(capture), createdAt: capture.at });
      }),
    get: (id) =>
      withStorageErrors(async () => {
        const row = isSearchable(id) ? (await read.captures.findByPk(id))?.get() : undefined;
        return row && parseStored<Capture>(row.capture);
      }),
    deleteBefore: (time) =>
      write(async ({ captures }) => {
        await captures.destroy({ where: { createdAt: { [Op.lt]: time } } });
      }),
  };
}
