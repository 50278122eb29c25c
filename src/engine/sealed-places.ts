// Pure: the place of every encrypted value, as table, row and field. The place is authenticated with the value, so that a value
// copied to another row or field of the database cannot be decrypted there.

import type { SecretBox } from './ports.ts';

/** Encrypts and decrypts the fields of one row. */
export interface FieldBox {
  /** @param field path of the field in its row */
  sealField(text: string, field: string): string;
  /** @throws HooklineError `invalid_configuration` when no configured key decrypts it at this place */
  openField(sealed: string, field: string): string;
}

/** @param row table and key of a row, from one of the functions below */
export function fieldsOf(box: Pick<SecretBox, 'seal' | 'open'>, row: string): FieldBox {
  return {
    sealField: (text, field) => box.seal(text, `${row}/${field}`),
    openField: (sealed, field) => box.open(sealed, `${row}/${field}`),
  };
}

/** The value of a named secret. */
export function secretPlace(name: string): string {
  return `secrets/${name}/sealed_value`;
}

/** The documents of a workflow: a revision keeps its values when it becomes another one, so its number is no part of the place. */
export function workflowRow(workflowId: string): string {
  return `revisions/${workflowId}`;
}

/** The configuration of an endpoint. */
export function endpointConfigRow(endpointId: string): string {
  return `endpoints/${endpointId}/config`;
}

/** The signing keys of an endpoint. */
export function endpointSecretsPlace(endpointId: string): string {
  return `endpoints/${endpointId}/sealed_secrets`;
}

/** The secret of a user's authenticator app. */
export function totpPlace(userId: string): string {
  return `users/${userId}/totp_secret`;
}

/** The content of a message that holds named secrets. */
export function messagePlace(messageId: string): string {
  return `messages/${messageId}/sealed`;
}

/** The parts of an execution: `CONTEXT_FIELD`, `jobField` and `signalField`. */
export function executionRow(executionId: string): string {
  return `executions/${executionId}`;
}

/** The context of an execution without a request. */
export const CONTEXT_FIELD = 'context';

/** The results of a job. */
export function jobField(jobPath: string): string {
  return `jobs/${jobPath}`;
}

/** A value that a waiting job is resumed with. */
export function signalField(jobPath: string): string {
  return `signals/${jobPath}`;
}
