// Pinned sample requests of workflows in the database, and captured calls on their way from one process to another.

import { Op } from 'sequelize';
import type { Capture, StoredRequest } from '../engine/model.ts';
import type { CaptureStore, SampleStore } from '../engine/ports.ts';
import { HooklineError } from '../errors.ts';
import { type Database, isSearchable } from './database.ts';
import { isNumber, isObject, isText, isTexts, objectOf } from './row-reader.ts';
import { withStorageErrors } from './storage-error.ts';

const NO_REQUEST: StoredRequest = { method: 'POST', url: '/', headers: {}, body: '', address: '' };
const isRequest = objectOf({ method: isText, url: isText, headers: isTexts, body: isText, address: isText });
const isCapture = objectOf({ at: isNumber, request: isRequest, outcome: isObject, paths: isObject });

/** The samples part of the storage port. */
export function sampleStore({ read, write, rows: reader }: Database): SampleStore {
  return {
    get: (workflowId) =>
      withStorageErrors(async () => {
        const row = isSearchable(workflowId) ? (await read.samples.findByPk(workflowId))?.get() : undefined;
        if (row === undefined) return undefined;
        return reader.read('samples', workflowId, (fields) => ({
          at: fields.time('created_at', row.createdAt),
          request: fields.json<StoredRequest>('request', row.request, NO_REQUEST, isRequest),
        }));
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
export function captureStore({ read, write, rows: reader }: Database): CaptureStore {
  return {
    add: (id, workflowId, capture) =>
      write(async ({ captures }) => {
        await captures.create({ id, workflowId, capture: JSON.stringify(capture), createdAt: capture.at });
      }),
    get: (id) =>
      withStorageErrors(async () => {
        const row = isSearchable(id) ? (await read.captures.findByPk(id))?.get() : undefined;
        if (row === undefined) return undefined;
        // One that a newer version has written in another form is as if it had not been caught.
        return reader.read('captures', id, (fields) => ({
          capture: fields.json<Capture | undefined>('capture', row.capture, undefined, isCapture),
        })).capture;
      }),
    deleteBefore: (time) =>
      write(async ({ captures }) => {
        await captures.destroy({ where: { createdAt: { [Op.lt]: time } } });
      }),
  };
}
